/** The names of a classifier's classes, which training leaves in its checkpoints. */

import { parseJson } from "./json.js";
import type { Checkpoint } from "./types.js";

type Lookup = { get(key: string): unknown };
const isMap = (value: unknown): value is Lookup => value instanceof Map;

/**
 * Class names in the order of the logits: mmengine's `meta.dataset_meta.classes` (`CLASSES` in its first versions), mmcv's
 * `meta.CLASSES`, of a `.pth` and of what `convert` made of it. Undefined where there are none.
 */
export function classNames({ extra, metadata }: Pick<Checkpoint, "extra" | "metadata">): readonly string[] | undefined {
  const meta = extra.get("meta") ?? converted(metadata.get("meta"));
  if (!isMap(meta)) return undefined;
  const dataset = meta.get("dataset_meta");
  const places = isMap(dataset) ? [dataset.get("classes"), dataset.get("CLASSES")] : [];
  return [...places, meta.get("CLASSES")].find((names) => isNames(names) && names.length > 0) as string[] | undefined;
}

export const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

function converted(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}
