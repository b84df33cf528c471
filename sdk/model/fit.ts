/** How the tensors of a checkpoint become a model's parameters: what may be missing, what is left out, what is resized. */

import { CheckpointError, OptionError } from "../../gpu/errors.js";
import { size } from "../../gpu/graph/op.js";
import type { Value } from "../../gpu/graph/tape.js";
import { checkFinite } from "../base/tensor.js";
import { classNames } from "../checkpoint/classes.js";
import { type NamedCheckpoint, renamed } from "../checkpoint/names/index.js";
import { gridSide, resizePositions } from "../checkpoint/positions.js";
import type { Checkpoint, Staging } from "../checkpoint/types.js";
import { isQkvBias, type ModelConfig } from "../config/config.js";
import { presetChoices } from "../config/presets.js";

/** Gives parameters by name. */
export interface ParameterSource {
  /** For people: "procedural", "init:7", or the file. */
  readonly label: string;
  readonly trained: boolean;
  /** The names of the classes that it was trained on, where it says them. */
  readonly classes?: readonly string[];
  /** Row-major numbers, perhaps in memory of `staging`; undefined where the source has none for this parameter. */
  get(name: string, shape: readonly number[], staging?: Staging): Promise<Float32Array | undefined>;
  /** What is not as it seems, for people: parameters left out, filled in or resized. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** The model that weights are wanted for. */
export interface Wanted {
  readonly params: readonly Value[];
  readonly config: ModelConfig;
  /** Whether someone said what the configuration has of norms and pre-processing, rather than left it to the base recipe. */
  readonly surroundingsKnown: boolean;
}

/** Parameters that a checkpoint may lack, with what they then are: the norm after pooling is the identity, as in the reference. */
export function identity(name: string, shape: readonly number[]): Float32Array | undefined {
  if (name === "backbone.ln2.weight") return new Float32Array(size(shape)).fill(1);
  if (name === "backbone.ln2.bias") return new Float32Array(size(shape));
  return undefined;
}

const POSITIONS = "backbone.pos_embed";

/**
 * The parameters in `checkpoint`, which is closed where it does not fit.
 * @throws CheckpointError naming all missing, unexpected and wrongly shaped tensors at once; OptionError where the file's recipe is unknown
 */
export async function fitCheckpoint(checkpoint: Checkpoint, wanted: Wanted): Promise<ParameterSource> {
  try {
    const named = renamed(checkpoint);
    checkRecipe(named, wanted);
    return source(named, [...compare(named, wanted), ...resizing(named, wanted)]);
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

function source(file: NamedCheckpoint, warnings: readonly string[]): ParameterSource {
  const names = new Set(file.names);
  return {
    label: file.source,
    trained: true,
    warnings,
    classes: classNames(file),
    async get(name, shape, staging) {
      if (!names.has(name)) return undefined;
      const fitting = String(file.info(name).shape) === String(shape);
      // staging is as large as the model's largest parameter, which positions of a larger grid may exceed
      const tensor = await file.get(name, fitting ? staging : undefined);
      checkFinite(`${file.source}: ${name}`, tensor.data);
      if (fitting) return tensor.data;
      return resizePositions(tensor, gridSide(tensor.shape) as number, gridSide(shape) as number).data;
    },
    close: () => file.close(),
  };
}

/** Files of these projects fit many recipes, and name none. @throws OptionError OPT_MISSING */
function checkRecipe({ source, naming }: NamedCheckpoint, { surroundingsKnown }: Wanted): void {
  if (!naming.manyRecipes || surroundingsKnown) return;
  const unknown = "layerNormEps, mean, std, resizeEdge, interpolation, cropMode and pooling";
  const fix = "give the model's config.json, or a preset in the configuration";
  throw new OptionError(
    "OPT_MISSING",
    `${source}: the weights have ${naming.project}'s names, which tell nothing of ${unknown}: ${fix}; the presets are ${presetChoices}`,
  );
}

/** What the reference itself leaves out when it loads the backbone alone, or one recipe's backbone into another. */
function mayBeLeftOut(name: string, { naming }: NamedCheckpoint, { config }: Wanted): boolean {
  if (name === "backbone.mask_token") return true;
  if (config.kind === "backbone") return /^(head|neck)\.|^backbone\.ln1\./.test(name);
  return !naming.manyRecipes && /^backbone\.ln1\./.test(name);
}

/** What was left out and filled in, as one warning. @throws CheckpointError */
function compare(file: NamedCheckpoint, wanted: Wanted): string[] {
  const { config } = wanted;
  const params = wanted.params.filter(({ name }) => config.qkvBias || !isQkvBias(name));
  const known = new Set(file.names);
  const names = new Set(params.map((p) => p.name));
  const strict = file.naming.manyRecipes && config.kind === "classifier";
  const optional = (name: string) => !strict && identity(name, [1]) !== undefined;

  const missing = params.map((p) => p.name).filter((name) => !known.has(name));
  const unexpected = file.names.filter((name) => !names.has(name) && !optional(name));
  const wrong = params.filter((p) => known.has(p.name) && !fits(p, file)).map((p) => mismatch(p, file));
  const problems = [
    ...some(
      "missing",
      missing.filter((name) => !optional(name)),
    ),
    ...some(
      "unexpected",
      unexpected.filter((name) => !mayBeLeftOut(name, file, wanted)),
    ),
    ...some("wrong shape", wrong),
  ];
  if (problems.length > 0) {
    const hint = `is this the checkpoint of another model? (names as ${file.naming.project} has them)`;
    throw new CheckpointError("CKPT_MISMATCH", `${file.source}: ${problems.join("; ")}; ${hint}`);
  }
  const told = [...some("not used", [...unexpected, ...file.unused]), ...some("set to the identity", missing)];
  return told.length > 0 ? [`${file.source}: ${told.join("; ")}`] : [];
}

/** The first few of a list, for a message of one line. */
function some(kind: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > 8 ? `, and ${items.length - 8} more` : "";
  return [`${kind}: ${items.slice(0, 8).join(", ")}${more}`];
}

const mismatch = ({ name, shape }: Value, file: NamedCheckpoint) =>
  `${name} expected [${shape}], found [${file.info(name).shape}]`;

function fits({ name, shape }: Value, file: NamedCheckpoint): boolean {
  const found = file.info(name).shape;
  if (String(found) === String(shape)) return true;
  return name === POSITIONS && gridSide(found) !== undefined && found[2] === shape[2];
}

/** Says so where positions of another grid are resized. */
function resizing(file: NamedCheckpoint, { params }: Wanted): string[] {
  const wanted = params.find(({ name }) => name === POSITIONS);
  const found = file.names.includes(POSITIONS) ? file.info(POSITIONS).shape : undefined;
  if (!wanted || !found || String(found) === String(wanted.shape)) return [];
  const [from, to] = [found, wanted.shape].map((shape) => `[${shape}] (${gridSide(shape)}x${gridSide(shape)} patches)`);
  return [`${file.source}: the position embedding was resized from ${from} to ${to}`];
}
