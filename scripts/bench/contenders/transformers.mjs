// transformers.js as a contender: `AutoModel` from a local folder. It computes by onnxruntime-node in Node, in browsers by a version of
// onnxruntime-web of its own.

import { images } from "./images.mjs";
import { sessionOptions } from "./ort.mjs";

/** `folder` holds a folder `model` for each model, in the layout of Hugging Face's hub. */
export async function open({ entry, folder, model: key, batch, threads, device, wasmPaths }) {
  const { AutoModel, Tensor, env } = await import(entry);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  if (wasmPaths) Object.assign(env.backends.onnx.wasm, { numThreads: threads, wasmPaths });
  env.localModelPath = folder;
  const options = { dtype: "fp32", device, local_files_only: true, session_options: sessionOptions(threads) };
  const model = await AutoModel.from_pretrained(key, options);
  const x = images(batch);
  return {
    async work() {
      const { last_hidden_state: output } = await model({ pixel_values: new Tensor("float32", x.data, x.shape) });
      return output.data;
    },
  };
}
