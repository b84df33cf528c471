/** What the arguments mean as inputs: image files and URLs, folders, `-` for a list on stdin, and `.npy` arrays. */

import { resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { oneAhead, startAhead } from "../base/ahead.js";
import {
  decode,
  FileError,
  type Formats,
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
import { checkOverwriting } from "./files.js";
import type { Context, Skipped } from "./output.js";
import { endsIn, isRemote, pathOf, readArgument } from "./read.js";

interface Input {
  readonly path: string;
  /** An argument itself, not what a folder or a list holds. */
  readonly named: boolean;
  /** What is wrong with it before it is read. */
  readonly problem?: unknown;
}

/** Pixels, or a tensor [B,3,H,W] that counts as normalised. */
export type Loaded = Image | Tensor;

export function isTensor(x: Loaded): x is Tensor {
  return "shape" in x;
}

/** Reads one image file or `.npy` array. @throws FileError, ImageError, ShapeError, NonFiniteError */
async function loadInput(path: string, signal: AbortSignal, formats?: Formats): Promise<Loaded> {
  signal.throwIfAborted();
  if (!endsIn(path, ".npy")) return decode(path, { signal, formats });
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

interface InputOptions {
  readonly formats?: Formats;
  /** The file that the command writes: in a folder it is no input, nor is its partial file. */
  readonly out?: string;
}

interface Used<T> {
  readonly path: string;
  /** Its place among all inputs. */
  readonly index: number;
  readonly value: T;
}

/** The inputs of a command one after the other; those that cannot be used are skipped and named. */
export class Inputs {
  readonly skipped: Skipped[] = [];
  /** Those that `skippedBefore` has not given yet. */
  private pending: (Skipped & { readonly index: number })[] = [];
  private list: readonly Input[] = [];

  private constructor(
    private readonly context: Context,
    private readonly options: InputOptions,
  ) {}

  /** @throws FileError for an argument that does not exist; OptionError if `out` is an input; ImageError IMG_NO_IMAGES for a folder without images. */
  static async of(args: readonly string[], context: Context, options: InputOptions = {}): Promise<Inputs> {
    const inputs = new Inputs(context, options);
    noteFormats(context, options.formats);
    const lists: Input[][] = [];
    for (const arg of args) lists.push(arg === "-" ? await inputs.fromStdin() : await expand(arg, true, options));
    inputs.list = lists.flat();
    checkOverwriting(options.out, inputs.paths);
    return inputs;
  }

  get paths(): string[] {
    return this.list.map(({ path }) => path);
  }

  get length(): number {
    return this.list.length;
  }

  /** Skips an input, and names it on stderr. */
  skip(skipped: Skipped): void {
    this.skipped.push(skipped);
    this.context.output.warn(`skipped: ${skipped.message}`);
  }

  /** What was skipped among the inputs before `index`, each once. */
  skippedBefore(index = Number.POSITIVE_INFINITY): Skipped[] {
    const found = this.pending.filter((skipped) => skipped.index < index);
    this.pending = this.pending.filter((skipped) => skipped.index >= index);
    return found.map(({ index: _, ...skipped }) => skipped);
  }

  /** The error for inputs of which none could be used. */
  nothingLeft(): ImageError {
    const why =
      this.skipped.length > 0 ? `all ${count(this.skipped.length, "input")} were skipped` : "the list is empty";
    return new ImageError("IMG_NO_IMAGES", `no image is left: ${why}`);
  }

  /**
   * Inputs from the one numbered `from`, in groups that can be computed together: of one size, at most `--batch-size` of them. The next are
   * loaded while these are used.
   */
  batches({ config }: Model, batchSize = 8, from = 0): AsyncGenerator<Item[]> {
    const load = async (path: string) =>
      toTensor(await loadInput(path, this.context.signal, this.options.formats), config);
    return oneAhead(grouped(this.each(load, from), batchSize));
  }

  /** What `load` makes of each path; a few are loaded ahead. @throws what `load` throws for the only input, if that is an argument */
  async *each<T>(load: (path: string) => Promise<T>, from = 0): AsyncGenerator<Used<T>> {
    const todo = from === 0 ? this.list : this.list.slice(from);
    const work = async ({ path, problem }: Input) => (problem ? Promise.reject(problem) : load(path));
    let index = from;
    for (const [{ path, named }, loaded] of startAhead(todo, work)) {
      this.context.output.progress("images", index, this.list.length, from);
      const value = await loaded.catch((error) => this.asSkipped(error, path, index, named));
      if (value !== undefined) yield { path, index, value };
      index++;
    }
  }

  /** Lines that name nothing keep their place, so that they are skipped in their turn. */
  private async fromStdin(): Promise<Input[]> {
    const { signal } = this.context;
    const all = await text(addAbortSignal(signal, process.stdin)).catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
    const lines = all.split(/\r?\n/).filter((line) => line !== "");
    const lists: Input[][] = [];
    for (const line of lines) {
      const unknown = (problem: unknown) => [{ path: line, named: false, problem }];
      lists.push(await expand(line, false, this.options).catch(unknown));
    }
    return lists.flat();
  }

  private asSkipped(error: unknown, input: string, index: number, named: boolean): undefined {
    const missingDecoder = error instanceof MaskFeatError && error.code === "IMG_NO_DECODER";
    const only = named && this.list.length === 1;
    if (only || missingDecoder || !(error instanceof MaskFeatError)) throw error;
    const { code, message } = errorFields(error);
    this.skip({ input, code, message });
    this.pending.push({ input, code, message, index });
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
async function expand(argument: string, named: boolean, { out = "" }: InputOptions): Promise<Input[]> {
  const path = pathOf(argument);
  if (isRemote(path)) return [{ path, named }];
  if (!(await isFolder(path))) return [{ path, named }];
  const own = [out, `${out}.partial`].map((file) => resolve(file));
  const files = (await walkFiles(path)).filter((file) => !own.includes(resolve(file)));
  if (files.length === 0) {
    const wanted = "expected JPEG, PNG, WebP or .npy files in it or below it";
    throw new ImageError("IMG_NO_IMAGES", `${path}: a folder without images; ${wanted}`);
  }
  return files.map((file) => ({ path: file, named: false }));
}

/** The only input of a command that takes one. @throws FileError for a folder */
export async function singleInput(argument: string, context: Context, formats?: Formats): Promise<Loaded> {
  const path = pathOf(argument);
  noteFormats(context, formats);
  if (!isRemote(path) && (await isFolder(path)))
    throw new FileError("FILE_READ", `${path}: expected an image file, found a folder`);
  return loadInput(path, context.signal, formats);
}

function noteFormats({ output }: Context, formats: Formats = "exact"): void {
  if (formats === "exact") return;
  output.note(
    "--formats any: files other than JPEG, PNG and WebP are decoded by sharp, whose pixels may differ by version",
  );
}
