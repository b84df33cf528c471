/** What every format of weights offers: names, and the tensor behind each. */

import type { Tensor } from "../base/tensor.js";

/** What a file says about a tensor, before its data is read. */
export interface TensorInfo {
  readonly shape: readonly number[];
  /** As the format spells it: `F32`, `F16`, `BF16`, `I64` ... */
  readonly dtype: string;
}

/** What would have needed code to be rebuilt: named, and never run. */
export interface Opaque {
  /** As Python names it: "module.name". */
  readonly global: string;
}

/** Data of a checkpoint that is no weights. Dictionaries are Maps, so that no key reaches a prototype. */
export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | PlainMap | Opaque;
export interface PlainMap extends ReadonlyMap<string | number | bigint | boolean | null, Plain> {}

/** A marker and its place: "meta.hook". */
export interface PlacedOpaque extends Opaque {
  readonly path: string;
}

export type CheckpointFormat = "torch" | "torch-legacy" | "safetensors" | "npz";

/** Memory for the numbers of one tensor after another. */
export interface Staging {
  /** As many numbers, of any value. What was taken before must not be used any more. */
  take(count: number): Float32Array;
}

export interface CheckpointOptions {
  /**
   * If a file holds plain weights and averages of them (EMA, or a teacher beside its student): take the averages (true) or the plain
   * ones (false). Default: what the project that wrote the file would load; a warning says which.
   */
  readonly ema?: boolean;
}

/** An open file of weights. Its data is read tensor by tensor, never whole. */
export interface Checkpoint {
  /** For messages: the path, the URL or "bytes". */
  readonly source: string;
  readonly format: CheckpointFormat;
  /** In the order in which the file stores their data. */
  readonly names: readonly string[];
  /** Free text that came with the weights. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What training left beside the weights: `meta`, `message_hub`, `optimizer` ...; empty for formats that hold only weights. */
  readonly extra: PlainMap;
  /** Everything in the file that would have needed code. */
  readonly opaque: readonly PlacedOpaque[];
  /** Those of `names` that are opaque: asking for one of them throws CKPT_UNKNOWN_GLOBAL. */
  readonly refused: ReadonlySet<string>;
  /** What else could have been taken for the weights, each in a sentence. */
  readonly warnings: readonly string[];
  /** @throws CheckpointError CKPT_MISMATCH if the file has no tensor of this name; CKPT_UNKNOWN_GLOBAL */
  info(name: string): TensorInfo;
  /**
   * Reads a tensor, as f32; into memory of `staging`, where that is given.
   * @throws CheckpointError CKPT_MISMATCH, CKPT_UNKNOWN_GLOBAL, CKPT_DTYPE if weights are not read from its dtype, CKPT_RANGE; FileError if
   * the file cannot be read.
   */
  get(name: string, staging?: Staging): Promise<Tensor>;
  close(): Promise<void>;
}
