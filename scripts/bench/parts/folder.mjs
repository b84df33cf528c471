// A folder of photographs: preparing them alone, the device alone, and both side by side through the public API.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, root } from "../inside.mjs";
import { median, takeTurns } from "../measure.mjs";
import { table } from "../table.mjs";

const COUNT = 200;
const BATCH = 8;
const MODEL = "maskfeat_vit-tiny-p16";

/** The sizes that folders are of: of the web, and of a camera (of the latter fewer, their decoding is what takes time). */
const sizes = [
  { width: 640, height: 480, count: COUNT },
  { width: 4000, height: 3000, count: 40 },
];

/** Paths of `count` JPEGs of this size: the samples enlarged, with grain, so that they decode as slowly as a camera's. Made once. */
async function photographs({ width, height, count }) {
  const samples = join(root, "sdk/demo/samples");
  const folder = join(cache, `folder-${width}x${height}-${count}`);
  if (!existsSync(folder)) {
    const { default: sharp } = await import("sharp");
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    const names = readdirSync(samples).filter((name) => name.endsWith(".jpg"));
    const noise = { type: "gaussian", mean: 128, sigma: 8 };
    for (let i = 0; i < count; i++) {
      const grain = await sharp({ create: { width, height, channels: 3, noise } })
        .png()
        .toBuffer();
      await sharp(join(samples, names[i % names.length]))
        .resize({ width, height, fit: "fill" })
        .composite([{ input: grain, blend: "soft-light" }])
        .jpeg({ quality: 90 })
        .toFile(join(unfinished, `${String(i).padStart(3, "0")}.jpg`));
    }
    if (existsSync(folder)) rmSync(unfinished, { recursive: true });
    else renameSync(unfinished, folder);
  }
  return readdirSync(folder).map((name) => join(folder, name));
}

/** The contender, in a process of its own: `{ entry, paths }` and which of the three `works` it is. */
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
  return {
    /** Milliseconds of all images. */
    async run() {
      const start = performance.now();
      await works[work]();
      return performance.now() - start;
    },
  };
}

/**
 * Rows `{ name, work, medianMs, perImageMs, ratio }`, of "together" with the ratio to the slower side of the same round, which is to be at
 * most 1.15 on two cores.
 */
export async function folderRows({ host, rounds = 3 }) {
  const rows = [];
  for (const size of sizes) {
    const paths = await photographs(size);
    const names = ["data", "device", "together"];
    const contenders = [];
    for (const work of names) {
      const { call, close } = await host.start(import.meta.url, { entry: host.entry, paths, work });
      contenders.push({ run: () => call("run"), close });
    }
    const times = await takeTurns(contenders, { rounds });
    for (const { close } of contenders) close();
    const ratio = median(times[2].map((ms, round) => ms / Math.max(times[0][round], times[1][round])));
    names.forEach((work, i) => {
      const medianMs = median(times[i]);
      const name = `${size.count} JPEGs of ${size.width} x ${size.height}`;
      const perImageMs = medianMs / size.count;
      rows.push({ name, work, medianMs, perImageMs, ratio: work === "together" ? ratio : undefined });
    });
  }
  return rows;
}

export const folderTable = (rows) =>
  table(rows, {
    folder: (row) => row.name,
    work: (row) => row.work,
    "ms an image": (row) => row.perImageMs,
    "time to the slower side": (row) => row.ratio,
  });
