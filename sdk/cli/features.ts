/** The results of `extract`, and the files that it writes of them. */

import { ShapeError, writeNpy } from "../entries/node.js";
import { oneLine } from "../report/text.js";
import { type About, extensionOf } from "./files.js";
import {
  type Column,
  jsonParts,
  lineParts,
  npyFile,
  npzParts,
  type Parts,
  type Rows,
  safetensorsParts,
} from "./formats.js";
import { FEW, short, summary, table } from "./output.js";
import type { Entry } from "./partial.js";

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** What an entry says beside its numbers, which are those of one stage after the other: of each stage the shape of a row. */
export interface Stages extends Record<string, unknown> {
  readonly items: readonly (readonly number[])[];
}

/** Features of one input at one stage: [b,...], b being 1 for an image. */
export interface Feature {
  readonly input: string;
  /** Number of the block, from 0. */
  readonly stage: number;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export function featuresIn(
  { input, rows, facts: { items }, data }: Entry<Stages>,
  stages: readonly number[],
): Feature[] {
  let at = 0;
  return items.map((item, k) => {
    const from = at;
    at += rows * sizeOf(item);
    return { input, stage: stages[k], shape: [rows, ...item], data: data.subarray(from, at) };
  });
}

/** What is remembered of the results: how many, their shapes, and the first few. */
export class Seen {
  count = 0;
  private first?: Entry<Stages>;
  private oneShape = true;
  private rows: Feature[] = [];

  /** `together`: all go into one array. */
  constructor(private readonly together: boolean) {}

  /** @throws ShapeError if the entry does not go into one array with those before */
  check(entry: Entry<Stages>): void {
    const { input, facts } = entry;
    this.first ??= entry;
    if (String(facts.items) === String(this.first.facts.items)) return;
    this.oneShape = false;
    if (!this.together) return;
    const found = `${this.first.input} gives [${this.first.facts.items[0]}] and ${input} [${facts.items[0]}]`;
    throw new ShapeError("SHAPE_MISMATCH", `one array holds features of one shape: ${found}; write .json or .jsonl`);
  }

  add(entry: Entry<Stages>, features: readonly Feature[]): void {
    this.check(entry);
    this.count++;
    if (this.count <= FEW) this.rows.push(...features);
  }

  /** The shape of a row at each stage. */
  get items(): Stages["items"] {
    return this.first?.facts.items ?? [];
  }

  /** "[1,192] each" */
  get shapes(): string {
    return this.oneShape ? `${this.items.map((item) => `[${[1, ...item]}]`).join(" ")} each` : "of several shapes";
  }

  /** All features, if they are few. */
  get few(): readonly Feature[] | undefined {
    return this.count <= FEW ? this.rows : undefined;
  }
}

const asJson = ({ input, stage, shape, data }: Feature) => ({ input, stage, shape, data: [...data] });

/** The file named `out`, in parts. */
export function encode(
  out: string,
  rows: Rows<Stages>,
  { items }: Seen,
  stages: readonly number[],
  about: About,
): Parts {
  const features = (entry: Entry<Stages>) => featuresIn(entry, stages).map(asJson);
  const columns = items.map((item, k): Column<Stages> => {
    return { name: `stage${stages[k]}`, dtype: "f32", item, of: (entry) => featuresIn(entry, stages)[k].data };
  });
  const ending = extensionOf(out);
  if (ending === ".npy") return npyFile(rows, columns[0]).parts();
  if (ending === ".npz") return npzParts(rows, columns);
  if (ending === ".safetensors") return safetensorsParts(rows, columns, about);
  if (ending === ".json") return jsonParts(rows, about, "outputs", features);
  return lineParts(rows, (entry) => features(entry).map((feature) => ({ ...feature, ...about })));
}

/** What goes to stdout of a feature: its array [b,...], or a line; one vector needs no shape, one stage no number. */
export function piped(
  { input, stage, shape, data }: Feature,
  format: "jsonl" | "npy",
  stages: number,
): Uint8Array | string {
  if (format === "npy") return writeNpy({ data, shape });
  const isVector = shape.length === 2 && shape[0] === 1;
  const line = { input, ...(stages > 1 && { stage }), ...(!isVector && { shape }), data: [...data] };
  return `${JSON.stringify(line)}\n`;
}

export function outputTable(features: readonly Feature[]): string {
  const rows = features.map(({ input, stage, shape, data }) => {
    const { norm, mean, std, first } = summary(data);
    return [
      oneLine(input),
      stage,
      `[${shape}]`,
      ...[norm, mean, std].map(short),
      first.slice(0, 4).map(short).join(" "),
    ];
  });
  return table(["input", "stage", "shape", "norm", "mean", "std", "first"], rows);
}
