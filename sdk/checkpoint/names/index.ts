/** A checkpoint of any project under our names. */

import { CheckpointError } from "../../../gpu/errors.js";
import type { Checkpoint } from "../types.js";
import { type Naming, namings } from "./projects.js";

/** What data-parallel training, a wrapping module and a model around the backbone put before a name. */
const PREFIX = /^(?:module\.|model\.)*(?:backbone\.|vit\.|deit\.)?/;

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
 * @throws CheckpointError CKPT_MISMATCH where no project that is known names tensors so; CKPT_DUPLICATE where two are the same to us.
 */
export function underOurNames({ names, source }: Checkpoint): Named {
  const bare = new Map(names.map((name) => [name, name.replace(PREFIX, "")]));
  const naming = namings.find(({ sign }) => [...bare.values()].some((name) => sign.test(name)));
  if (!naming) throw new CheckpointError("CKPT_MISMATCH", `${source}: ${unknownNames(names)}`);
  const rules = naming.rules.map(compile);
  const pieces = new Map<string, Pieces>();
  const unused: string[] = [];
  for (const [name, short] of bare) {
    if (naming.derived?.test(short)) continue;
    if (naming.unused?.test(short)) unused.push(name);
    else place(pieces, name, target(rules, short), source);
  }
  // an incomplete tensor is missing, and what there is of it is unexpected
  const whole = [...pieces].flatMap(([to, { count, from }]): [string, string[]][] => {
    const found = from.filter((name) => name !== undefined);
    return found.length === count ? [[to, found]] : found.map((name) => [name, [name]]);
  });
  return { naming, tensors: new Map(whole), unused };
}

function unknownNames(names: readonly string[]): string {
  const found = names.length === 0 ? "no tensors" : `${names.slice(0, 4).join(", ")}${names.length > 4 ? " ..." : ""}`;
  const known = namings.map(({ project }) => project).join(", ");
  return `found ${found}; expected the names of a vision transformer of ${known}`;
}

interface Compiled {
  readonly from: RegExp;
  readonly to: string;
  readonly part: number;
  /** Pieces that make up `to`. */
  readonly count: number;
}

function compile([from, to, part]: Naming["rules"][number]): Compiled {
  const source = from.replaceAll(".", "\\.").replace("#", "(?<n>\\d+)").replace("@", "(?<p>weight|bias)");
  return { from: new RegExp(`^${source}$`), to, part: part ?? 0, count: part === undefined ? 1 : 3 };
}

/** The names that make up one of ours, by their part, and how many there have to be. */
interface Pieces {
  readonly count: number;
  readonly from: string[];
}

type Target = Pick<Compiled, "to" | "part" | "count">;

function target(rules: readonly Compiled[], name: string): Target {
  for (const { from, to, part, count } of rules) {
    const found = from.exec(name);
    if (!found) continue;
    const { n = "", p = "" } = found.groups ?? {};
    return { to: to.replace("#", n).replace("@", p), part, count };
  }
  return { to: name, part: 0, count: 1 };
}

function place(pieces: Map<string, Pieces>, name: string, { to, part, count }: Target, source: string): void {
  const { from } = pieces.get(to) ?? { from: [] };
  if (from[part] !== undefined) {
    throw new CheckpointError("CKPT_DUPLICATE", `${source}: ${from[part]} and ${name} are both ${to}`);
  }
  from[part] = name;
  pieces.set(to, { count, from });
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
