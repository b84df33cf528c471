// The rows of fuzzing: what each feeds to which reader, and what counts as bad.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { arrayMutants } from "./arrays.mjs";
import { cacheRow } from "./cache.mjs";
import { imageMutants } from "./images.mjs";
import { allowed, growth, judged } from "./memory.mjs";
import { dice } from "./random.mjs";
import { torchMutants } from "./torch.mjs";

const CHECKPOINTS = "conformance/golden/full/checkpoints";
const IMAGES = "conformance/golden/full/images";
const SLOW_MS = 1000;
const BUILT = new URL("../../dist/node.js", import.meta.url).href;

/** Bytes that libvips takes at most for a pixel of a picture that it is asked for: interlaced, of 16 bits, turned. */
const PER_PIXEL = 16;

const read = (folder, name) => new Uint8Array(readFileSync(join(folder, name)));

/** Everything that can be asked of a checkpoint. What opens must be what a strict second reading of a rewritten file gives. */
async function readCheckpoint(maskfeat, bytes) {
  const checkpoint = await maskfeat.openCheckpoint(bytes);
  const tensors = [];
  for (const name of checkpoint.names) {
    const { shape, dtype } = checkpoint.info(name);
    if (/^C/.test(dtype)) continue;
    const tensor = await checkpoint.get(name).catch((error) => {
      if (error.code !== "CKPT_DTYPE") throw error;
    });
    if (!tensor) continue;
    if (tensor.data.length !== shape.reduce((a, b) => a * b, 1))
      throw new Error(`${name}: ${tensor.data.length} numbers of [${shape}]`);
    if (name !== "__metadata__") tensors.push([name, tensor]);
  }
  await checkpoint.close();
  const again = await maskfeat.openCheckpoint(maskfeat.writeSafetensors(tensors));
  for (const [name, { data, shape }] of tensors) {
    const other = await again.get(name);
    const same = String(other.shape) === String(shape) && Buffer.compare(raw(other.data), raw(data)) === 0;
    if (!same) throw new Error(`${name} differs in a strict second reading`);
  }
}

const raw = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

/** Pixels that an image file declares. */
async function pixels(bytes) {
  const { default: sharp } = await import("sharp");
  const size = sharp(bytes).metadata();
  return size.then(({ width = 0, height = 0 }) => width * height).catch(() => 0);
}

/**
 * Row -> a source of mutants and what reads them, the bytes of memory that it may take (`limit`) and the milliseconds (`slow`), where
 * they are not the common ones. `after` looks whether a reader still works.
 */
export const rows = {
  R1(maskfeat) {
    const names = readdirSync(CHECKPOINTS).filter((name) => /^(?!pretrain|classifier).*\.pth$/.test(name));
    const files = names.map((name) => ({ bytes: read(CHECKPOINTS, name), legacy: name.endsWith("legacy.pth") }));
    const next = torchMutants(files);
    return { next: (roll) => ({ bytes: next(roll) }), use: ({ bytes }) => readCheckpoint(maskfeat, bytes) };
  },
  R2(maskfeat) {
    const use = ({ reader, bytes }) =>
      reader === "npy" ? void maskfeat.readNpy(bytes, "x.npy") : readCheckpoint(maskfeat, bytes);
    return { next: arrayMutants(maskfeat), use };
  },
  async R4(maskfeat) {
    const files = readdirSync(IMAGES).map((name) => read(IMAGES, name));
    const next = imageMutants(files.filter(({ length }) => length < 2 ** 17));
    const known = read(IMAGES, "jpeg-420.jpg");
    const before = await maskfeat.decode(known);
    const after = async () => {
      const { data } = await maskfeat.decode(known);
      if (Buffer.compare(data, before.data) !== 0) throw new Error("the next image is wrong");
    };
    return {
      next: (roll) => ({ bytes: next(roll) }),
      use: ({ bytes }) => maskfeat.decode(bytes),
      after,
      limit: async ({ bytes }) => allowed({ bytes }) + PER_PIXEL * (await pixels(bytes)),
    };
  },
  R14: cacheRow,
};

export const rowNames = Object.keys(rows);

const prototypes = () =>
  [Object, Array, Map, Function, String, Uint8Array].map(({ prototype }) => Reflect.ownKeys(prototype).length).join();

/** What is wrong with how a mutant was answered; undefined if nothing is. */
async function answer(maskfeat, use, mutant, slow) {
  const started = performance.now();
  let accepted = false;
  let wrong;
  try {
    await use(mutant);
    accepted = true;
  } catch (error) {
    const typed = error instanceof maskfeat.MaskFeatError && Object.hasOwn(maskfeat.errorCodes, error.code);
    if (!typed || error.code === "IMG_NO_DECODER") wrong = String(error?.stack ?? error);
  }
  const ms = performance.now() - started;
  if (ms > slow) wrong ??= `took ${Math.round(ms)} ms`;
  return { accepted, wrong };
}

/**
 * Tries `count` mutants from `seed` on. Gives `{ row, count, bad, accepted, seconds, rssGrowth, failures }`; a failure says from which seed
 * its mutant follows. `module` is what a mutant in a process of its own is read with.
 */
export async function fuzz(maskfeat, row, { count, seed, onProgress = (_done) => {}, module = BUILT }) {
  const { next, use, after, slow = SLOW_MS } = await rows[row](maskfeat);
  const untouched = prototypes();
  const started = performance.now();
  const rss = process.memoryUsage.rss();
  const failures = [];
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const mutant = next(dice(seed + i));
    let found;
    const grown = await growth(async () => {
      found = await answer(maskfeat, use, mutant, slow);
    });
    // A machine that is busy with other things is no hang.
    if (/^took/.test(found.wrong ?? "")) found = await answer(maskfeat, use, mutant, slow);
    if (grown > allowed(mutant)) found.wrong ??= judged(row, seed + i, module);
    if (prototypes() !== untouched) found.wrong = "a prototype changed";
    if (after && i % 50 === 49) await after();
    if (found.wrong) failures.push({ seed: seed + i, wrong: found.wrong });
    accepted += found.accepted;
    if (i % 1000 === 999) onProgress(i + 1);
  }
  const seconds = (performance.now() - started) / 1000;
  const rssGrowth = process.memoryUsage.rss() - rss;
  return { row, count, bad: failures.length, accepted, seconds, rssGrowth, failures: failures.slice(0, 10) };
}
