/** A model's configuration: architecture, target and pre-processing in one flat object, checked and completed. */

import { OptionError } from "../../gpu/errors.js";
import { archs, type FunctionConfig, functionsOf, type Kind } from "../../gpu/models/functions.js";
import type { OutType, Pooling } from "../../gpu/models/vit.js";
import { checkChoice, checkInteger, checkKeys, checkMultiple } from "../base/check.js";
import { isNames } from "../checkpoint/classes.js";
import { cropModes, type PreprocessOptions } from "../image/transform.js";
import { findPreset, type Preset, type PresetName, presetEdge } from "./presets.js";
import { type HogConfig, type TargetConfig, target } from "./targets.js";

/** The edge of `resizeEdge` precedes the centre crop of `imageSize`, or is both edges if `cropMode` begins with "squash". */
type Preprocessing = Required<Omit<PreprocessOptions, "cropSize">>;

export interface ModelConfig extends FunctionConfig, TargetConfig, Preprocessing {
  /** Names of the classes, if they are known. */
  readonly classes?: readonly string[];
  /** What it was trained on: names the classes if nothing else does. */
  readonly dataset?: "imagenet-1k";
  /** Without it queries, keys and values have no bias; default true. */
  readonly qkvBias: boolean;
  /** What a classifier's scores are of its logits; default "softmax". */
  readonly scoreFunction: ScoreFunction;
}

/** Scores that sum to 1, an independent score for each class, or the logits themselves. */
export type ScoreFunction = "softmax" | "sigmoid" | "none";

/**
 * What a user may write: every field that is left out has the value of the base recipe, or if a preset is named, what that says of
 * norms, pooling and pre-processing.
 */
export type PartialConfig = Partial<Omit<ModelConfig, "hog">> & {
  readonly hog?: Partial<HogConfig>;
  readonly preset?: PresetName;
};

export const outTypes: readonly OutType[] = ["raw", "cls_token", "featmap", "avg_featmap"];

/** ViT-B/16 at 224 pixels, as mmpretrain's MaskFeat configs have it. */
const base = {
  imageSize: 224,
  patchSize: 16,
  embedDims: 768,
  numLayers: 12,
  numHeads: 12,
  feedforwardChannels: 3072,
  numClasses: 1000,
  qkvBias: true,
  scoreFunction: "softmax",
} as const;

const hogBase: HogConfig = { nbins: 9, pool: 8, gaussianWindow: 16 };

/** The largest value of each size; the smallest is 1. */
const sizes = {
  imageSize: 8192,
  patchSize: 1024,
  embedDims: 16384,
  numLayers: 1000,
  numHeads: 1024,
  feedforwardChannels: 65536,
  numClasses: 1e6,
  resizeEdge: 16384,
} as const;

const choices = {
  arch: archs,
  kind: /* @__PURE__ */ Object.keys(functionsOf) as Kind[],
  outType: outTypes,
  interpolation: ["bilinear", "bicubic"],
  cropMode: cropModes,
  pooling: ["avg_featmap", "cls_token"],
  finalNorm: [true, false],
  poolNorm: [true, false],
  qkvBias: [true, false],
  scoreFunction: ["softmax", "sigmoid", "none"],
} satisfies { readonly [K in keyof ModelConfig]?: readonly ModelConfig[K][] };

/** What a model gives: a pre-training model its tokens, the others what their recipe pools. */
function outputs(kind: Kind, pooling: Pooling, poolNorm = pooling === "avg_featmap") {
  return kind === "pretrain"
    ? ({ outType: "raw", finalNorm: true, poolNorm } as const)
    : ({ outType: pooling, finalNorm: pooling === "cls_token", poolNorm } as const);
}

/** What the preset says, for a model of this size. */
function surroundings(name: PresetName, imageSize: number, resizeEdge = presetEdge(name, imageSize)) {
  const { about: _, poolNorm, hog, ...said }: Preset = findPreset(name);
  return { ...said, poolNorm, resizeEdge, hog: { ...hogBase, ...hog } };
}

function bad(what: string): never {
  throw new OptionError("OPT_VALUE", `config: ${what}`);
}

