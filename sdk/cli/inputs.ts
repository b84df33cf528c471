/** What the arguments mean as inputs: image files and URLs, folders, `-` for a list on stdin, and `.npy` arrays. */

import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { oneAhead, startAhead } from "../base/ahead.js";
import {
  decode,
  FileError,
  type Image,
  ImageError,
  MaskFeatError,
  type Model,
  type ModelConfig,
  NonFiniteError,
  type NpyArray,
  preprocess,
  readNpy,
  ShapeError,
  type Tensor,
  transformOf,
} from "../entries/node.js";
import { isFolder, walkFiles } from "../platform/node-files.js";
import { count } from "../report/text.js";
import { errorFields } from "./errors.js";
import type { Context, Skipped } from "./output.js";
import { endsIn, isRemote, pathOf, readArgument } from "./read.js";

/** A path, and whether it was an argument itself: then it must be readable. */
interface Input {
  readonly path: string;
  readonly named: boolean;
}

/** Pixels, or a tensor [B,3,H,W] that counts as normalised. */
export type Loaded = Image | Tensor;

export function isTensor(x: Loaded): x is Tensor {
  return "shape" in x;
}

/** Reads one image file or `.npy` array. @throws FileError, ImageError, ShapeError, NonFiniteError */
export async function loadInput(path: string, signal: AbortSignal): Promise<Loaded> {
  signal.throwIfAborted();
  if (!endsIn(path, ".npy")) return decode(path, { signal });
  return fromArray(readNpy(await readArgument(path, signal), path), path);
}

function fromArray({ dtype, data, shape }: NpyArray, path: string): Loaded {
  const [height, width, channels] = shape;
  if (dtype === "u8" && shape.length === 3 && channels === 3 && data.length > 0) return { data, width, height };
  const batch = shape.length === 3 ? [1, ...shape] : shape;
  if (dtype === "f32" && batch.length === 4 && batch[1] === 3 && data.length > 0) {
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw new NonFiniteError(path, bad, data[bad]);
    return { data, shape: batch };
  }
  const wanted = "u8 [H,W,3] (pixels) or f32 [3,H,W] or [B,3,H,W] (normalised)";
  throw new ShapeError("SHAPE_MISMATCH", `${path}: expected ${wanted}, got ${dtype} [${shape}]`);
}

/** The tensor [B,3,H,W] that the model of `config` sees. */
export function toTensor(loaded: Loaded, config: ModelConfig): Tensor {
  return isTensor(loaded) ? loaded : preprocess(loaded, transformOf(config));
}

/** Asked once for each input, in order. */
export type Done = (path: string) => boolean;

interface Used<T> {
  readonly path: string;
  readonly value: T;
}

/** The inputs of a command one after the other; those of folders and lists that cannot be used are skipped and told. */
export class Inputs {
  readonly skipped: Skipped[] = [];
  private list: readonly Input[] = [];

  private constructor(private readonly context: Context) {}

  /** @throws FileError for an argument that does not exist; ImageError IMG_NO_IMAGES for a folder without images. */
  static async of(args: readonly string[], context: Context): Promise<Inputs> {
    const inputs = new Inputs(context);
    const lists: Input[][] = [];
    for (const arg of args) lists.push(arg === "-" ? await inputs.fromStdin() : await expand(arg, true));
    inputs.list = lists.flat();
    return inputs;
  }

  get paths(): string[] {
    return this.list.map(({ path }) => path);
  }

  /**
   * What `load` makes of each path, except where `done` says that it needs no work any more; a few are loaded ahead.
   * @throws what `load` throws for a named file; ImageError IMG_NO_IMAGES where nothing is left.
   */
  async *each<T>(load: (path: string) => Promise<T>, done: Done = () => false): AsyncGenerator<Used<T>> {
    const todo = this.list.filter(({ path }) => !done(path));
    let begun = this.list.length - todo.length;
    let used = begun;
    for (const [{ path, named }, loaded] of startAhead(todo, (input) => load(input.path))) {
      this.context.output.progress("images", begun++, this.list.length);
      const value = await this.orSkip(path, named, () => loaded);
      if (value === undefined) continue;
      used++;
      yield { path, value };
    }
    if (used > 0) return;
    const why =
      this.skipped.length > 0 ? `all ${count(this.skipped.length, "input")} were skipped` : "the list is empty";
    throw new ImageError("IMG_NO_IMAGES", `no image is left: ${why}`);
  }

  /** Inputs that can be computed together: of one size, at most `--batch-size` of them. The next are loaded while these are. */
  batches({ config }: Model, batchSize = 8, done?: Done): AsyncGenerator<Item[]> {
    const load = async (path: string) => toTensor(await loadInput(path, this.context.signal), config);
    return oneAhead(grouped(this.each(load, done), batchSize));
  }

  private async fromStdin(): Promise<Input[]> {
    const { signal } = this.context;
    const all = await text(addAbortSignal(signal, process.stdin)).catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
    const lines = all.split(/\r?\n/).filter((line) => line !== "");
    const lists: Input[][] = [];
    for (const line of lines) lists.push((await this.orSkip(line, false, () => expand(line, false))) ?? []);
    return lists.flat();
  }

  private async orSkip<T>(input: string, named: boolean, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const missingDecoder = error instanceof MaskFeatError && error.code === "IMG_NO_DECODER";
      if (named || missingDecoder || !(error instanceof MaskFeatError)) throw error;
      const { code, message } = errorFields(error);
      this.skipped.push({ input, code, message });
      this.context.output.warn(`skipped: ${message}`);
      return undefined;
    }
  }
}

/** An input as the model sees it: [b,3,H,W], b being 1 for an image. */
export type Item = Used<Tensor>;

async function* grouped(items: AsyncIterable<Item>, most: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    const fits = batch.length === 0 || String(batch[0].value.shape) === String(item.value.shape);
    if (batch.length === most || !fits) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length > 0) yield batch;
}

/** A file or URL as it is, a folder as the files in it. */
async function expand(argument: string, named: boolean): Promise<Input[]> {
  const path = pathOf(argument);
  if (isRemote(path)) return [{ path, named }];
  if (!(await isFolder(path))) return [{ path, named }];
  const files = await walkFiles(path);
  if (files.length === 0) {
    const wanted = "expected JPEG, PNG, WebP or .npy files in it or below it";
    throw new ImageError("IMG_NO_IMAGES", `${path}: a folder without images; ${wanted}`);
  }
  return files.map((file) => ({ path: file, named: false }));
}

/** The only input of a command that takes one. @throws FileError for a folder */
export async function singleInput(argument: string, signal: AbortSignal): Promise<Loaded> {
  const path = pathOf(argument);
  if (!isRemote(path) && (await isFolder(path)))
    throw new FileError("FILE_READ", `${path}: expected an image file, found a folder`);
  return loadInput(path, signal);
}
