/** An open file of weights, from plain data of any format: what each tensor is, and how it is read. */

import type { ByteSource } from "../io/types.js";
import { type Conversion, conversionOf } from "./convert.js";
import { beyondRange, failer, product, quoted } from "./fail.js";
import type { Checkpoint, CheckpointFormat, TensorInfo } from "./types.js";

/** A tensor in a file. */
export interface Stored extends TensorInfo {
  /** Fills `out`, which has as many elements as the tensor. @throws FileError, CheckpointError */
  read(out: Float32Array, conversion: Conversion): Promise<void>;
}

/** What a format's reader found, the tensors in the order in which the file stores their data. */
export interface Contents extends Partial<Pick<Checkpoint, "metadata" | "extra" | "opaque" | "warnings">> {
  readonly tensors: ReadonlyMap<string, Stored>;
  /** What only code could rebuild among the tensors, and a function that looks for the name of that code. */
  readonly refused?: ReadonlyMap<string, () => string>;
}

/** The checkpoint that `read` finds in `source`, which is closed with it, or if reading fails. */
export async function openFile(
  source: Pick<ByteSource, "name" | "close">,
  format: CheckpointFormat,
  read: () => Promise<Contents>,
): Promise<Checkpoint> {
  const contents = await read().catch(async (error) => {
    await source.close();
    throw error;
  });
  const {
    tensors,
    metadata = new Map(),
    extra = new Map(),
    opaque = [],
    refused = new Map(),
    warnings = [],
  } = contents;
  const fail = failer(source.name);
  const stored = (name: string) => {
    const code = refused.get(name);
    if (code)
      fail("CKPT_UNKNOWN_GLOBAL", `${quoted(name)} can only be rebuilt by running ${code()}, which is never done`);
    return tensors.get(name) ?? fail("CKPT_MISMATCH", `no tensor ${quoted(name)} in this file`);
  };
  return {
    source: source.name,
    format,
    names: [...tensors.keys(), ...refused.keys()],
    metadata,
    extra,
    opaque,
    refused: new Set(refused.keys()),
    warnings: warnings.map((text) => `${source.name}: ${text}`),
    info(name) {
      const { dtype, shape } = stored(name);
      return { dtype, shape };
    },
    async get(name, staging) {
      const { dtype, shape, read } = stored(name);
      const conversion = conversionOf(dtype);
      if (!conversion) {
        const what = `tensor ${quoted(name)} holds ${dtype}, from which no weights are read`;
        return fail("CKPT_DTYPE", `${what}; save it as F32, F16 or BF16`);
      }
      const count = product(shape)!;
      const data = staging?.take(count) ?? new Float32Array(count);
      await read(data, conversion);
      if (conversion.lost.length > 0) {
        const at = data.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
        fail("CKPT_RANGE", beyondRange(name, at, conversion.lost[0], "F32"));
      }
      return { data, shape };
    },
    close: () => source.close(),
  };
}