function checkColours(name: string, value: unknown, positive: boolean): void {
  const fine = (v: unknown) => typeof v === "number" && Number.isFinite(v) && (!positive || v > 0);
  if (!Array.isArray(value) || value.length !== 3 || !value.every(fine)) {
    bad(`${name} must be three ${positive ? "positive" : "finite"} numbers (R, G, B), got ${JSON.stringify(value)}`);
  }
}

/**
 * Completes and checks a configuration.
 * @throws OptionError naming the field, what it may be and what it was.
 */
export function completeConfig(given: PartialConfig): ModelConfig {
  if (typeof given !== "object" || given === null || Array.isArray(given)) bad("must be an object");
  const { preset = "mmpretrain", arch = "vit", ...fields } = given;
  const positions = given.positions ?? findPreset(preset).positions;
  const around = surroundings(preset, given.imageSize ?? base.imageSize, given.resizeEdge);
  const kind = given.kind ?? (preset === "mmpretrain" || preset === "pyslowfast" ? "pretrain" : "backbone");
  const defaults = { ...base, ...around, kind, ...outputs(kind, given.pooling ?? around.pooling, around.poolNorm) };
  checkKeys("config", given, ["preset", "arch", "classes", "dataset", "positions", ...Object.keys(defaults)]);
  checkKeys("config.hog", given.hog ?? {}, Object.keys(hogBase));
  const config = { ...defaults, ...fields, kind, hog: { ...around.hog, ...given.hog } };
  checkConfig({ ...config, arch });
  if (positions !== undefined) checkChoice("config: positions", positions, ["bicubic", "antialias"]);
  // the defaults are left out: they would only lengthen the JSON
  return { ...config, ...(arch !== "vit" && { arch }), ...(positions && { positions }) };
}

function checkConfig(c: ModelConfig): void {
  for (const [name, most] of Object.entries(sizes))
    checkInteger(`config: ${name}`, c[name as keyof typeof sizes], 1, most);
  for (const [name, all] of Object.entries<readonly (string | boolean)[]>(choices))
    checkChoice(`config: ${name}`, c[name as keyof typeof choices] as string | boolean, all);
  if (c.dataset !== undefined) checkChoice("config: dataset", c.dataset, ["imagenet-1k"]);
  checkNames(c);
  checkColours("mean", c.mean, false);
  checkColours("std", c.std, true);
  if (!(c.layerNormEps > 0 && c.layerNormEps < 1)) bad(`layerNormEps must be between 0 and 1, got ${c.layerNormEps}`);
  checkMultiple("config: imageSize by patchSize", c.imageSize, c.patchSize);
  checkMultiple("config: embedDims by numHeads", c.embedDims, c.numHeads);
  // a classifier predicts no target: what the base recipe has of it need not fit its patches
  if (c.kind === "pretrain") target.check(c);
}

function checkNames({ classes, numClasses }: ModelConfig): void {
  if (classes === undefined || (isNames(classes) && classes.length === numClasses)) return;
  bad(`classes must be ${numClasses} names, as many as numClasses`);
}

/** Whether norms, pooling and pre-processing were said: a registered model's are, and those of a preset. */
export function knowsSurroundings(model: string | PartialConfig | undefined): boolean {
  if (typeof model !== "object") return true;
  const { hog: _, ...said } = surroundings("mmpretrain", base.imageSize);
  return (
    model.preset !== undefined || Object.keys(said).every((field) => model[field as keyof typeof said] !== undefined)
  );
}

/** How a model's images are prepared: the options of `preprocess`. */
export function transformOf(c: ModelConfig): Required<PreprocessOptions> {
  const { resizeEdge, imageSize, interpolation, cropMode, mean, std } = c;
  return { resizeEdge, cropSize: imageSize, interpolation, cropMode, mean, std };
}

/** Whether the model does without a parameter that its functions read: with `qkvBias: false` those biases are zeros to the graph. */
export const lacks = ({ qkvBias }: ModelConfig, name: string): boolean => !qkvBias && name.endsWith(".attn.qkv.bias");
