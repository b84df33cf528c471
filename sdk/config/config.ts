/** A model's configuration: architecture, HOG targets and pre-processing in one flat object, checked and completed. */

import { OptionError } from "../../gpu/errors.js";
import type { OutType, Pooling, ViTConfig } from "../../gpu/models/vit.js";
import { checkChoice, checkInteger, checkKeys } from "../base/check.js";
import {
  type CropMode,
  cropModes,
  type Interpolation,
  type PerChannel,
  type PreprocessOptions,
} from "../image/transform.js";
import { findPreset, type Preset, type PresetName, presetEdge } from "./presets.js";

export type Kind = "pretrain" | "classifier" | "backbone";

export interface HogConfig {
  /** Orientation bins over 180 degrees. */
  readonly nbins: number;
  /** Side of a cell in pixels. */
  readonly pool: number;
  /** Side of the tiled Gaussian weight in pixels; 0 is off. */
  readonly gaussianWindow: number;
}

export interface ModelConfig extends ViTConfig {
  /** "backbone" has no head: a vision transformer for its features. */
  readonly kind: Kind;
  readonly numClasses: number;
  /** Names of the classes, where they are known. */
  readonly classes?: readonly string[];
  readonly outType: OutType;
  readonly finalNorm: boolean;
  /** What a classifier's head reads. */
  readonly pooling: Pooling;
  /** Without it queries, keys and values have no bias; default true. */
  readonly qkvBias: boolean;
  readonly hog: HogConfig;
  /** Of the channels R, G, B, on the scale 0 to 255. */
  readonly mean: PerChannel;
  readonly std: PerChannel;
  /** The shorter edge after resizing, before the centre crop of `imageSize`. */
  readonly resizeEdge: number;
  readonly interpolation: Interpolation;
  /** "center": `resizeEdge` is the shorter edge; "squash": it is both edges. */
  readonly cropMode: CropMode;
}

/**
 * What a user may write: every field that is left out has the value of the base recipe, or where a preset is named, what that says of
 * norms, pooling and pre-processing.
 */
export type PartialConfig = Partial<Omit<ModelConfig, "hog">> & {
  readonly hog?: Partial<HogConfig>;
  readonly preset?: PresetName;
};

export const outTypes: readonly OutType[] = ["raw", "cls_token", "featmap", "avg_featmap"];
const interpolations: readonly Interpolation[] = ["bilinear", "bicubic"];

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
} as const;

const kinds: readonly Kind[] = ["pretrain", "classifier", "backbone"];
const poolings: readonly Pooling[] = ["avg_featmap", "cls_token"];

const hogBase: HogConfig = { nbins: 9, pool: 8, gaussianWindow: 16 };

/** What a model gives: a pre-training model its tokens, the others what their recipe pools. */
function outputs(kind: Kind, pooling: Pooling): Pick<ModelConfig, "outType" | "finalNorm"> {
  return kind === "pretrain"
    ? { outType: "raw", finalNorm: true }
    : { outType: pooling, finalNorm: pooling === "cls_token" };
}

