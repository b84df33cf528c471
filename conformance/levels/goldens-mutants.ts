/** Mistakes of models, and of the plans that are made of them, which C3 or C4 must find. */

import { mistakes } from "./mistakes.js";

export const mutants = [
  mistakes("C3/*", "gpu/models/vit.ts", [
    [
      "ln1 is skipped",
      'attention(s.at("attn"), layerNorm(s.at("ln1"), x, c.layerNormEps), c)',
      'attention(s.at("attn"), x, c)',
    ],
    [
      "the block normalises after it adds",
      'x = add(s, x, attention(s.at("attn"), layerNorm(s.at("ln1"), x, c.layerNormEps), c));',
      'x = layerNorm(s.at("ln1"), add(s, x, attention(s.at("attn"), x, c)), c.layerNormEps);',
    ],
    [
      "the residual around the MLP is dropped",
      'return add(s, x, mlp(s.at("ffn"), layerNorm(s.at("ln2"), x, c.layerNormEps), c));',
      'return mlp(s.at("ffn"), layerNorm(s.at("ln2"), x, c.layerNormEps), c);',
      { quick: true },
    ],
    [
      "the MLP has no gelu",
      'gelu(s, dense(s.at("layers.0.0"), x, c.feedforwardChannels))',
      'dense(s.at("layers.0.0"), x, c.feedforwardChannels)',
    ],
    ["attention has one head", "selfAttention(s, qkv, c.numHeads)", "selfAttention(s, qkv, 1)"],
  ]),
  mistakes("C3/*", "gpu/graph/plan.ts", [
    [
      "a buffer is given out again after its first use",
      "for (const input of call.inputs) lastUse.set(input, i);",
      "for (const input of call.inputs) if (!lastUse.has(input)) lastUse.set(input, i);",
    ],
  ]),
  mistakes("C4/tiny/*", "sdk/config/presets.ts", [
    [
      "eps 1e-5 in every norm of the model",
      'const center = { cropMode: "center", layerNormEps: 1e-6 }',
      'const center = { cropMode: "center", layerNormEps: 1e-5 }',
      { quick: true },
    ],
  ]),
  mistakes("C4/tiny/*", "gpu/models/vit.ts", [
    ["the last norm follows every block", "if (i === c.numLayers - 1 && o.finalNorm)", "if (o.finalNorm)"],
    ["the last norm is left out", "if (i === c.numLayers - 1 && o.finalNorm)", "if (i === c.numLayers && o.finalNorm)"],
    [
      "the position embedding is added before the mask, and again after it",
      `  if (mask) x = s.call("maskTokens", [x, mask, s.param("mask_token", token)], {});
  const cls = s.param("cls_token", token);`,
      `  const cls = s.param("cls_token", token);
  if (mask) {
    const all = s.call("tokens", [x, cls, positions(s, images, c, false)], {});
    x = s.call("sliceTokens", [all], { first: 1, count: all.shape[1] - 1 });
    x = s.call("maskTokens", [x, mask, s.param("mask_token", token)], {});
  }`,
      { quick: true },
    ],
    [
      "the model ignores the mask",
      '  if (mask) x = s.call("maskTokens"',
      '  if (mask?.shape.length === 0) x = s.call("maskTokens"',
    ],
    ["the class token is given for the mean", 's.call("meanTokens", [x], {})', "classToken(s, x)"],
    [
      "height and width of the grid are exchanged",
      "  const to = patchGrid(images.shape[2], images.shape[3], c.patchSize);",
      "  const to = patchGrid(images.shape[3], images.shape[2], c.patchSize);",
    ],
  ]),
  mistakes("C4/tiny/*", "gpu/graph/fuse.ts", [
    [
      "a fused sum adds the product to itself",
      "const others = inputs.filter((input) => input !== value);",
      "const others = [first.inputs[0]];",
    ],
    [
      "a norm of only the class token confuses scale and shift",
      "inputs: [rows, ...others]",
      "inputs: [rows, ...others.toReversed()]",
    ],
  ]),
  mistakes("C4/tiny/*", "sdk/model/masked.ts", [
    [
      "the sum of the loss is divided by all tokens",
      "return { loss: sum / count,",
      "return { loss: sum / (mask.data.length + 0 * count),",
    ],
  ]),
  mistakes("C4/tiny/*", "sdk/config/targets.ts", [
    [
      "the target is the HOG without its window",
      "hog(images, { ...c.hog, patchSize: c.patchSize })",
      "hog(images, { ...c.hog, gaussianWindow: 0, patchSize: c.patchSize })",
    ],
  ]),
];
