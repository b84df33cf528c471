// Runs the reference loop of ../peak.mjs on one thread.

const ROUNDS = 5_000_000;

/** `bytes` of the compiled loop. @throws if the engine does not know the loop's instructions */
export async function open({ bytes, chains }) {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(bytes));
  return {
    flops: () => ROUNDS * chains * 4 * 2,
    work: () => instance.exports.loop(ROUNDS, 1024, 0.5, 0.25),
  };
}
