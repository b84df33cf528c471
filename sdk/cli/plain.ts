/** Data of a checkpoint as JSON, and back. */

import type { Plain, PlainMap } from "../entries/node.js";

/** As JSON: markers as `{"opaque": name}`, bytes by their number, numbers that JSON lacks as text. */
export function toJson(value: Plain): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return { bytes: value.length };
  // Entries become own fields, whatever their names.
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  if (Array.isArray(value)) return value.map(toJson);
  return { opaque: (value as { global: string }).global };
}

/** From parsed JSON: objects as Maps. */
export function fromJson(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value as Plain;
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

/** Without markers and bytes, which our writers do not write. */
export function withoutOpaque(value: Plain): Plain {
  if (value instanceof Map) {
    return new Map(
      [...(value as PlainMap)].filter(([, item]) => isData(item)).map(([key, item]) => [key, withoutOpaque(item)]),
    );
  }
  return Array.isArray(value) ? value.filter(isData).map(withoutOpaque) : value;
}

const isData = (value: Plain) =>
  value === null || typeof value !== "object" || value instanceof Map || Array.isArray(value);
