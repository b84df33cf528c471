// A folder of photographs: only preparing them, only the device, and both side by side through the public API. The part, and its
// contender.

import { median, takeTurns } from "../measure.mjs";
import { photographs } from "../photo.mjs";
import { table } from "../table.mjs";

const BATCH = 8;
const MODEL = "maskfeat_vit-tiny-p16";

/** The sizes that folders are of: of the web, and of a camera (of the latter fewer, their decoding is what takes time). */
const sizes = [
  { width: 640, height: 480, count: 200 },
  { width: 4000, height: 3000, count: 40 },
];

/** The contender, in a process of its own: `{ entry, paths }` and which of the three works it is. */
export async function open({ entry, paths, work }) {
  const { decode, getModel, preprocess, transformOf } = await import(entry);
  const model = await getModel(MODEL, { weights: "procedural", device: "wasm", threads: 1 });
  const prepare = async (path) => preprocess(await decode(path), transformOf(model.config));
  const embed = async (images) => {
    for await (const _ of model.extractFeatStream(images, { batchSize: BATCH }));
  };
  const tensors = [];
  if (work === "device") for (const path of paths) tensors.push(await prepare(path));
  const works = {
    async data() {
      for (const path of paths) await prepare(path);
    },
    device: () => embed(tensors),
    together: () => embed(paths),
  };
  return { work: works[work] };
}

/**
 * Rows `{ name, work, medianMs, perImageMs, ratio }`, of "together" with the ratio to the slower side of the same round, which is to be at
 * most 1.15 on two cores.
 */
export async function folder({ host, rounds = 3 }) {
  const rows = [];
  for (const size of sizes) {
    const paths = await photographs(size);
    const works = ["data", "device", "together"];
    const contenders = [];
    for (const work of works) contenders.push(await host.start(import.meta.url, { entry: host.entry, paths, work }));
    const times = await takeTurns(contenders, { rounds });
    for (const { close } of contenders) await close();
    const ratio = median(times[2].map((ms, round) => ms / Math.max(times[0][round], times[1][round])));
    for (const [i, work] of works.entries()) {
      const medianMs = median(times[i]);
      const name = `${size.count} JPEGs of ${size.width} x ${size.height}`;
      const perImageMs = medianMs / size.count;
      rows.push({ name, work, medianMs, perImageMs, ratio: work === "together" ? ratio : undefined });
    }
  }
  const columns = { folder: "name", work: "work", "ms an image": "perImageMs", "time to the slower side": "ratio" };
  return { rows, text: table(rows, columns) };
}
