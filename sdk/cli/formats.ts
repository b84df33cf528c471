/** The files that `extract` and `predict` write of many inputs, part by part, so that no file has to fit into memory. */

import { streamNpy, streamNpyStrings, streamNpz, streamSafetensors } from "../entries/node.js";
import type { About } from "./files.js";
import type { Entry, Facts } from "./partial.js";

/** An array [n,...item], and its elements in an entry. */
export interface Column<F extends Facts> {
  readonly name: string;
  readonly dtype: "f32" | "i32";
  readonly item: readonly number[];
  of(entry: Entry<F>): Float32Array | Int32Array;
}

/** All entries that have a result. Can be read several times. */
export interface Rows<F extends Facts> {
  /** The input of each row. */
  readonly inputs: Iterable<string>;
  /** How many rows there are. */
  readonly count: number;
  entries(): AsyncIterable<Entry<F>>;
}

export type Parts = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A .npy file of one column. */
export function npyFile<F extends Facts>({ count, entries }: Rows<F>, { dtype, item, of }: Column<F>) {
  const parts = async function* () {
    for await (const entry of entries()) yield of(entry);
  };
  return streamNpy({ dtype, shape: [count, ...item], parts });
}

/** A .npz file of columns, and of the input of each row. */
export function npzParts<F extends Facts>(rows: Rows<F>, columns: readonly Column<F>[]): Parts {
  const files = columns.map((column) => [column.name, npyFile(rows, column)] as const);
  return streamNpz([...files, ["inputs", streamNpyStrings(rows.inputs)]]);
}

/** A .safetensors file of the same columns, with facts as metadata. Labels are stored as f32, which is exact for them. */
export function safetensorsParts<F extends Facts>(
  { count, inputs, entries }: Rows<F>,
  columns: readonly Column<F>[],
  about: About,
): Parts {
  const tensors = columns.map(({ name, item, of }) => {
    const parts = async function* () {
      for await (const entry of entries()) yield Float32Array.from(of(entry));
    };
    return { name, dtype: "F32" as const, shape: [count, ...item], parts };
  });
  const facts = Object.entries(about).map(([key, value]) => [key, String(value)] as const);
  return streamSafetensors(tensors, [...facts, ["inputs", JSON.stringify([...inputs])]]);
}

/** A JSON object of facts and of a list `key`. */
export async function* jsonParts<F extends Facts>(
  { entries }: Rows<F>,
  about: About,
  key: string,
  items: (entry: Entry<F>) => readonly Facts[],
): AsyncGenerator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"${key}":[`;
  let first = true;
  for await (const entry of entries()) {
    for (const item of items(entry)) {
      yield `${first ? "" : ","}${JSON.stringify(item)}`;
      first = false;
    }
  }
  yield "]}\n";
}

/** A line of JSON for each item. */
export async function* lineParts<F extends Facts>(
  { entries }: Rows<F>,
  items: (entry: Entry<F>) => readonly Facts[],
): AsyncGenerator<string> {
  for await (const entry of entries()) {
    for (const item of items(entry)) yield `${JSON.stringify(item)}\n`;
  }
}
