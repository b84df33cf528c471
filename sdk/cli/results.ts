/** What `extract` and `predict` have in common: results of many inputs, computed in batches, kept in a partial file until all are there. */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { version } from "../../package.json";
import { type Model, ShapeError } from "../entries/node.js";
import { count } from "../report/text.js";
import type { Parts, Rows } from "./formats.js";
import type { Inputs, Item } from "./inputs.js";
import { type Context, modelFields } from "./output.js";
import { type Entry, type Facts, PartialFile } from "./partial.js";

export interface Work<F extends Facts> {
  readonly command: string;
  readonly inputs: Inputs;
  readonly model: Model;
  readonly batchSize?: number;
  readonly context: Context;
  /** The file that is written in the end. */
  readonly out?: string;
  /** Options that results depend on. */
  readonly options: Facts;
  /** Results of a batch, one for each of its inputs. */
  compute(batch: readonly Item[]): Promise<Entry<F>[]>;
}

/** The file that is written in the end, in parts. */
type Encode<F extends Facts> = (rows: Rows<F>) => Parts;

const sha256 = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

/**
 * Calls `use` with each result, in the order of the inputs. Results of an interrupted run come first, then each new one when it is computed.
 * Then writes `out`, if given. Memory grows only with the paths of the inputs.
 * @throws ImageError IMG_NO_IMAGES if no input is left; FileError for a partial file of another command; what `compute` and `use` throw
 */
export async function eachResult<F extends Facts>(
  work: Work<F>,
  use: (entry: Entry<F>) => Promise<void>,
  encode?: Encode<F>,
): Promise<void> {
  const { inputs, out, context } = work;
  const partial = out === undefined ? undefined : await PartialFile.open(out, await commandOf(work), inputs.paths);
  const used: Pick<Entry, "input" | "rows">[] = [];
  const note = (has: string, hint: string) => {
    if (!partial?.count) return;
    context.output.note(`${partial.path} ${has} ${partial.count} of ${count(inputs.length, "input")}${hint}`);
  };
  note("has", ": going on from there");
  try {
    for await (const entry of entriesOf(work, partial)) {
      used.push({ input: entry.input, rows: entry.rows });
      await use(entry);
    }
    if (used.length === 0) throw inputs.nothingLeft();
    context.signal.throwIfAborted();
    await partial?.finish(encode!(rowsOf(partial, used)));
  } catch (error) {
    // results of several shapes stay so
    if (error instanceof ShapeError) await partial?.remove();
    else note("keeps", "; the same command goes on from there");
    throw error;
  } finally {
    await partial?.close();
  }
}

/** What the entries of a partial file depend on. */
async function commandOf<F extends Facts>({ command, inputs, model, options }: Work<F>): Promise<Facts> {
  const { device, ...about } = modelFields(model);
  const { config, classes } = model;
  const paths = `${inputs.length}, SHA-256 of their paths ${sha256(inputs.paths)}`;
  const { interpolation } = config;
  const weightsFile = await versionOf(model.weights);
  const named = {
    command,
    version,
    ...about,
    weightsFile,
    device: device.kind,
    interpolation,
    ...options,
    inputs: paths,
  };
  // what no name above says
  return { ...named, configuration: sha256([config, classes]) };
}

/** Size and time of the last change of a file of weights, and of the files that an index names; undefined for weights of no file. */
async function versionOf(weights: string): Promise<string | undefined> {
  if (!(await stat(weights).catch(() => undefined))?.isFile()) return undefined;
  const index = weights.endsWith(".json") ? JSON.parse(await readFile(weights, "utf8")) : {};
  const shards = new Set(Object.values<string>(index.weight_map ?? {}));
  const files = [weights, ...[...shards].map((shard) => join(dirname(weights), shard))];
  const versions = await Promise.all(
    files.map(async (file) => {
      const { size, mtime } = await stat(file);
      return `${size} bytes of ${mtime.toISOString()}`;
    }),
  );
  return versions.join(", ");
}

async function* entriesOf<F extends Facts>(work: Work<F>, partial?: PartialFile): AsyncGenerator<Entry<F>> {
  const { inputs, model, batchSize, compute } = work;
  const done = partial?.count ?? 0;
  if (partial) {
    for await (const entry of partial.entries<F>()) {
      if (entry.skipped) inputs.skip({ input: entry.input, ...entry.skipped });
      else yield entry;
    }
  }
  for await (const batch of inputs.batches(model, batchSize, done)) {
    const computed = await compute(batch);
    const entries = batch.flatMap(({ index }, i) => [...skippedBefore(inputs, index), computed[i]]);
    await partial?.append(entries);
    yield* computed;
  }
  // without any result there is no file
  const rest = skippedBefore(inputs);
  if (partial?.count && rest.length > 0) await partial.append(rest);
}

function skippedBefore(inputs: Inputs, index?: number): Entry[] {
  return inputs.skippedBefore(index).map(({ input, code, message }) => {
    return { input, rows: 0, skipped: { code, message }, facts: {}, data: new Float32Array() };
  });
}

function rowsOf<F extends Facts>(partial: PartialFile, used: readonly Pick<Entry, "input" | "rows">[]): Rows<F> {
  return {
    count: used.reduce((sum, { rows }) => sum + rows, 0),
    inputs: {
      *[Symbol.iterator]() {
        for (const { input, rows } of used) for (let i = 0; i < rows; i++) yield input;
      },
    },
    async *entries() {
      for await (const entry of partial.entries<F>()) if (!entry.skipped) yield entry;
    },
  };
}
