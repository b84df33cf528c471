// Runs the reference loop of ../peak.mjs on one thread.

const ROUNDS = 5_000_000;

/** `bytes` of the compiled loop. */
export async function open({ bytes, chains }) {
  const binary = Uint8Array.from(bytes);
  const runs = WebAssembly.validate(binary);
  const instance = runs && (await WebAssembly.instantiate(binary)).instance;
  return {
    /** Whether the engine knows the loop's instructions. */
    runs: () => runs,
    flops: () => ROUNDS * chains * 4 * 2,
    run() {
      const start = performance.now();
      instance.exports.loop(ROUNDS, 1024, 0.5, 0.25);
      return performance.now() - start;
    },
  };
}
