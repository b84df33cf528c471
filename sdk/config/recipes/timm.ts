/** timm's `config.json` as its models have it on the Hugging Face hub: `architecture` and `pretrained_cfg`. */

import type { PartialConfig } from "../config.js";
import type { PresetName } from "../presets.js";
import { Fields, onBytes } from "./fields.js";

/** Embedding, blocks and heads of the plain architectures. The hidden layer is four times as wide. */
const sizes = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
  huge: [1280, 32, 16],
} as const;

/** Others of similar names (clip, siglip, dinov2, rope, deit3, distilled ...) have further layers or other ones. */
const PLAIN = /^(?:vit|deit)_(tiny|small|base|large|huge)_patch(\d+)_\d+(?:\.[\w.]+)?$/;

const interpolations = { bilinear: "bilinear", bicubic: "bicubic" } as const;
const cropModes = { center: "center", squash: "squash" } as const;
const poolings = { token: "cls_token", avg: "avg_featmap" } as const;

export function timmConfig(json: object, preset?: PresetName): PartialConfig {
  const fields = new Fields("config.json", json);
  const [, size, patch] =
    PLAIN.exec(String(fields.get("architecture"))) ??
    fields.bad("architecture", "a plain ViT: vit_ or deit_, tiny, small, base, large or huge, patch<n>_<size>");
  const [embedDims, numLayers, numHeads] = sizes[size as keyof typeof sizes];
  const args = fields.object("model_args");
  if (args?.keys().some((key) => key !== "global_pool" && key !== "img_size")) {
    fields.bad("model_args", "without changes of the architecture");
  }
  const cfg = fields.object("pretrained_cfg") ?? fields;
  const numClasses = fields.get("num_classes") === undefined ? cfg.number("num_classes") : fields.number("num_classes");
  const pooling = (args?.get("global_pool") === undefined ? fields : (args as Fields)).choice(
    "global_pool",
    poolings,
    "token",
  );
  const architecture: PartialConfig = {
    ...(numClasses === 0 ? { kind: "backbone" } : { kind: "classifier", numClasses }),
    imageSize: imageSize(cfg),
    patchSize: Number(patch),
    embedDims,
    numLayers,
    numHeads,
    feedforwardChannels: 4 * embedDims,
    layerNormEps: 1e-6,
    pooling,
    positions: "antialias",
  };
  const told = ["mean", "std", "interpolation", "crop_pct"].every((name) => cfg.get(name) !== undefined);
  return preset && !told ? { preset, ...architecture } : { ...architecture, ...processing(cfg, imageSize(cfg)) };
}

function imageSize(cfg: Fields): number {
  const given = cfg.get("input_size");
  if (given === undefined) return cfg.unknown("input_size");
  const [channels, height, width] = Array.isArray(given) ? given : [];
  return channels === 3 && height === width && Number.isInteger(height) ? height : cfg.bad("input_size", "[3, S, S]");
}

/** Resized to the size of the input by `crop_pct`, rounded down. */
function processing(cfg: Fields, size: number): PartialConfig {
  const share = cfg.number("crop_pct");
  if (!(share > 0 && share <= 1)) cfg.bad("crop_pct", "above 0 and at most 1");
  return {
    resizeEdge: Math.floor(size / share),
    cropMode: cfg.choice("crop_mode", cropModes, "center"),
    interpolation: cfg.choice("interpolation", interpolations),
    mean: onBytes(cfg.colours("mean")),
    std: onBytes(cfg.colours("std")),
  };
}