/** What the preset says, for a model of this size. */
function surroundings(name: PresetName, imageSize: number, resizeEdge?: number) {
  const { layerNormEps, mean, std, interpolation, cropMode, pooling, hog }: Preset = findPreset(name);
  const edge = resizeEdge ?? presetEdge(name, imageSize);
  return { layerNormEps, mean, std, interpolation, cropMode, pooling, resizeEdge: edge, hog: { ...hogBase, ...hog } };
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

function checkDivides(what: string, n: number, by: number): void {
  if (n % by !== 0) bad(`${what}: ${n} is not a multiple of ${by}`);
}

/**
 * Completes and checks a configuration.
 * @throws OptionError naming the field, what it may be and what it was.
 */
export function completeConfig(given: PartialConfig): ModelConfig {
  if (typeof given !== "object" || given === null || Array.isArray(given)) bad("must be an object");
  const { preset = "mmpretrain", ...fields } = given;
  const around = surroundings(preset, given.imageSize ?? base.imageSize, given.resizeEdge);
  const kind = given.kind ?? (preset === "mmpretrain" || preset === "pyslowfast" ? "pretrain" : "backbone");
  checkChoice("config: kind", kind, kinds);
  const defaults = { ...base, ...around, kind, ...outputs(kind, given.pooling ?? around.pooling) };
  checkKeys("config", given, ["preset", "classes", ...Object.keys(defaults)]);
  checkKeys("config.hog", given.hog ?? {}, Object.keys(hogBase));
  const config: ModelConfig = { ...defaults, ...fields, hog: { ...around.hog, ...given.hog } };
  checkConfig(config);
  return config;
}

function checkConfig(c: ModelConfig): void {
  const sizes = { imageSize: 8192, patchSize: 1024, embedDims: 16384, numLayers: 1000, numHeads: 1024 };
  for (const [name, most] of Object.entries(sizes))
    checkInteger(`config: ${name}`, c[name as keyof typeof sizes], 1, most);
  checkInteger("config: feedforwardChannels", c.feedforwardChannels, 1, 65536);
  checkInteger("config: numClasses", c.numClasses, 1, 1e6);
  checkClasses(c);
  checkInteger("config: resizeEdge", c.resizeEdge, 1, 16384);
  checkChoice("config: outType", c.outType, outTypes);
  checkChoice("config: interpolation", c.interpolation, interpolations);
  checkChoice("config: cropMode", c.cropMode, cropModes);
  checkChoice("config: pooling", c.pooling, poolings);
  checkChoice("config: finalNorm", c.finalNorm, [true, false]);
  checkChoice("config: qkvBias", c.qkvBias, [true, false]);
  checkColours("mean", c.mean, false);
  checkColours("std", c.std, true);
  if (!(c.layerNormEps > 0 && c.layerNormEps < 1)) bad(`layerNormEps must be between 0 and 1, got ${c.layerNormEps}`);
  checkDivides("imageSize by patchSize", c.imageSize, c.patchSize);
  checkDivides("embedDims by numHeads", c.embedDims, c.numHeads);
  // a classifier predicts no HOG: what the base recipe has of it need not fit its patches
  if (c.kind === "pretrain") checkHog(c);
}

function checkClasses({ classes, numClasses }: ModelConfig): void {
  if (classes === undefined) return;
  const fine = Array.isArray(classes) && classes.length === numClasses && classes.every((c) => typeof c === "string");
  if (!fine) bad(`classes must be ${numClasses} names, as many as numClasses`);
}

function checkHog({ hog, imageSize, patchSize }: ModelConfig): void {
  checkInteger("config: hog.nbins", hog.nbins, 1, 180);
  checkInteger("config: hog.pool", hog.pool, 1, patchSize);
  checkInteger("config: hog.gaussianWindow", hog.gaussianWindow, 0, imageSize);
  checkDivides("patchSize by hog.pool", patchSize, hog.pool);
  if (hog.gaussianWindow > 0) checkDivides("imageSize by hog.gaussianWindow", imageSize, hog.gaussianWindow);
}

const surroundingFields = [
  "layerNormEps",
  "mean",
  "std",
  "interpolation",
  "resizeEdge",
  "cropMode",
  "pooling",
] as const;

/** Whether norms, pooling and pre-processing were said: a registered model's are, and those of a preset. */
export function knowsSurroundings(model: string | PartialConfig | undefined): boolean {
  if (typeof model !== "object") return true;
  return model.preset !== undefined || surroundingFields.every((field) => model[field] !== undefined);
}

/** How a model's images are prepared: the options of `preprocess`. */
export function transformOf(c: ModelConfig): Required<PreprocessOptions> {
  const { resizeEdge, imageSize, interpolation, cropMode, mean, std } = c;
  return { resizeEdge, cropSize: imageSize, interpolation, cropMode, mean, std };
}

/** Whether a parameter is one that a model with `qkvBias: false` lacks. */
export const isQkvBias = (name: string): boolean => name.endsWith(".attn.qkv.bias");

/** Numbers that are predicted for a patch: 3 channels x bins x cells; 108 for ViT-B/16. */
export function targetWidth(c: ModelConfig): number {
  return 3 * c.hog.nbins * (c.patchSize / c.hog.pool) ** 2;
}
