/** The program of a thread of the WASM device. As text it needs no file of its own, which bundlers would have to find. */

/**
 * `serve(start, started)`: instantiates the module over its shared memory and works for ever; `start` is a `ThreadStart` with `index`.
 *
 * Growing by nothing makes the instance see the memory's present size: where the caller grows it just while the thread starts, V8 may miss
 * to tell the thread, whose `memory.fill` then traps (Node 20 and 24, 2026-11: 2 of 2,100 starts, none of 4,000 with this line).
 */
export const SERVE = `
function serve({ module, memory, control, dead, count, index }, started) {
  try {
    const abort = () => { throw new Error("WASM kernel aborted"); };
    const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
    memory.grow(0);
    started();
    exports.serve(control, index, count);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), dead / 4, 1);
    throw error;
  }
}
`;
