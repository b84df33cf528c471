/** Every op at the shapes that it has in ViT-B/16 on one image, alone on a device. Bundled by ../inside.mjs, as it needs what is private. */

import { callOf } from "../../../conformance/ops.js";
import type { Program } from "../../../gpu/device.js";
import { type OpAttrs, type OpName, ops, type Shape, size } from "../../../gpu/graph/ops.js";
import { plan } from "../../../gpu/graph/plan.js";
import type { Value } from "../../../gpu/graph/tape.js";
import { Profiler } from "../../../gpu/profile.js";
import { type DeviceOptions, openDevice } from "../../../sdk/device/open.js";
import { paramUses } from "../../../sdk/model/parameters.js";
import type { Platform } from "../../../sdk/model/platform.js";

const [N, L, C, F, heads] = [196, 197, 768, 3072, 12];

/** An op without a case does not compile. */
const cases: { readonly [K in OpName]: { readonly shapes: readonly Shape[]; readonly attrs: OpAttrs[K] } } = {
  patches: { shapes: [[1, 3, 224, 224]], attrs: { patch: 16 } },
  linear: { shapes: [[1, L, C], [3 * C, C], [3 * C]], attrs: {} },
  linearGelu: { shapes: [[1, L, C], [F, C], [F]], attrs: {} },
  linearAdd: { shapes: [[1, L, F], [C, F], [C], [1, L, C]], attrs: {} },
  gelu: { shapes: [[1, L, F]], attrs: {} },
  add: {
    shapes: [
      [1, L, C],
      [1, L, C],
    ],
    attrs: {},
  },
  layerNorm: { shapes: [[1, L, C], [C], [C]], attrs: { eps: 1e-6 } },
  attention: { shapes: [[1, L, 3 * C]], attrs: { heads } },
  maskTokens: {
    shapes: [
      [1, N, C],
      [1, N],
      [1, 1, C],
    ],
    attrs: {},
  },
  tokens: {
    shapes: [
      [1, N, C],
      [1, 1, C],
      [1, L, C],
    ],
    attrs: {},
  },
  resizePos: { shapes: [[1, L, C]], attrs: { from: [14, 14], to: [24, 24] } },
  patchTokens: { shapes: [[1, L, C]], attrs: {} },
  classToken: { shapes: [[1, L, C]], attrs: {} },
  meanTokens: { shapes: [[1, L, C]], attrs: {} },
  featmap: { shapes: [[1, L, C]], attrs: { grid: [14, 14] } },
  maskedMse: {
    shapes: [
      [1, N, 108],
      [1, N, 108],
      [1, N],
    ],
    attrs: {},
  },
};

/** What one time is taken of: as many calls as take about this long. */
const SAMPLE_MS = 5;

const numbers = (shape: Shape) => Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i % 7919));

/** Opens the device of `options`. */
export async function openOps(platform: Platform, { options }: { readonly options: DeviceOptions }) {
  const { device, info } = await openDevice(platform, options);
  let program: Program;
  let calls = 1;
  let release = () => {};

  /** Milliseconds of one call, by the device's own clock where it has one, without reading the result. */
  async function once(): Promise<number> {
    const profiler = new Profiler();
    await program.run({ profiler });
    return profiler.table()[0].ms;
  }

  return {
    about: () => info,
    ops: () => Object.keys(cases),
    /** Puts an op's inputs on the device; gives the FLOPs of a call. */
    async prepare(op: OpName): Promise<number> {
      release();
      const { shapes, attrs } = cases[op];
      const call = callOf(op, shapes, attrs);
      const uses = paramUses([call]);
      const bound = new Map<Value, unknown>();
      for (const value of call.inputs) {
        bound.set(value, await device.param(value, numbers(value.shape), uses.get(value.name) ?? "plain"));
      }
      program = await device.compile(plan([call], [call.output]), bound);
      release = () => {
        program.destroy();
        for (const buffer of bound.values()) device.release(buffer);
      };
      await once();
      calls = Math.min(100, Math.ceil(SAMPLE_MS / Math.max(0.01, await once())));
      return 2 * ops[op].macs(shapes, call.output.shape);
    },
    /** Milliseconds of one call: the mean of some that follow each other. */
    async run(): Promise<number> {
      let ms = 0;
      for (let i = 0; i < calls; i++) ms += await once();
      return ms / calls;
    },
  };
}
