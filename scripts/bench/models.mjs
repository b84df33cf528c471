// Times models on the WASM device, with procedural weights: speed does not depend on their values.

import { measure } from "./measure.mjs";

/** Models, and how often each is run: a run of ViT-B takes a second or two. */
const models = {
  "maskfeat_vit-tiny-p16": { runs: 20, warmUps: 3 },
  "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k": { runs: 5, warmUps: 1 },
};

/** Rows `{ name, device, threads, medianMs, spread, gflops, allocatedMB }` of `extractFeat` on one image, and a table of the last model's ops. */
export async function modelRows({ getModel, modelInfo }, cores) {
  const rows = [];
  let profile = [];
  for (const [name, counts] of Object.entries(models)) {
    const x = { data: new Float32Array(3 * 224 * 224).map((_, i) => Math.sin(i)), shape: [1, 3, 224, 224] };
    for (const threads of new Set([1, cores])) {
      const model = await getModel(name, { weights: "procedural", threads });
      const row = await measure(`${name}, batch 1`, () => model.extractFeat(x), counts);
      const gflops = (2 * modelInfo(name).macs) / row.medianMs / 1e6;
      const allocatedMB = model.memory().allocated / 2 ** 20;
      rows.push({ ...row, device: model.device.kind, threads, gflops, allocatedMB });
      profile = await model.profile(x);
      model.dispose();
    }
  }
  return { rows, profile };
}
