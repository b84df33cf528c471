/**
 * Hugging Face transformers' `config.json` and `preprocessor_config.json` of a ViT, as transformers 5.24 reads them. What these leave out
 * has the value that `ViTConfig` and `ViTImageProcessor` document; a processor of another kind has to say everything itself.
 */

import type { PartialConfig, ScoreFunction } from "../config.js";
import type { PresetName } from "../presets.js";
import { Fields, onBytes } from "./fields.js";

/** Pillow's numbers of filters. */
const filters = { 2: "bilinear", 3: "bicubic" } as const;

/** Fields of training, of the pooler and the decoder (no model here has them), and of every model of transformers. */
const harmless =
  /^_|dropout|dtype$|_version$|_(?:length|penalty|sequences)$|^(?:pooler|return|tie|num_beam|top|typical)_|^(?:encoder_stride|initializer_range|num_labels|id2label|label2id|problem_type|temperature|use_mask_token|use_cache)$/;

/** Processors that resize, crop, rescale and normalise and do nothing else, and whether they crop unless the file says. */
const processors = {
  ViT: false,
  DeiT: true,
  Beit: false,
  CLIP: true,
  ChineseCLIP: true,
  Bit: true,
  Blip: false,
  Siglip: false,
  Pvt: false,
  MobileNetV1: true,
  MobileNetV2: true,
} as const;

/** Those of steps that are left out, labels, batches and devices; images are RGB already. */
const idle =
  /^_|^(?:crop_size|image_mean|image_std|rescale_factor|feature_extractor_type|default_to_square|do_convert_rgb|do_reduce_labels|processor_class|(?:input_)?data_format|return_tensors|device|disable_grouping|use_fast)$/;

export function huggingfaceConfig(json: object, processor: object | undefined, preset?: PresetName): PartialConfig {
  const fields = new Fields("config.json", json);
  fields.choice("model_type", { vit: true });
  fields.choice("hidden_act", { gelu: true }, "gelu");
  if (fields.number("num_channels", 3) !== 3) fields.bad("num_channels", "3");
  const imageSize = side(fields, "image_size", 224);
  const architecture: PartialConfig = {
    ...head(fields),
    imageSize,
    patchSize: side(fields, "patch_size", 16),
    embedDims: fields.number("hidden_size", 768),
    numLayers: fields.number("num_hidden_layers", 12),
    numHeads: fields.number("num_attention_heads", 12),
    feedforwardChannels: fields.number("intermediate_size", 3072),
    layerNormEps: fields.number("layer_norm_eps", 1e-12),
    qkvBias: fields.bool("qkv_bias", true),
    pooling: "cls_token",
    poolNorm: false,
  };
  fields.only(harmless);
  if (processor)
    return { ...architecture, ...processing(new Fields("preprocessor_config.json", processor), imageSize) };
  return preset ? { preset, ...architecture } : fields.unknown("the preprocessor_config.json beside it");
}

/** What stands on the backbone, and the names of its classes; transformers' own placeholders are no names. */
function head(fields: Fields): PartialConfig {
  const named = fields.get("architectures");
  if (!Array.isArray(named) || named[0] !== "ViTForImageClassification") return { kind: "backbone" };
  const classes = fields.names("id2label");
  const numClasses = fields.number("num_labels", classes?.length ?? 2);
  if (classes && classes.length !== numClasses) fields.bad("num_labels", `as many as id2label has, ${classes.length}`);
  const own = classes?.some((name, i) => name !== `LABEL_${i}`);
  const scoreFunction = scores(fields, numClasses);
  return { kind: "classifier", numClasses, scoreFunction, ...(own && { classes }) };
}

/** As the image-classification pipeline of transformers 5.24 has it. */
function scores(fields: Fields, numClasses: number): ScoreFunction {
  const single = numClasses === 1 ? "sigmoid" : "softmax";
  const choices = {
    single_label_classification: single,
    multi_label_classification: "sigmoid",
    regression: "none",
  } as const;
  const problem = fields.get("problem_type");
  if (problem === undefined) return single;
  // transformers refuses it too
  if (problem === "single_label_classification" && numClasses === 1)
    fields.bad("problem_type", "another one for one label");
  return fields.choice("problem_type", choices);
}

/** A number, or the same number for height and width. */
function side(fields: Fields, name: string, byDefault: number): number {
  const value = fields.get(name) ?? byDefault;
  const square = Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value;
  return typeof square === "number" ? square : fields.bad(name, "a number or two equal ones");
}

function processing(fields: Fields, imageSize: number): PartialConfig {
  const named = fields.get("image_processor_type") === undefined ? "feature_extractor_type" : "image_processor_type";
  const [, kind] =
    /^(\w*?)(?:ImageProcessor|FeatureExtractor)(?:Fast)?$/.exec(String(fields.get(named) ?? "ViTImageProcessor")) ?? [];
  if (kind === undefined || !Object.hasOwn(processors, kind)) {
    fields.bad(named, `ImageProcessor of ${Object.keys(processors).join(", ")}`);
  }
  const own = <T>(value: T) => (kind === "ViT" ? value : undefined);
  if (!fields.bool("do_resize", true)) fields.bad("do_resize", "true");
  const factor = fields.bool("do_rescale", true) ? fields.number("rescale_factor", 1 / 255) : 1;
  const normalizes = fields.bool("do_normalize", true);
  const steps: PartialConfig = {
    ...resizing(fields, imageSize, kind as keyof typeof processors),
    interpolation: fields.choice("resample", filters, own(2)),
    mean: normalizes ? onBytes(fields.colours("image_mean", own(0.5)), factor) : [0, 0, 0],
    std: normalizes ? onBytes(fields.colours("image_std", own(0.5)), factor) : onBytes([1, 1, 1], factor),
  };
  fields.only(idle);
  return steps;
}

/** `size` as a number or by height and width is that of both edges; as `shortest_edge` the rest is cropped. */
function resizing(fields: Fields, imageSize: number, kind: keyof typeof processors): PartialConfig {
  const cropped = fields.bool("do_center_crop", processors[kind]);
  const crop = cropped ? edge(fields, "crop_size") : undefined;
  const size = fields.get("size");
  const isViT = kind === "ViT";
  if (size === undefined && !isViT) return fields.unknown("size");
  if (typeof size === "number" && !(isViT && fields.bool("default_to_square", true)))
    fields.bad("size", "an object with height and width, or shortest_edge");
  const given = typeof size === "object" ? fields.object("size") : undefined;
  const shortest = given?.get("shortest_edge") === undefined ? undefined : given.number("shortest_edge");
  if (shortest !== undefined) given?.only(/^$/);
  const resizeEdge = shortest ?? (size === undefined ? 224 : edge(fields, "size"));
  if (shortest !== undefined && !cropped) fields.bad("do_center_crop", "true with a shortest_edge");
  const seen = crop ?? resizeEdge;
  if (seen !== imageSize) fields.bad(cropped ? "crop_size" : "size", `the model's image_size, ${imageSize}`);
  return { resizeEdge, cropMode: shortest === undefined ? "squash-floor" : "center-floor" };
}

/** A number, or height and width that are the same. */
function edge(fields: Fields, name: string): number {
  if (typeof fields.get(name) === "number") return fields.number(name);
  const size = fields.object(name) ?? fields.unknown(name);
  const height = size.number("height");
  if (size.number("width") !== height) fields.bad(name, "a square");
  size.only(/^$/);
  return height;
}
