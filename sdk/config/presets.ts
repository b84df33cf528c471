/**
 * What surrounds the weights of a vision transformer and is not in its file, for the families whose recipes are published: norms, pooling
 * and pre-processing. Facts of mmpretrain 1.2.0 (configs), PySlowFast (configs/masked_ssl), timm 1.0 (`default_cfgs` of
 * vision_transformer.py and deit.py) and Hugging Face transformers 4 (`ViTConfig`, `ViTImageProcessor`).
 */

import { OptionError } from "../../gpu/errors.js";
import type { Pooling, Positions } from "../../gpu/models/vit.js";
import { checkChoice } from "../base/check.js";
import { constant } from "../base/constant.js";
import type { CropMode, Interpolation, PerChannel } from "../image/transform.js";

/** What a preset fixes. */
export interface Preset {
  /** Whose files it is for. */
  readonly about: string;
  readonly layerNormEps: number;
  /** The class token after the final norm, or the mean of the patches and a norm of their own. */
  readonly pooling: Pooling;
  readonly mean: PerChannel;
  readonly std: PerChannel;
  readonly interpolation: Interpolation;
  readonly cropMode: CropMode;
  /** Whether the mean of the patches has a norm of its own whatever `pooling` is; default: only if the model pools the mean. */
  readonly poolNorm?: true;
  /** The edge that images of a size are resized to before the crop; undefined for a size that the recipe does not have. */
  resizeEdge(imageSize: number): number | undefined;
  readonly hog?: { readonly gaussianWindow: number };
  /** How positions are resized to another grid; without it the names in the file of weights tell. */
  readonly positions?: Positions;
}

const imagenet = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } as const;
const half = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } as const;

/** The shorter edge that goes with a crop of `size`: 256 for 224. */
export function resizeEdgeFor(size: number): number {
  return Math.round((size * 256) / 224);
}

/** timm's `crop_pct` of these families: 0.9, and 1 at 384 pixels. */
const timmEdge = (size: number) => ({ 224: 248, 384: 384 })[size];

const center = { cropMode: "center", layerNormEps: 1e-6 } as const;
const reference = constant(() => ({ ...center, poolNorm: true }) as const);
const timm = constant(() => ({ ...center, cropMode: "center-pad" }) as const);

export const presets = constant(
  () =>
    ({
      mmpretrain: {
        about: "mmpretrain's MaskFeat",
        ...reference,
        ...imagenet,
        pooling: "avg_featmap",
        interpolation: "bilinear",
        resizeEdge: resizeEdgeFor,
      },
      "mmpretrain-vit": {
        about: "mmpretrain's own ViT at 384 pixels",
        ...reference,
        ...half,
        pooling: "cls_token",
        interpolation: "bilinear",
        resizeEdge: (size) => ({ 384: 384 })[size],
      },
      pyslowfast: {
        about: "PySlowFast's MaskFeat for images",
        ...reference,
        ...imagenet,
        pooling: "avg_featmap",
        interpolation: "bicubic",
        resizeEdge: resizeEdgeFor,
        positions: "bicubic",
        hog: { gaussianWindow: 0 },
      },
      "timm-augreg": {
        about: "timm's vit_*_patch*_224 and _384 tagged augreg or orig",
        ...timm,
        ...half,
        pooling: "cls_token",
        interpolation: "bicubic",
        resizeEdge: timmEdge,
        positions: "antialias",
      },
      "timm-deit": {
        about: "timm's deit_*_patch16_224 and _384, and ViTs tagged mae or dino",
        ...timm,
        ...imagenet,
        pooling: "cls_token",
        interpolation: "bicubic",
        resizeEdge: timmEdge,
        positions: "antialias",
      },
      "hf-google-vit": {
        about: "google/vit-* on Hugging Face",
        ...half,
        layerNormEps: 1e-12,
        pooling: "cls_token",
        interpolation: "bilinear",
        cropMode: "squash-floor",
        resizeEdge: (size) => size,
      },
    }) as const satisfies Record<string, Preset>,
);

export type PresetName = keyof typeof presets;

export const presetNames = /* @__PURE__ */ Object.keys(presets) as readonly PresetName[];

/** The presets with what each is for, in one line. */
export const presetChoices = (): string =>
  Object.entries<Preset>(presets)
    .map(([name, { about }]) => `${name} (${about})`)
    .join(", ");

/** @throws OptionError listing the presets */
export function findPreset(name: PresetName): Preset {
  return presets[checkChoice("config: preset", name, presetNames)];
}

/** The edge before the crop. @throws OptionError if the preset has none for this size and none was given. */
export function presetEdge(name: PresetName, imageSize: number): number {
  const edge = findPreset(name).resizeEdge(imageSize);
  if (edge !== undefined) return edge;
  const why = `the preset ${name} does not say how images of ${imageSize} pixels are resized`;
  throw new OptionError("OPT_MISSING", `config: ${why}: give resizeEdge too`);
}
