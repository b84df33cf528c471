/** How the tensors of a checkpoint become a model's parameters: what may be missing, what is left out, filled in or resized. */

import { CheckpointError, OptionError } from "../../gpu/errors.js";
import type { Tape, Value } from "../../gpu/graph/tape.js";
import type { Positions } from "../../gpu/models/vit.js";
import { checkFinite, sizeOf } from "../base/tensor.js";
import { joinedShape, type Named, underOurNames } from "../checkpoint/names/index.js";
import { gridSide, resizePositions } from "../checkpoint/positions.js";
import type { Checkpoint, Staging } from "../checkpoint/types.js";
import { lacks, type ModelConfig } from "../config/config.js";
import { presetChoices } from "../config/presets.js";
import { ownParams } from "../config/traced.js";

/** The model that weights are wanted for. */
export interface Wanted {
  readonly config: ModelConfig;
  /** Everything that it can be asked for: its parameters are those wanted. */
  readonly tape: Tape;
  /** Whether someone said what the configuration has of norms and pre-processing, rather than left it to the base recipe. */
  readonly surroundingsKnown: boolean;
}

/** Where the elements of a parameter come from: tensors of the file, joined, with their shape together; or one number throughout. */
export type Origin =
  | { readonly from: readonly string[]; readonly shape: readonly number[] }
  | { readonly fill: number };

/** How a checkpoint makes a model. */
export interface Fit {
  /** By parameter. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Parameters that the checkpoint lacks and that begin as the reference initialises them. */
  readonly filled: readonly string[];
  /** Human-readable notes: parameters that were skipped, initialised or resized. */
  readonly warnings: readonly string[];
  /** How positions are resized: as the configuration says, else as the project that names tensors so. */
  readonly positions: Positions;
}

/** Parameters that a checkpoint may lack, and their initial values in the reference: the norm after pooling. */
const initial: Readonly<Record<string, number>> = { "backbone.ln2.weight": 1, "backbone.ln2.bias": 0 };

const POSITIONS = "backbone.pos_embed";

/**
 * Finds every parameter in `checkpoint`. No tensor is read yet.
 * @throws CheckpointError naming all missing, unexpected and wrongly shaped tensors at once; OptionError if the file's recipe is unknown
 */
export function fitCheckpoint(checkpoint: Checkpoint, wanted: Wanted): Fit {
  const named = underOurNames(checkpoint);
  const { source } = checkpoint;
  checkRecipe(source, named, wanted);
  const { config, tape } = wanted;
  // the recipes of these models say which norm follows pooling, so its absence means another recipe
  const strict = named.naming.manyRecipes && (config.kind === "classifier" || config.pooling === "avg_featmap");
  const own = new Set(ownParams(config).map(({ name }) => name));
  const mayLack = (name: string) => name in initial && !(strict && own.has(name));

  const positions = config.positions ?? (named.naming.antialias ? "antialias" : "bicubic");

  const origins = new Map<string, Origin>();
  const [missing, wrong, filled, resized]: string[][] = [[], [], [], []];
  for (const { name, shape } of tape.params.values()) {
    const from = named.tensors.get(name);
    if (lacks(config, name)) origins.set(name, { fill: 0 });
    else if (from) {
      const found = joinedShape(checkpoint, name, from);
      origins.set(name, { from, shape: found });
      if (String(found) === String(shape)) continue;
      if (name === POSITIONS && gridSide(found) !== undefined && found[2] === shape[2]) {
        const [before, after] = [found, shape].map((s) => `[${s}] (${gridSide(s)}x${gridSide(s)} patches)`);
        resized.push(`${source}: the position embedding was resized from ${before} to ${after}`);
      } else wrong.push(`${name} expected [${shape}], found [${found}]`);
    } else if (mayLack(name)) {
      filled.push(name);
      origins.set(name, { fill: initial[name] });
    } else missing.push(name);
  }
  const unexpected = [...named.tensors.keys()].filter((name) => !("from" in (origins.get(name) ?? {})));
  const refused = unexpected.filter((name) => !mayBeLeftOut(name, named, config));
  const problems = [...some("missing", missing), ...some("unexpected", refused), ...some("wrong shape", wrong)];
  if (problems.length > 0) {
    const hint = `is this the checkpoint of another model? (names as ${named.naming.project} has them)`;
    throw new CheckpointError("CKPT_MISMATCH", `${source}: ${problems.join("; ")}; ${hint}`);
  }
  // files of many recipes lack the norm of a pooling that is not theirs, which is nothing to warn of
  const notable = filled.filter((name) => own.has(name) || !named.naming.manyRecipes);
  const told = [
    ...some("not used", [...unexpected, ...named.unused]),
    ...some("not in the file, set to gain 1 and bias 0 as mmpretrain does", notable),
  ];
  return {
    origins,
    filled,
    positions,
    warnings: [...checkpoint.warnings, ...(told.length > 0 ? [`${source}: ${told.join("; ")}`] : []), ...resized],
  };
}

/** Files of these projects fit many recipes, and name none. @throws OptionError OPT_MISSING */
function checkRecipe(source: string, { naming }: Named, { surroundingsKnown }: Wanted): void {
  if (!naming.manyRecipes || surroundingsKnown) return;
  const unknown = "layerNormEps, mean, std, resizeEdge, interpolation, cropMode, pooling and poolNorm";
  const fix = "give the model's config.json, or a preset in the configuration";
  throw new OptionError(
    "OPT_MISSING",
    `${source}: the weights have ${naming.project}'s names, which tell nothing of ${unknown}: ${fix}; the presets are ${presetChoices()}`,
  );
}

/** What the reference itself leaves out when it loads only the backbone, or one recipe's backbone into another. */
function mayBeLeftOut(name: string, { naming }: Named, { kind }: ModelConfig): boolean {
  if (name === "backbone.mask_token") return true;
  if (kind === "backbone") return /^(head|neck)\.|^backbone\.ln1\./.test(name);
  return !naming.manyRecipes && /^backbone\.ln1\./.test(name);
}

/** The first few of a list, for a message of one line. */
function some(kind: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > 8 ? `, and ${items.length - 8} more` : "";
  return [`${kind}: ${items.slice(0, 8).join(", ")}${more}`];
}

/** Reads a parameter from its origin, perhaps into memory of `staging`. @throws FileError, CheckpointError, NonFiniteError */
export async function readParameter(
  checkpoint: Checkpoint,
  { name, shape }: Value,
  origin: Origin,
  staging: Staging,
  positions: Positions,
): Promise<Float32Array> {
  if ("fill" in origin) return new Float32Array(sizeOf(shape)).fill(origin.fill);
  const { from } = origin;
  const fitting = String(origin.shape) === String(shape);
  // staging is as large as the model's largest parameter, which positions of a larger grid may exceed
  const into = fitting ? staging : undefined;
  const data = from.length === 1 ? (await checkpoint.get(from[0], into)).data : await join(checkpoint, origin, into);
  checkFinite(`${checkpoint.source}: ${name}`, data);
  if (fitting) return data;
  const [before, after] = [origin.shape, shape].map((s) => gridSide(s) as number);
  return resizePositions({ data, shape: origin.shape }, before, after, positions === "antialias").data;
}

/** Reads tensors one behind the other. */
async function join(
  checkpoint: Checkpoint,
  { from, shape }: Extract<Origin, { from: unknown }>,
  staging?: Staging,
): Promise<Float32Array> {
  const count = sizeOf(shape);
  const data = staging?.take(count) ?? new Float32Array(count);
  let at = 0;
  for (const part of from) {
    const tensor = await checkpoint.get(part);
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  return data;
}
