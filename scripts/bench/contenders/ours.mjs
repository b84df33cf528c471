// This package as a contender: `extractFeat` of a batch by a model that stays loaded.

import { timeEncoding } from "./encoding.mjs";
import { images, models } from "./images.mjs";

/** The longest that `call` kept the event loop from its next turn, in milliseconds. */
async function longestTurn(call) {
  const later = globalThis.setImmediate ?? setTimeout;
  let [last, longest, busy] = [performance.now(), 0, true];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (busy) later(turn);
  };
  later(turn);
  await call();
  busy = false;
  turn();
  return longest;
}

/** `entry`: URL of the built package; `options`: those of `getModel` (see ../variants.mjs). */
export async function open({ entry, model: key, batch, options, weights = "procedural" }, mark) {
  const x = images(batch);
  const { name } = models[key];
  const encodings = options.device === "webgpu" ? await timeEncoding() : [];
  mark();
  const { getModel, modelInfo } = await import(entry);
  mark("import");
  let phase = "device";
  const onProgress = (progress) => {
    // the first parameter is the class token, of a few hundred numbers: until then a device was opened and tested
    if (phase === "device" && progress.phase === "load") mark("device");
    if (phase === "load" && progress.phase === "compile") mark("load");
    if (progress.phase === "ready") mark("compile");
    phase = progress.phase === "open" ? phase : progress.phase;
  };
  const model = await getModel(name, { weights, onProgress, ...options });
  return {
    /** `model.device`, and the FLOPs of a call. */
    about: () => ({ ...model.device, flops: 2 * batch * modelInfo(name).macs }),
    async work() {
      const [{ data }] = await model.extractFeat(x);
      return data;
    },
    /** Ops of one image, and what a call costs beside them; asked for once the times are taken. */
    async details() {
      const encodeMs = encodings.sort((a, b) => a - b)[encodings.length >> 1];
      const longestTurnMs = await longestTurn(() => model.extractFeat(x));
      const profile = await model.profile({ data: x.data.subarray(0, 3 * 224 * 224), shape: [1, 3, 224, 224] });
      const { peak, allocated } = model.memory();
      const dispatches = profile.reduce((sum, op) => sum + op.dispatches, 0);
      return { dispatches, encodeMs, longestTurnMs, peakBytes: peak, allocatedBytes: allocated, profile };
    },
  };
}
