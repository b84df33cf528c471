// transformers.js as a contender: `AutoModel` from a local folder; in Node it computes by onnxruntime-node.

import { images } from "./images.mjs";

/** `folder` holds a folder `model` for each model, in the layout of Hugging Face's hub. */
export async function open({ entry, folder, model: key, batch, threads, device }) {
  const { AutoModel, Tensor, env } = await import(entry);
  env.allowRemoteModels = false;
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
