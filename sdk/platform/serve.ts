/** The program of a thread of the WASM device. As text it needs no file of its own, which bundlers would have to find. */

/** `serve(start, started)`: instantiates the module over its shared memory and works for ever; `start` is a `ThreadStart` with `index`. */
export const SERVE = `
function serve({ module, memory, control, dead, count, index }, started) {
  try {
    const abort = () => { throw new Error("WASM kernel aborted"); };
    const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
    started();
    exports.serve(control, index, count);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), dead / 4, 1);
    throw error;
  }
}
`;
