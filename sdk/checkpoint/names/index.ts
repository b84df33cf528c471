/** A checkpoint of any project under our names. */

import { CheckpointError } from "../../../gpu/errors.js";
import { sizeOf, type Tensor } from "../../base/tensor.js";
import type { Checkpoint, CheckpointFormat, PlainMap, Staging, TensorInfo } from "../types.js";
import { huggingface } from "./huggingface.js";
import { mmpretrain, mmpretrainVit } from "./mmpretrain.js";
import { pyslowfast } from "./pyslowfast.js";
import { timm } from "./timm.js";
import type { Naming } from "./types.js";

const namings: readonly Naming[] = [mmpretrainVit, mmpretrain, pyslowfast, timm, huggingface];

/** What data-parallel training, a wrapping module and a model around the backbone put before a name. */
const PREFIX = /^(?:module\.|model\.)*(?:backbone\.|vit\.|deit\.)?/;

/** A checkpoint that is read by our names. Tensors whose names are in no table keep theirs. */
export interface NamedCheckpoint extends Checkpoint {
  readonly naming: Naming;
  /** As the file names them: parameters that were left out and change no feature. */
  readonly unused: readonly string[];
}

/**
 * Looks at which names occur and gives the tensors our names. Nothing is read yet.
 * @throws CheckpointError CKPT_MISMATCH where no project that is known names tensors so; CKPT_DUPLICATE where two are the same to us.
 */
export function renamed(checkpoint: Checkpoint): NamedCheckpoint {
  const bare = new Map(checkpoint.names.map((name) => [name, name.replace(PREFIX, "")]));
  const naming = namings.find(({ sign }) => [...bare.values()].some((name) => sign.test(name)));
  if (!naming) throw new CheckpointError("CKPT_MISMATCH", `${checkpoint.source}: ${unknownNames(checkpoint.names)}`);
  const rules = naming.rules.map(compile);
  const pieces = new Map<string, Pieces>();
  const unused: string[] = [];
  for (const [name, short] of bare) {
    if (naming.derived?.test(short)) continue;
    if (naming.unused?.test(short)) unused.push(name);
    else place(pieces, name, target(rules, short), checkpoint.source);
  }
  // an incomplete tensor is missing, and what there is of it is unexpected
  const whole = [...pieces].flatMap(([to, { count, from }]): [string, string[]][] => {
    const found = from.filter((name) => name !== undefined);
    return found.length === count ? [[to, found]] : found.map((name) => [name, [name]]);
  });
  return new Renamed(checkpoint, naming, unused, new Map(whole));
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

function target(rules: readonly Compiled[], name: string): Target | undefined {
  for (const { from, to, part, count } of rules) {
    const found = from.exec(name);
    if (!found) continue;
    const { n = "", p = "" } = found.groups ?? {};
    return { to: to.replace("#", n).replace("@", p), part, count };
  }
  return undefined;
}

function place(pieces: Map<string, Pieces>, name: string, found: Target | undefined, source: string): void {
  const { to, part, count } = found ?? { to: name, part: 0, count: 1 };
  const { from } = pieces.get(to) ?? { from: [] };
  if (from[part] !== undefined) {
    throw new CheckpointError("CKPT_DUPLICATE", `${source}: ${from[part]} and ${name} are both ${to}`);
  }
  from[part] = name;
  pieces.set(to, { count, from });
}

class Renamed implements NamedCheckpoint {
  readonly names: readonly string[];

  constructor(
    private readonly file: Checkpoint,
    readonly naming: Naming,
    readonly unused: readonly string[],
    /** Our name -> those of the file that make it up. */
    private readonly pieces: ReadonlyMap<string, readonly string[]>,
  ) {
    this.names = [...pieces.keys()];
  }

  get source(): string {
    return this.file.source;
  }
  get format(): CheckpointFormat {
    return this.file.format;
  }
  get metadata(): ReadonlyMap<string, string> {
    return this.file.metadata;
  }
  get extra(): PlainMap {
    return this.file.extra;
  }
  get opaque(): Checkpoint["opaque"] {
    return this.file.opaque;
  }

  info(name: string): TensorInfo {
    const infos = this.from(name).map((from) => this.file.info(from));
    const [{ dtype, shape }] = infos;
    if (infos.length === 1) return infos[0];
    const rest = String(shape.slice(1));
    if (infos.some((info) => info.shape.length === 0 || String(info.shape.slice(1)) !== rest)) {
      const shapes = infos.map((info) => `[${info.shape}]`).join(", ");
      throw new CheckpointError("CKPT_MISMATCH", `${this.source}: ${name} has parts of shapes ${shapes}, which differ`);
    }
    return { dtype, shape: [infos.reduce((sum, info) => sum + info.shape[0], 0), ...shape.slice(1)] };
  }

  async get(name: string, staging?: Staging): Promise<Tensor> {
    const from = this.from(name);
    if (from.length === 1) return this.file.get(from[0], staging);
    const { shape } = this.info(name);
    const count = sizeOf(shape);
    const data = staging?.take(count) ?? new Float32Array(count);
    let at = 0;
    for (const part of from) {
      const tensor = await this.file.get(part);
      data.set(tensor.data, at);
      at += tensor.data.length;
    }
    return { data, shape };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private from(name: string): readonly string[] {
    return this.pieces.get(name) ?? [name];
  }
}
