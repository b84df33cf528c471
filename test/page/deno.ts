/** In Deno: runs cases of the op table and a tiny model on WebGPU, which there is wgpu with the WGSL compiler naga; prints JSON. */

import { argv } from "node:process";
import { getModel, tensor } from "../../sdk/browser.js";
import { uniform } from "../ops.cases.js";
import { tiny } from "../tiny.js";
import { runOps } from "./ops.js";

const draw = uniform(11);
const images = tensor(
  new Float32Array(2 * 3 * 56 * 56).map(() => 2 * draw()),
  [2, 3, 56, 56],
);
const model = await getModel(tiny, { weights: "procedural", device: "webgpu" });
const [feat] = await model.extractFeat(images);
const { loss } = await model.forward(images, { mode: "loss", mask: { seed: 3 } });
console.log(
  JSON.stringify({
    device: model.device,
    images: [...images.data],
    feat: [...feat.data],
    loss,
    ran: await runOps("webgpu", JSON.parse(argv[2])),
  }),
);
