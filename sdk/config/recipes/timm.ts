/**
 * timm's `config.json` as its models have it on the Hugging Face hub: `architecture`, `model_args` and `pretrained_cfg`, as
 * `_parse_model_cfg` and `VisionTransformer` of timm 1.0.31 read them.
 */

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
const cropModes = { center: "center-pad", squash: "squash-pad" } as const;
const poolings = { token: "cls_token", avg: "avg_featmap" } as const;

/** Arguments that only training, or images of another size, look at. */
const harmless = /_rate$|^(?:weight_init|fix_init|dynamic_img_(?:size|pad))$/;
/** Those that a plain network has; of others it has none. */
const plain = { in_chans: 3, proj_bias: true, class_token: true, pos_embed: "learn" };

export function timmConfig(json: object, preset?: PresetName): PartialConfig {
  const fields = new Fields("config.json", json);
  const [, name, patch] =
    PLAIN.exec(String(fields.get("architecture"))) ??
    fields.bad("architecture", "a plain ViT: vit_ or deit_, tiny, small, base, large or huge, patch<n>_<size>");
  const [dim, depth, heads] = sizes[name as keyof typeof sizes];
  const args = fields.object("model_args") ?? new Fields("config.json", {});
  const cfg = fields.object("pretrained_cfg") ?? fields;
  const input = side(cfg, "input_size") ?? cfg.unknown("input_size");
  const imageSize = side(args, "img_size") ?? input;
  // timm takes images of the model's own size if the file says that it is fixed
  if (imageSize !== input && !cfg.bool("fixed_input_size", false)) args.bad("img_size", `that of input_size, ${input}`);
  const embedDims = args.number("embed_dim", dim);
  const architecture: PartialConfig = {
    ...head(fields, args, cfg),
    ...pooling(fields, args),
    imageSize,
    patchSize: args.number("patch_size", Number(patch)),
    embedDims,
    numLayers: args.number("depth", depth),
    numHeads: args.number("num_heads", heads),
    feedforwardChannels: Math.trunc(embedDims * args.number("mlp_ratio", 4)),
    layerNormEps: 1e-6,
    qkvBias: args.bool("qkv_bias", true),
    positions: "antialias",
  };
  if (args.get("act_layer") !== undefined) args.choice("act_layer", { gelu: true });
  args.only(harmless, plain);
  if (fields.number("num_features", embedDims) !== embedDims) fields.bad("num_features", `${embedDims}`);
  const told = ["mean", "std", "interpolation", "crop_pct"].every((field) => cfg.get(field) !== undefined);
  return preset && !told ? { preset, ...architecture } : { ...architecture, ...processing(cfg, imageSize) };
}

/** What stands on the backbone, and the names of its classes: the file's own, else those of a tag that ends in "in1k". */
function head(fields: Fields, args: Fields, cfg: Fields): PartialConfig {
  const given = fields.get("num_classes") === undefined ? cfg : fields;
  const numClasses = args.number("num_classes", given.number("num_classes"));
  if (given.number("num_classes") !== numClasses)
    args.bad("num_classes", `that of the file, ${given.get("num_classes")}`);
  if (numClasses === 0) return { kind: "backbone" };
  const names = ["label_names", "labels"]
    .flatMap((name) => [fields.names(name), cfg.names(name)])
    .find((all) => all?.length);
  if (names && names.length !== numClasses) fields.bad("label_names", `${numClasses} names`);
  const told = fields.object("label_descriptions") ?? cfg.object("label_descriptions");
  const classes = names?.map((name) => String(told?.get(name) ?? name));
  const imagenet = numClasses === 1000 && /(?:^|[._])in1k$/.test(String(cfg.get("tag") ?? fields.get("architecture")));
  return {
    kind: "classifier",
    numClasses,
    ...(classes ? { classes } : imagenet && { dataset: "imagenet-1k" as const }),
  };
}

/** Which norms there are: `norm` of all tokens, or `fc_norm` of their mean. */
function pooling(fields: Fields, args: Fields): PartialConfig {
  const pool = (args.get("global_pool") === undefined ? fields : args).choice("global_pool", poolings, "token");
  const fcNorm = args.bool("fc_norm", pool === "avg_featmap");
  if (fcNorm && pool === "cls_token") args.bad("fc_norm", "false where global_pool is token");
  const norms = args.bool("final_norm", true);
  return { pooling: pool, finalNorm: norms && !fcNorm, poolNorm: norms && fcNorm };
}

/** The side of a square that is given by a number, height and width, or these behind the channels; undefined if absent. */
function side(fields: Fields, name: string): number | undefined {
  const given = fields.get(name);
  if (given === undefined) return undefined;
  const [width, height = width, channels = 3] = [given].flat().reverse();
  const fine = channels === 3 && height === width && Number.isInteger(height);
  return fine ? (height as number) : fields.bad(name, name === "input_size" ? "[3, S, S]" : "[S, S]");
}

/** Resized to the size of the input by `crop_pct`, rounded down. */
function processing(cfg: Fields, size: number): PartialConfig {
  const share = cfg.number("crop_pct");
  if (!(share > 0)) cfg.bad("crop_pct", "above 0");
  return {
    resizeEdge: Math.floor(size / share),
    cropMode: cfg.choice("crop_mode", cropModes, "center"),
    interpolation: cfg.choice("interpolation", interpolations),
    mean: onBytes(cfg.colours("mean")),
    std: onBytes(cfg.colours("std")),
  };
}
