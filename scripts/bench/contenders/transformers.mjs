// transformers.js as a contender: `AutoModel` from a local folder. It computes by onnxruntime-node in Node, in browsers by a version of
// onnxruntime-web of its own.

import { images } from "./images.mjs";

/** `folder` holds a folder `model` for each model, in the layout of Hugging Face's hub. */
export async function open({ entry, folder, model: key, batch, threads, device, wasmPaths }) {
  const { AutoModel, Tensor, env } = await import(entry);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  if (wasmPaths) Object.assign(env.backends.onnx.wasm, { numThreads: threads, wasmPaths });
  env.localModelPath = folder;
  const session_options = {
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  };
  const model = await AutoModel.from_pretrained(key, {
    dtype: "fp32",
    device,
    local_files_only: true,
    session_options,
  });
  const x = images(batch);
  const infer = async () => {
    const { last_hidden_state: output } = await model({ pixel_values: new Tensor("float32", x.data, x.shape) });
    return output.data;
  };
  return {
    about: () => ({ version: env.version }),
    async run() {
      const start = performance.now();
      await infer();
      return performance.now() - start;
    },
    output: infer,
  };
}
