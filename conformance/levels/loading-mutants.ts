/**
 * Mistakes in how files of other libraries are read and in what is predicted with them, which C7 must find. Keys without their bias are not
 * among them: that adds the same number to all scores of a query, which softmax takes away again.
 */

import { mistakes } from "./mistakes.js";

export const mutants = [
  mistakes("C7/mmpretrain/positions*", "sdk/checkpoint/positions.ts", [
    [
      "positions of a file are resized with aligned corners",
      "const centre = ((i + 0.5) * from) / to - 0.5;",
      "const centre = to > 1 ? (i * (from - 1)) / (to - 1) : 0;",
    ],
    ["positions of a file are resized with A = -0.5", "antialias ? -0.5 : -0.75", "-0.5"],
  ]),
  mistakes("C7/transformers/*", "sdk/checkpoint/names/projects.ts", [
    [
      "queries and values of a Hugging Face file are exchanged",
      `      ["encoder.layer.#.attention.attention.query.@", "backbone.layers.#.attn.qkv.@", 0],
      ["encoder.layer.#.attention.attention.key.@", "backbone.layers.#.attn.qkv.@", 1],
      ["encoder.layer.#.attention.attention.value.@", "backbone.layers.#.attn.qkv.@", 2],`,
      `      ["encoder.layer.#.attention.attention.query.@", "backbone.layers.#.attn.qkv.@", 2],
      ["encoder.layer.#.attention.attention.key.@", "backbone.layers.#.attn.qkv.@", 1],
      ["encoder.layer.#.attention.attention.value.@", "backbone.layers.#.attn.qkv.@", 0],`,
    ],
  ]),
  mistakes("C7/timm/*", "sdk/checkpoint/names/projects.ts", [
    [
      "the norms of a block of timm are exchanged",
      `  ["blocks.#.norm1.@", "backbone.layers.#.ln1.@"],`,
      `  ["blocks.#.norm1.@", "backbone.layers.#.ln2.@"],
  ["blocks.#.norm2.@", "backbone.layers.#.ln1.@"],`,
    ],
  ]),
  mistakes("C7/*", "sdk/model/fit.ts", [
    [
      "queries lose their bias where queries, keys and values are apart",
      "data.set(tensor.data, at);",
      "data.set(tensor.shape.length > 1 || at > 0 ? tensor.data : new Float32Array(tensor.data.length), at);",
    ],
    [
      "the head loses its bias",
      'if ("fill" in origin) return new Float32Array(sizeOf(shape)).fill(origin.fill);',
      `if ("fill" in origin) return new Float32Array(sizeOf(shape)).fill(origin.fill);
  if (name === "head.fc.bias") return new Float32Array(sizeOf(shape));`,
    ],
  ]),
  mistakes("C7/transformers/*", "sdk/checkpoint/convert.ts", [
    [
      "bf16 is read as f16",
      '["BF16", conversion(Uint16Array, bf16ToF32)],',
      '["BF16", conversion(Uint16Array, f16ToF32)],',
    ],
  ]),
  mistakes("C7/transformers/*", "sdk/config/recipes/huggingface.ts", [
    [
      "the eps that a config.json of Hugging Face leaves out is 1e-6",
      'fields.number("layer_norm_eps", 1e-12)',
      'fields.number("layer_norm_eps", 1e-6)',
      { cases: "C7/transformers/small*", quick: true },
    ],
    [
      "id2label is taken in the order of strings",
      'fields.names("id2label")',
      'fields.names("id2label")?.map((_, i, all) => all[Number(Object.keys(all).sort()[i])])',
    ],
    [
      "an image is cropped where the processor squashes it",
      'shortest === undefined ? "squash-floor" : "center-floor"',
      '"center-floor"',
    ],
    [
      "the processor's own mean is not read",
      'onBytes(fields.colours("image_mean", own(0.5)), factor)',
      "onBytes([0.5, 0.5, 0.5], factor)",
    ],
  ]),
  mistakes("C7/timm/*", "sdk/config/presets.ts", [
    [
      "timm's classifiers read the mean of the patches for the class token",
      `        about: "timm's vit_*_patch*_224 and _384 tagged augreg or orig",
        ...timm,
        ...half,
        pooling: "cls_token",`,
      `        about: "timm's vit_*_patch*_224 and _384 tagged augreg or orig",
        ...timm,
        ...half,
        pooling: "avg_featmap",`,
    ],
  ]),
  mistakes("C7/timm/class token/*", "sdk/image/transform.ts", [
    [
      "the crop's left edge is rounded down",
      "const left = Math.max(0, round((width - side) / 2));",
      "const left = Math.max(0, Math.floor((width - side) / 2));",
    ],
  ]),
  mistakes("C7/*", "sdk/model/predict.ts", [
    [
      "softmax leaves the last class out",
      "const sum = powers.reduce((a, b) => a + b);",
      "const sum = powers.slice(0, -1).reduce((a, b) => a + b);",
    ],
    [
      "names of classes are shifted by one",
      "{ ...found, class: classes[label] }",
      "{ ...found, class: classes[label + 1] }",
    ],
    ["the best classes are the worst", "scores[b] - scores[a] || a - b", "scores[a] - scores[b] || a - b"],
  ]),
];
