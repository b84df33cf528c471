/** Every op at the shapes that it has in ViT-B/16 on one image, one by one on a device. Bundled by ../inside.mjs, as it needs what is private. */

import { callOf, compiled, planOf } from "../../../conformance/calls.js";
import { ops } from "../../../conformance/reference.js";
import { type Shape, size } from "../../../gpu/graph/op.js";
import { flopsOf, Profiler } from "../../../gpu/profile.js";
import { type DeviceOptions, openDevice } from "../../../sdk/device/open.js";
import type { Platform } from "../../../sdk/model/platform.js";

/** Each op's case of the suite that is for the benchmark. */
const cases = ops.flatMap(([op, { cases }]) =>
  cases.filter((c) => c.bench).map((c) => ({ ...c, op, name: c.bench === true ? op : `${op} ${c.bench}` })),
);

/** What one time is taken of: as many calls as take about this long. */
const SAMPLE_MS = 5;

const numbers = (shape: Shape) => Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i % 7919));

/** Opens the device of `options`. */
export async function openOps(platform: Platform, { options }: { readonly options: DeviceOptions }) {
  const { device, info } = await openDevice(platform, options);
  let made: Awaited<ReturnType<typeof compiled>>;
  let calls = 1;

  /** Milliseconds of one call, by the device's own clock where it has one, without reading the result. */
  async function once(): Promise<number> {
    const profiler = new Profiler();
    await made.program.run({ profiler });
    return profiler.table()[0].ms;
  }

  return {
    about: () => info,
    ops: () => cases.map(({ name }) => name),
    /** Puts an op's inputs on the device; gives the FLOPs of a call. */
    async prepare(wanted: string): Promise<number> {
      made?.destroy();
      const { op, shapes, attrs } = cases.find(({ name }) => name === wanted) as (typeof cases)[number];
      const call = callOf(op, shapes, attrs as never);
      made = await compiled(device, planOf(call), ({ shape }) => numbers(shape));
      await once();
      calls = Math.min(100, Math.ceil(SAMPLE_MS / Math.max(0.01, await once())));
      return flopsOf(call);
    },
    /** Milliseconds of one call: the mean of some that follow each other. */
    async run(): Promise<number> {
      let ms = 0;
      for (let i = 0; i < calls; i++) ms += await once();
      return ms / calls;
    },
  };
}
