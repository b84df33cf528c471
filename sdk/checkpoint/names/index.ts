/** A checkpoint of any project under our names. */

import { CheckpointError } from "../../../gpu/errors.js";
import { quoted } from "../fail.js";
import type { Checkpoint } from "../types.js";
import { bareName, COUNTS, prefixesBefore, withoutPrefix } from "./prefix.js";
import { type Naming, namings } from "./projects.js";

/** Tensors that make one where a project has several: queries, keys and values. */
const PARTS = 3;

/** Which tensors of a file are which of ours. */
export interface Named {
  readonly naming: Naming;
  /** Our name -> the file's tensors that make it up. Tensors whose names are in no table keep theirs. */
  readonly tensors: ReadonlyMap<string, readonly string[]>;
  /** As the file names them: parameters that were left out and change no feature. */
  readonly unused: readonly string[];
}

/**
 * Looks at which names occur. Nothing is read.
 * @throws CheckpointError CKPT_MISMATCH if no project that is known names tensors so, or the file holds several models; CKPT_DUPLICATE
 * if two are the same to us.
 */
export function underOurNames({ names, source }: Checkpoint): Named {
  const bare = names.map((name) => [name, bareName(name)] as const);
  const shorts = bare.map(([, short]) => short);
  const naming = namings.find(({ sign }) => prefixesBefore(sign, shorts).length > 0);
  if (!naming) throw new CheckpointError("CKPT_MISMATCH", `${source}: ${unknownNames(names)}`);
  const [prefix = "", ...others] = prefixesBefore(naming.block, shorts);
  if (others.length > 0) {
    const found = [prefix, ...others].map((text) => quoted(text)).join(", ");
    const fix = "save the state dict of one of them";
    throw new CheckpointError("CKPT_MISMATCH", `${source}: several models, whose names begin with ${found}; ${fix}`);
  }
  const rules = naming.rules.map(([from, to, part]) => ({ from: patternOf(from), to: replacementOf(to), part }));
  const pieces = new Map<string, string[]>();
  const partial = new Set<string>();
  const unused: string[] = [];
  for (const [name, wrapped] of bare) {
    const short = withoutPrefix(wrapped, prefix) ?? "";
    if (COUNTS.test(wrapped) || naming.derived?.test(short)) continue;
    if (naming.unused?.test(short)) {
      unused.push(name);
      continue;
    }
    const rule = rules.find(({ from }) => from.test(short));
    const to = rule ? short.replace(rule.from, rule.to) : name;
    const found = pieces.get(to) ?? [];
    const part = rule?.part ?? 0;
    if (found[part] !== undefined) {
      throw new CheckpointError("CKPT_DUPLICATE", `${source}: ${found[part]} and ${name} are both ${to}`);
    }
    found[part] = name;
    pieces.set(to, found);
    if (rule?.part !== undefined) partial.add(to);
  }
  // an incomplete tensor is missing, and what there is of it is unexpected
  const whole = [...pieces].flatMap(([to, parts]): [string, string[]][] => {
    const found = parts.filter((name) => name !== undefined);
    return found.length === (partial.has(to) ? PARTS : 1) ? [[to, found]] : found.map((name) => [name, [name]]);
  });
  return { naming, tensors: new Map(whole), unused };
}

/** A rule's name of theirs as a pattern, and its name of ours as what replaces that. */
const patternOf = (from: string) =>
  new RegExp(`^${from.replaceAll(".", "\\.").replace("#", "(?<n>\\d+)").replace("@", "(?<p>weight|bias)")}$`);
const replacementOf = (to: string) => to.replace("#", "$$<n>").replace("@", "$$<p>");

function unknownNames(names: readonly string[]): string {
  const found = names.length === 0 ? "no tensors" : `${names.slice(0, 4).join(", ")}${names.length > 4 ? " ..." : ""}`;
  const known = namings.map(({ project }) => project).join(", ");
  return `found ${found}; expected the names of a vision transformer of ${known}`;
}

/** The shape of tensors that are joined along their first dimension to make `name`. @throws CheckpointError CKPT_MISMATCH */
export function joinedShape(checkpoint: Checkpoint, name: string, from: readonly string[]): readonly number[] {
  const shapes = from.map((part) => checkpoint.info(part).shape);
  const [[, ...rest]] = shapes;
  if (shapes.length === 1) return shapes[0];
  if (shapes.some((shape) => shape.length === 0 || String(shape.slice(1)) !== String(rest))) {
    const found = shapes.map((shape) => `[${shape}]`).join(", ");
    const what = `${checkpoint.source}: ${name} has parts of shapes ${found}, which differ`;
    throw new CheckpointError("CKPT_MISMATCH", what);
  }
  return [shapes.reduce((sum, [n]) => sum + n, 0), ...rest];
}
