/** Looks over unpickled data: lists the markers in it, bounds its nesting and size, and turns it into plain data. */

import type { Fail } from "../fail.js";
import type { Opaque, PlacedOpaque, Plain } from "../types.js";
import { isUnderstood } from "./calls.js";
import { Dict, type Key, NumpyType, SetOf, StorageRef, TensorRef, Unknown, type Value } from "./values.js";

const MAX_DEPTH = 256;
/** The largest size of plain data: shared values count as often as they occur, text and bytes one unit per 16. */
const MAX_UNITS = 4_000_000;

const join = (path: string, key: Key) => (path === "" ? part(key) : `${path}.${part(key)}`);
const part = (key: Key) => String(key).slice(0, 200);

/** Every marker below `root`, once, with the first place where it stands. @throws CheckpointError CKPT_LIMIT */
export function listUnknown(root: Value, fail: Fail): PlacedOpaque[] {
  const found: PlacedOpaque[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value, path: string, depth: number): void => {
    if (value === null || typeof value !== "object" || seen.has(value)) return;
    if (depth > MAX_DEPTH) fail("CKPT_LIMIT", `data nested deeper than ${MAX_DEPTH}`);
    seen.add(value);
    if (value instanceof Unknown) {
      // A call's first part is the name that is called.
      const again = value.parts[0];
      if (again instanceof Unknown && again.global === value.global) seen.add(again);
      found.push({ path, global: value.global });
    }
    for (const [key, item] of children(value)) visit(item, key === null ? path : join(path, key), depth + 1);
  };
  visit(root, "", 0);
  return found;
}

/** What a value holds; null for places that have no name. */
export function* children(value: Value): Iterable<readonly [Key, Value]> {
  if (value instanceof Dict) {
    yield* value.entries;
    yield [null, value.attributes];
  } else if (Array.isArray(value)) {
    yield* value.entries();
  } else if (value instanceof SetOf || value instanceof Unknown) {
    for (const item of value instanceof SetOf ? value.items : value.parts) yield [null, item];
  } else if (value instanceof TensorRef) yield [null, value.storage];
}

/** The first marker of what is not understood inside a value that only code could make; for messages. */
export function reasonOf(value: Unknown, fail: Fail): string {
  const names = listUnknown(value, fail).map(({ global }) => global);
  return names.find((name) => !isUnderstood(name)) ?? value.global;
}

/**
 * Values as plain data: dicts as Maps, sets and tuples as arrays, tensors by dtype and shape, markers by name.
 * @throws CheckpointError CKPT_PICKLE if data holds itself; CKPT_LIMIT
 */
export function toPlain(root: Value, fail: Fail): Plain {
  const made = new Map<Value, { readonly plain: Plain; readonly units: number }>();
  const open = new Set<Value>();
  const convert = (value: Value, depth: number): { readonly plain: Plain; readonly units: number } => {
    const leaf = leafOf(value);
    if (leaf) return leaf;
    const known = made.get(value);
    if (known) return known;
    if (open.has(value)) fail("CKPT_PICKLE", "malformed pickle: data that holds itself");
    if (depth > MAX_DEPTH) fail("CKPT_LIMIT", `data nested deeper than ${MAX_DEPTH}`);
    open.add(value);
    let units = 1;
    const add = (item: Value): Plain => {
      const { plain, units: more } = convert(item, depth + 1);
      units += more;
      if (units > MAX_UNITS) fail("CKPT_LIMIT", "shared data that unfolds to millions of values");
      return plain;
    };
    const plain = container(value, add);
    open.delete(value);
    const result = { plain, units };
    made.set(value, result);
    return result;
  };
  return convert(root, 0).plain;
}

function container(value: Value, add: (item: Value) => Plain): Plain {
  if (value instanceof Dict) return new Map([...value.entries].map(([key, item]) => [key, add(item)]));
  return (value instanceof SetOf ? value.items : (value as readonly Value[])).map(add);
}

/** What holds no other values. */
function leafOf(value: Value): { plain: Plain; units: number } | undefined {
  if (typeof value === "string") return { plain: value, units: 1 + (value.length >> 4) };
  if (value instanceof Uint8Array) return { plain: value.slice(), units: 1 + (value.length >> 4) };
  if (value === null || typeof value !== "object") return { plain: value, units: 1 };
  if (value instanceof Unknown) return { plain: opaque(value.global), units: 1 };
  if (value instanceof NumpyType) return { plain: opaque("numpy.dtype"), units: 1 };
  if (value instanceof TensorRef) return { plain: described(value.storage.dtype, value.shape), units: 8 };
  if (value instanceof StorageRef) return { plain: described(value.dtype, [value.length]), units: 8 };
  return undefined;
}

const opaque = (global: string): Opaque => Object.freeze({ global });

function described(dtype: string, shape: readonly number[]): Plain {
  return new Map<string, Plain>([
    ["dtype", dtype],
    ["shape", shape],
  ]);
}
