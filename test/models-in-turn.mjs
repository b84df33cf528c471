// Makes and disposes models on WebGPU, one after the other; prints the megabytes that are resident after each. For test/webgpu.test.ts.
import { getModel } from "../dist/node.js";

const config = {
  kind: "backbone",
  imageSize: 32,
  patchSize: 8,
  embedDims: 48,
  numLayers: 1,
  numHeads: 4,
  feedforwardChannels: 96,
  resizeEdge: 36,
};
const megabytes = [];
for (let i = 0; i < Number(process.argv[2]); i++) {
  (await getModel(config, { weights: "init:0", device: "webgpu", selfTest: "off" })).dispose();
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  megabytes.push(Math.round(process.memoryUsage().rss / 1e6));
}
console.log(JSON.stringify(megabytes));
