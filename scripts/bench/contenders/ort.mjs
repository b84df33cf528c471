// ONNX Runtime as a contender, native (onnxruntime-node) or in WebAssembly and WebGPU (onnxruntime-web).

import { images } from "./images.mjs";

/** `entry`: URL of the library; `file`: the model, as path or URL; `provider`: "cpu", "wasm" or "webgpu". */
export async function open({ entry, file, provider, batch, threads, wasmPaths }) {
  const library = await import(entry);
  const ort = library.default ?? library;
  if (provider !== "cpu") {
    ort.env.wasm.numThreads = threads;
    if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths;
  }
  const session = await ort.InferenceSession.create(file, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  // it takes one without a word where it cannot have more
  const taken = provider === "wasm" ? ort.env.wasm.numThreads : threads;
  if (taken !== threads) throw new Error(`it takes ${taken} of ${threads} threads here`);
  const x = images(batch);
  const infer = async () => {
    const { last_hidden_state: output } = await session.run({
      pixel_values: new ort.Tensor("float32", x.data, x.shape),
    });
    return output.getData();
  };
  return {
    about: () => ({ version: ort.env.versions.common }),
    async run() {
      const start = performance.now();
      await infer();
      return performance.now() - start;
    },
    output: infer,
  };
}
