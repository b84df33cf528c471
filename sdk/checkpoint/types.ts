/** What every format of weights offers: names, and the tensor behind each. */

import type { Tensor } from "../tensor.js";

/** What a file says about a tensor, before its data is read. */
export interface TensorInfo {
  readonly shape: readonly number[];
  /** As the format spells it: `F32`, `F16`, `BF16`, `I64` ... */
  readonly dtype: string;
}

/** An open file of weights. Its data is read tensor by tensor, never whole. */
export interface Checkpoint {
  /** For messages: the path, the URL or "bytes". */
  readonly source: string;
  /** In the order in which the file stores their data. */
  readonly names: readonly string[];
  /** Free text that came with the weights. */
  readonly metadata: ReadonlyMap<string, string>;
  /** @throws CheckpointError CKPT_MISMATCH where the file has no tensor of this name. */
  info(name: string): TensorInfo;
  /**
   * Reads a tensor, as f32.
   * @throws CheckpointError CKPT_MISMATCH, CKPT_DTYPE where it holds neither f32, f16 nor bf16; FileError where the file cannot be read.
   */
  get(name: string): Promise<Tensor>;
  close(): Promise<void>;
}
