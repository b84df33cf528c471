/** Finds the weights in what was unpickled: the dict of tensors, by the names that training programs give it. */

import { type Fail, quoted } from "../fail.js";
import type { PlacedOpaque, PlainMap } from "../types.js";
import { chooseWeights } from "./averages.js";
import { listUnknown, reasonOf, toPlain } from "./survey.js";
import { Dict, type Key, TensorRef, Unknown, type Value } from "./values.js";

export interface Layout {
  /** In the order of the dict; `module.` before names, which training on several GPUs adds, is dropped. */
  readonly tensors: Map<string, TensorRef>;
  /** What stands among them and only code could rebuild. */
  readonly refused: Map<string, () => string>;
  /** Everything beside the weights. */
  readonly extra: PlainMap;
  readonly opaque: readonly PlacedOpaque[];
  /** What else could have been taken, for people. */
  readonly warnings: readonly string[];
}

const MAX_TENSORS = 100_000;

/** @throws CheckpointError CKPT_FORMAT, CKPT_UNKNOWN_GLOBAL, CKPT_DUPLICATE, CKPT_PICKLE, CKPT_LIMIT, CKPT_MISMATCH */
export function findWeights(root: Value, ema: boolean | undefined, fail: Fail): Layout {
  if (root instanceof Unknown) {
    fail("CKPT_UNKNOWN_GLOBAL", `the file is a Python object (${reasonOf(root, fail)}), not its state_dict`);
  }
  if (!(root instanceof Dict)) return fail("CKPT_FORMAT", "the file holds no dictionary of tensors");
  const opaque = listUnknown(root, fail);
  const { key, warnings } = chooseWeights(root, ema, fail);
  const dict = key === undefined ? root : root.entries.get(key);
  if (dict instanceof Unknown) {
    fail("CKPT_UNKNOWN_GLOBAL", `${key} is a Python object (${reasonOf(dict, fail)}), not a dict of tensors`);
  }
  const { tensors, refused, rest } = split(dict as Dict, fail);
  if (tensors.size === 0) {
    for (const [name, code] of refused)
      fail("CKPT_UNKNOWN_GLOBAL", `${quoted(name)} can only be rebuilt by running ${code()}, which is never done`);
    fail("CKPT_FORMAT", "the file holds no dictionary of tensors");
  }
  const others = key === undefined ? rest : [...root.entries].filter(([name]) => name !== key);
  if (key !== undefined && rest.length > 0) others.push([key, new Dict(rest)]);
  return { tensors, refused, extra: toPlain(new Dict(others), fail) as PlainMap, opaque, warnings };
}

type Entries = [Key, Value][];

/** Tensors, what may have been one, and what else stands beside them. */
function split(dict: Dict, fail: Fail): Pick<Layout, "tensors" | "refused"> & { rest: Entries } {
  const tensors = new Map<string, TensorRef>();
  const refused = new Map<string, () => string>();
  const rest: Entries = [];
  for (const [key, value] of dict.entries) {
    if (typeof key !== "string" || !(value instanceof TensorRef || value instanceof Unknown)) {
      rest.push([key, value]);
      continue;
    }
    const name = key.replace(/^module\./, "");
    if (tensors.has(name) || refused.has(name))
      fail("CKPT_DUPLICATE", `the tensor ${quoted(name)} occurs with and without module. before it`);
    if (value instanceof TensorRef) tensors.set(name, value);
    else refused.set(name, () => reasonOf(value, fail));
    if (tensors.size + refused.size > MAX_TENSORS) fail("CKPT_LIMIT", `more than ${MAX_TENSORS} tensors`);
  }
  return { tensors, refused, rest };
}
