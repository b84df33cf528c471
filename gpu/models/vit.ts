/**
 * The vision transformer (Dosovitskiy et al., 2021, https://arxiv.org/abs/2010.11929) with pre-norm blocks, a class token and a
 * learned absolute position embedding; parameters are named as in mmpretrain's `VisionTransformer` and `MaskFeatViT`.
 */

import type { Value } from "../graph/tape.js";
import {
  add,
  classToken,
  dense,
  gelu,
  layerNorm,
  linear,
  patches,
  patchGrid,
  type Scope,
  selfAttention,
} from "./nn.js";

export interface ViTConfig {
  /** Side of the images that the position embedding was made for, in pixels; a multiple of `patchSize`. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly embedDims: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly feedforwardChannels: number;
  readonly layerNormEps: number;
  /** How the position embedding is resized for images of another size: torch's bicubic (default), or with its antialiasing. */
  readonly positions?: Positions;
}

export type Positions = "bicubic" | "antialias";

export type OutType = "raw" | "cls_token" | "featmap" | "avg_featmap";

/** What a classifier's head reads. */
export type Pooling = Extract<OutType, "cls_token" | "avg_featmap">;

export interface ViTOutputs {
  readonly outType: OutType;
  /** Blocks whose output is wanted, 0 to numLayers - 1, ascending. */
  readonly outIndices: readonly number[];
  /** Apply `ln1` after the last block. */
  readonly finalNorm: boolean;
  /** Apply `ln2` to the mean of the patches. */
  readonly poolNorm: boolean;
}

/** z_0 = [cls; E patches] + pos. With a mask [B,N], masked patches are replaced by the mask token before cls and pos are added. */
function embed(s: Scope, images: Value, c: ViTConfig, mask?: Value): Value {
  const P = c.patchSize;
  let x = linear(s.at("patch_embed.projection"), patches(s, images, P), [c.embedDims, 3, P, P]);
  const token = [1, 1, c.embedDims];
  if (mask) x = s.call("maskTokens", [x, mask, s.param("mask_token", token)], {});
  const cls = s.param("cls_token", token);
  return s.call("tokens", [x, cls, positions(s, images, c, !mask)], {});
}

/** The position embedding for the grid of `images`. The masked path takes it as it is, as the reference does. */
function positions(s: Scope, images: Value, c: ViTConfig, mayResize: boolean): Value {
  const from = patchGrid(c.imageSize, c.imageSize, c.patchSize);
  const to = patchGrid(images.shape[2], images.shape[3], c.patchSize);
  const pos = s.param("pos_embed", [1, 1 + from[0] * from[1], c.embedDims]);
  const antialias = c.positions === "antialias";
  return mayResize && String(from) !== String(to) ? s.call("resizePos", [pos], { from, to, antialias }) : pos;
}

/** MSA(z) = proj(softmax(q k^T / sqrt(D)) v), [q|k|v] = qkv(z). */
function attention(s: Scope, x: Value, c: ViTConfig): Value {
  const qkv = dense(s.at("qkv"), x, 3 * c.embedDims);
  return dense(s.at("proj"), selfAttention(s, qkv, c.numHeads), c.embedDims);
}

/** MLP(z) = W2 gelu(W1 z). */
function mlp(s: Scope, x: Value, c: ViTConfig): Value {
  return dense(s.at("layers.1"), gelu(s, dense(s.at("layers.0.0"), x, c.feedforwardChannels)), c.embedDims);
}

/** z' = MSA(LN(z)) + z;  z = MLP(LN(z')) + z'. */
export function block(s: Scope, x: Value, c: ViTConfig): Value {
  x = add(s, x, attention(s.at("attn"), layerNorm(s.at("ln1"), x, c.layerNormEps), c));
  return add(s, x, mlp(s.at("ffn"), layerNorm(s.at("ln2"), x, c.layerNormEps), c));
}

/** images [B,3,H,W] -> the output [B,1+N,C] of each block in `outIndices`; `ln1` follows only the last block. */
export function stages(
  s: Scope,
  images: Value,
  c: ViTConfig,
  o: Pick<ViTOutputs, "outIndices" | "finalNorm">,
  mask?: Value,
): Value[] {
  const out: Value[] = [];
  let x = embed(s, images, c, mask);
  for (let i = 0; i < c.numLayers; i++) {
    x = block(s.at(`layers.${i}`), x, c);
    if (i === c.numLayers - 1 && o.finalNorm) x = layerNorm(s.at("ln1"), x, c.layerNormEps);
    if (o.outIndices.includes(i)) out.push(x);
  }
  return out;
}

/** The backbone's features in the form `outType`: raw [B,1+N,C], cls_token [B,C], featmap [B,C,h,w], avg_featmap [B,C]. */
export function features(s: Scope, images: Value, c: ViTConfig, o: ViTOutputs): Value[] {
  const grid = patchGrid(images.shape[2], images.shape[3], c.patchSize);
  const format: Record<OutType, (x: Value) => Value> = {
    raw: (x) => x,
    cls_token: (x) => classToken(s, x),
    featmap: (x) => s.call("featmap", [x], { grid }),
    avg_featmap(x) {
      const mean = s.call("meanTokens", [x], {});
      return o.poolNorm ? layerNorm(s.at("ln2"), mean, c.layerNormEps) : mean;
    },
  };
  return stages(s, images, c, o).map(format[o.outType]);
}
