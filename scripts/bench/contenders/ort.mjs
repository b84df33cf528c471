// ONNX Runtime as a contender, native (onnxruntime-node) or in WebAssembly and WebGPU (onnxruntime-web).

import { images } from "./images.mjs";

/** `entry`: URL of the library; `file`: the model, as path or URL; `provider`: "cpu", "wasm" or "webgpu". */
export async function open({ entry, file, provider, batch, threads, wasmPaths }, mark) {
  const x = images(batch);
  mark();
  const library = await import(entry);
  const ort = library.default ?? library;
  mark("import");
  if (provider !== "cpu") {
    ort.env.wasm.numThreads = threads;
    if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths;
  }
  const session = await ort.InferenceSession.create(file, {
    executionProviders: [provider],
    ...sessionOptions(threads),
  });
  // it takes one without a word where it cannot have more
  const taken = provider === "wasm" ? ort.env.wasm.numThreads : threads;
  if (taken !== threads) throw new Error(`it takes ${taken} of ${threads} threads here`);
  mark("load");
  return {
    async work() {
      const { last_hidden_state: output } = await session.run({
        pixel_values: new ort.Tensor("float32", x.data, x.shape),
      });
      return output.getData();
    },
  };
}

/** ONNX Runtime's fastest settings, here and in transformers.js. */
export const sessionOptions = (threads) => ({
  graphOptimizationLevel: "all",
  executionMode: "sequential",
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});
