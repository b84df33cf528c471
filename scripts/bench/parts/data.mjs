// What happens to images before a model sees them, by this package, by the reference and by sharp where they are here: the part, and its
// contenders.

import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { referencePython, SYSTEM_PYTHON } from "../../reference.mjs";
import { race } from "../measure.mjs";
import { photographs, smallImage } from "../photo.mjs";
import { startAll } from "../start.mjs";
import { table, times } from "../table.mjs";

const SECONDS = 4;

/** What one time is taken of: as many calls as take about this long. */
const SAMPLE_MS = 5;

/** Size of the photograph's shorter edge and of the square cut out of it, as the package's own pipeline has them. */
const [EDGE, SIDE] = [256, 224];

const PHOTO = { width: 4000, height: 3000 };
const REFERENCE = "mmpretrain's HOGGenerator";

/** Work, and who does it, with the package, sharp, images and a counter. The first one is what the ratios of the others are to. */
const works = {
  "HOG of 224 x 224": { "maskfeat-wgpu": ({ hog, input }) => hog(input), [REFERENCE]: undefined },
  "mask of 14 x 14": { "maskfeat-wgpu": ({ blockMask, count }) => blockMask({ seed: count() }) },
  "preprocess 640 x 480 pixels": {
    bilinear: ({ preprocess, image }) => preprocess(image),
    bicubic: ({ preprocess, image }) => preprocess(image, { interpolation: "bicubic" }),
  },
  "12-megapixel JPEG to 224 x 224": {
    async "sharp: decode to raw, then resize"({ sharp, path }) {
      const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
      await cutOut(sharp(data, { raw: info }));
    },
    "maskfeat-wgpu: decode, resize, normalise": async ({ decode, preprocess, path }) => preprocess(await decode(path)),
    "sharp: shrink-on-load (other work)": ({ sharp, path }) => cutOut(sharp(path)),
  },
};

/** The same pixels as the package's pipeline keeps, by the same kind of filter. */
function cutOut(photo) {
  const scale = EDGE / Math.min(PHOTO.width, PHOTO.height);
  const [width, height] = [Math.trunc(PHOTO.width * scale), Math.trunc(PHOTO.height * scale)];
  const region = { left: (width - SIDE) >> 1, top: (height - SIDE) >> 1, width: SIDE, height: SIDE };
  return photo.resize({ width, height, fit: "fill", kernel: "linear" }).extract(region).raw().toBuffer();
}

/** Python with the mmpretrain that makes the goldens. @throws if this machine has no PyTorch, or mmpretrain cannot be installed */
async function referenceHog() {
  const { status, error } = spawnSync(SYSTEM_PYTHON, ["-c", "import torch"], { stdio: "ignore" });
  if (status !== 0) throw new Error(error?.message ?? `${SYSTEM_PYTHON} has no torch`);
  const script = join(import.meta.dirname, "../contenders/hog.py");
  const child = spawn(referencePython(), [script], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the reference's process ended");
    return value;
  };
  const version = await answer();
  const run = () => {
    child.stdin.write("\n");
    return answer().then(Number);
  };
  return { about: () => ({ note: ` (PyTorch ${version})` }), run };
}

export async function open({ entry, name, contender, path }) {
  if (contender === REFERENCE) return referenceHog();
  const { default: sharp } = path ? await import("sharp") : {};
  const [maskfeat, image] = [await import(entry), smallImage()];
  let counted = 0;
  const tools = { ...maskfeat, sharp, image, input: maskfeat.preprocess(image), path, count: () => counted++ };
  const work = works[name][contender];
  const once = async (calls) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await work(tools);
    return (performance.now() - start) / calls;
  };
  const calls = Math.ceil(SAMPLE_MS / (await once(3)));
  /** Milliseconds of one call: the mean of some that follow each other. */
  return { run: () => once(calls) };
}

/** Rows `{ name, contender, threads, medianMs, spread, ratio }`, the ratio being to the first contender for the same work. */
export async function data({ host, wanted, rounds, note }) {
  // of 3 to 5 MB, as cameras write them
  const photograph = async () => (await photographs({ ...PHOTO, count: 1, grain: 30 }))[0];
  const rows = [];
  for (const name of Object.keys(works).filter(wanted)) {
    const list = Object.keys(works[name]).map((contender) => {
      const path = () => (name.startsWith("12-megapixel") ? photograph() : undefined);
      const spec = async () => ({ entry: host.entry, name, contender, path: await path() });
      return { name: contender, row: { name, contender, threads: 1 }, module: import.meta.url, spec };
    });
    const started = await startAll(host, list, note);
    for (const { row, about } of started) row.contender += about.note ?? "";
    rows.push(...(await race(started, { rounds, seconds: SECONDS })));
  }
  return { rows, text: table(rows, { work: "name", by: "contender", ...times, "time to first": "ratio" }) };
}
