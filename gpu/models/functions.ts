/**
 * What models compute, in one table of functions over symbolic values: features, the classifier, and MaskFeat (Wei et al., CVPR 2022,
 * https://arxiv.org/abs/2112.09133), which predicts a target for each masked patch.
 */

import type { Shape } from "../graph/op.js";
import { Tape, type Value } from "../graph/tape.js";
import { type Ops, ops } from "../ops/index.js";
import { dense, patchTokens, Scope } from "./nn.js";
import { features, type OutType, type Pooling, stages, type ViTConfig } from "./vit.js";

export type Arch = "vit";

const backbones: Readonly<Record<Arch, { features: typeof features; stages: typeof stages }>> = {
  vit: { features, stages },
};

export const archs = /* @__PURE__ */ Object.keys(backbones) as readonly Arch[];

/** "backbone" has no head: a vision transformer for its features. */
export type Kind = "pretrain" | "classifier" | "backbone";

/** The part of a configuration that functions read. */
export interface FunctionConfig extends ViTConfig {
  /** Default "vit". */
  readonly arch?: Arch;
  readonly kind: Kind;
  readonly numClasses: number;
  readonly outType: OutType;
  readonly finalNorm: boolean;
  /** Whether the mean of the patches has a norm of its own. */
  readonly poolNorm: boolean;
  /** What a classifier's head reads. */
  readonly pooling: Pooling;
}

/** Prediction and target [B,N,F] and mask [B,N] -> [2]: the sum over masked tokens of their losses, and their number. */
const losses = {
  /** The mean over F of the squared differences. */
  mse: (s: Scope, inputs: readonly Value[]) => s.call("maskedMse", inputs, {}),
};

export type LossName = keyof typeof losses;

export interface FunctionOptions {
  /** Form of the features; default: the configuration's. */
  readonly outType?: OutType;
  /** Blocks whose features are wanted, 0 to numLayers - 1, ascending; default: the last one. */
  readonly outIndices?: readonly number[];
  /** What is predicted for a patch: how many elements, and the loss that compares them. Needed by `masked` and `loss`. */
  readonly target?: { readonly width: number; readonly loss: LossName };
}

type Inputs = Readonly<Record<string, Value>>;
type ModelFunction = (s: Scope, c: FunctionConfig, inputs: Inputs, o: FunctionOptions) => Value[];

const backbone = ({ arch = "vit" }: FunctionConfig) => backbones[arch];
const last = (c: FunctionConfig) => [c.numLayers - 1];

const masked: ModelFunction = (s, c, { images, mask }, { target }) => {
  const [latent] = backbone(c).stages(s.at("backbone"), images, c, { outIndices: last(c), finalNorm: true }, mask);
  return [dense(s.at("neck.fc"), patchTokens(s, latent), target!.width)];
};

const table = {
  /** images [B,3,H,W] -> one feature tensor for each of `outIndices`, in the form `outType`. */
  features(s, c, { images }, { outType = c.outType, outIndices = last(c) }) {
    return backbone(c).features(s.at("backbone"), images, c, { ...c, outType, outIndices });
  },
  /** images [B,3,H,W] -> logits [B,classes]. */
  logits(s, c, { images }) {
    const o = { ...c, outType: c.pooling, outIndices: last(c) };
    const [pooled] = backbone(c).features(s.at("backbone"), images, c, o);
    return [dense(s.at("head.fc"), pooled, c.numClasses)];
  },
  /** images [B,3,S,S] and mask [B,N] -> prediction [B,N,F] for every token. */
  masked,
  /** The same and target [B,N,F] -> prediction [B,N,F], and [2]: the sum over masked tokens of their losses, and their number. */
  loss(s, c, inputs, o) {
    const [pred] = masked(s, c, inputs, o);
    return [pred, losses[o.target!.loss](s, [pred, inputs.target, inputs.mask])];
  },
} satisfies Record<string, ModelFunction>;

export type FunctionName = keyof typeof table;

/** What a kind of model computes. A checkpoint has to have the parameters of the first; others may need more. */
export const functionsOf: Readonly<Record<Kind, readonly [FunctionName, ...FunctionName[]]>> = {
  pretrain: ["masked", "loss", "features"],
  classifier: ["logits", "features"],
  backbone: ["features"],
};

export type Shapes = Readonly<Record<string, Shape>>;

/** A recorded function: what it reads, writes and needs. */
export interface Traced {
  readonly tape: Tape<Ops>;
  readonly outputs: readonly Value[];
}

/** Records a function for inputs of these shapes; on the tape of others it shares their inputs and parameters. @throws ShapeError */
export function trace(
  name: FunctionName,
  c: FunctionConfig,
  shapes: Shapes,
  o: FunctionOptions = {},
  tape = new Tape(ops),
): Traced {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([input, shape]) => [input, tape.input(input, shape)]));
  return { tape, outputs: table[name](new Scope(tape), c, inputs, o) };
}
