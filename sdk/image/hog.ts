/** Histograms of oriented gradients: MaskFeat's target, of images and clips, and pictures of it. */

import { OptionError, ShapeError } from "../../gpu/errors.js";
import { checkChoice, checkInteger, checkKeys, checkTensor } from "../base/check.js";
import { checkFinite, sizeOf, type Tensor, tensor } from "../base/tensor.js";
import { withScratch } from "../wasm/data.js";
import type { Image } from "./image.js";
import { toImage } from "./transform.js";

export interface HogOptions {
  /** Unsigned orientations over 180 degrees; default 9. */
  readonly nbins?: number;
  /** Side of a cell in pixels; default 8. */
  readonly pool?: number;
  /** Side of the Gaussian window in pixels; default 16 (mmpretrain); 0 switches it off (PySlowFast). */
  readonly gaussianWindow?: number;
  /** Side of a token in pixels, a multiple of `pool`; default 16. It has no effect on "cells". */
  readonly patchSize?: number;
  /** Scales each cell's histogram to length 1; default true. */
  readonly normalize?: boolean;
  /** "tokens" (default): [N,F] an image, feature c * nbins * u^2 + bin * u^2 + dy * u + dx; "cells": [3,nbins,gh,gw]. */
  readonly layout?: "tokens" | "cells";
}

export interface HogPictureOptions {
  /** Side of a cell in the picture, in pixels; default 8. */
  readonly pool?: number;
  /** Where bin k's line stands: "reference" (default) at k * 360 / nbins degrees, as mmpretrain draws it; "true" at (k + 0.5) * 180 / nbins. */
  readonly lines?: "reference" | "true";
}

const MAX_BINS = 360;
const MAX_SIDE = 65536;
/** Options of a picture. */
const MAX_PIXELS = 2 ** 28;

/** @throws ShapeError unless height and width are multiples of an option's value. */
function checkDivides(height: number, width: number, option: string, value: number): void {
  if (height % value === 0 && width % value === 0) return;
  const found = `got ${height} x ${width}; crop or resize the image, or change ${option}`;
  throw new ShapeError("SHAPE_MISMATCH", `hog: height and width must be multiples of ${option} ${value}, ${found}`);
}

function settingsOf([height, width]: readonly number[], options: HogOptions) {
  checkKeys("hog", options, ["nbins", "pool", "gaussianWindow", "patchSize", "normalize", "layout"]);
  const nbins = checkInteger("hog: nbins", options.nbins ?? 9, 1, MAX_BINS);
  const pool = checkInteger("hog: pool", options.pool ?? 8, 1, MAX_SIDE);
  const gaussianWindow = checkInteger("hog: gaussianWindow", options.gaussianWindow ?? 16, 0, MAX_SIDE);
  const patchSize = checkInteger("hog: patchSize", options.patchSize ?? 16, 1, MAX_SIDE);
  checkChoice("hog: normalize", options.normalize ?? true, [true, false]);
  const layout = checkChoice("hog: layout", options.layout ?? "tokens", ["tokens", "cells"]);
  if (gaussianWindow === 1) {
    throw new OptionError("OPT_VALUE", "hog: gaussianWindow: expected 0 (off) or at least 2, got 1");
  }
  if (layout === "tokens" && patchSize % pool !== 0) {
    throw new OptionError("OPT_VALUE", `hog: patchSize: expected a multiple of pool ${pool}, got ${patchSize}`);
  }
  if (height < 2 || width < 2) {
    throw new ShapeError("SHAPE_MISMATCH", `hog: height and width must be at least 2, got ${height} x ${width}`);
  }
  checkDivides(height, width, "pool", pool);
  if (layout === "tokens") checkDivides(height, width, "patchSize", patchSize);
  if (gaussianWindow > 0) checkDivides(height, width, "gaussianWindow", gaussianWindow);
  return { height, width, nbins, pool, gaussianWindow, patchSize, layout, normalize: options.normalize ?? true };
}

/**
 * HOG descriptors of normalised RGB images as MaskFeat's targets are computed (mmpretrain's `HOGGenerator`; with `gaussianWindow` 0
 * PySlowFast's): [3,H,W] or [B,3,H,W] -> tokens [B,N,F] or cells [B,3,nbins,gh,gw] (B is 1 for [3,H,W]); clips [B,3,T,H,W] -> tokens
 * [B,T*N,F], frame by frame, or cells [B,T,3,nbins,gh,gw]. N counts row by row; F = 3 * nbins * (patchSize / pool)^2.
 * @throws ShapeError for other shapes and sizes that do not divide; OptionError; NonFiniteError.
 */
export function hog(input: Tensor, options: HogOptions = {}): Tensor {
  const { data } = checkTensor("hog: input", input);
  const shape = input.shape.length === 3 ? [1, ...input.shape] : input.shape;
  const [batch, channels] = shape;
  if (shape.length < 4 || shape.length > 5 || channels !== 3 || data.length === 0) {
    const expected = "expected [3,H,W], [B,3,H,W] or [B,3,T,H,W], none of them 0";
    throw new ShapeError("SHAPE_MISMATCH", `hog: ${expected}; got [${input.shape}]`);
  }
  const { height, width, nbins, pool, gaussianWindow, patchSize, layout, normalize } = settingsOf(
    shape.slice(-2),
    options,
  );
  const frames = shape.length === 5 ? shape[2] : 1;
  const plane = height * width;
  const side = layout === "tokens" ? patchSize / pool : 0;
  const cells = [3, nbins, height / pool, width / pool];
  const size = sizeOf(cells);
  const result = withScratch(({ exports, put, alloc, f32 }) => {
    const first = put(data);
    const out = alloc(4 * size * batch * frames);
    const scratch = alloc(exports.hogScratch(height, width, nbins, pool, gaussianWindow));
    for (let i = 0; i < batch * frames; i++) {
      const from = first + 4 * (Math.floor(i / frames) * 3 * frames + (i % frames)) * plane;
      const [step, to] = [4 * frames * plane, out + 4 * size * i];
      exports.hogImage(from, step, height, width, nbins, pool, gaussianWindow, normalize, side, scratch, to);
    }
    return f32(out, size * batch * frames);
  });
  checkFinite("hog: result", result);
  if (layout === "cells") return tensor(result, [batch, ...(shape.length === 5 ? [frames] : []), ...cells]);
  const features = 3 * nbins * side ** 2;
  return tensor(result, [batch, (frames * size) / features, features]);
}

/** Draws cells [3,nbins,gh,gw] or [1,3,nbins,gh,gw]: u8, one byte a pixel. */
function draw(name: string, cells: Tensor, options: HogPictureOptions) {
  const { data } = checkTensor(`${name}: cells`, cells);
  const shape = cells.shape.length === 5 && cells.shape[0] === 1 ? cells.shape.slice(1) : cells.shape;
  const [channels, nbins, gh, gw] = shape;
  if (shape.length !== 4 || channels !== 3 || data.length === 0) {
    const hint = 'hog(x, { layout: "cells" }) gives them';
    throw new ShapeError("SHAPE_MISMATCH", `${name}: expected cells [3,nbins,gh,gw]; got [${cells.shape}]; ${hint}`);
  }
  checkKeys(name, options, ["pool", "lines"]);
  const pool = checkInteger(`${name}: pool`, options.pool ?? 8, 1, Math.floor(Math.sqrt(MAX_PIXELS / (gh * gw))));
  const lines = checkChoice(`${name}: lines`, options.lines ?? "reference", ["reference", "true"]);
  const [start, step] = lines === "true" ? [90 / nbins, 180 / nbins] : [0, 360 / nbins];
  const [height, width] = [gh * pool, gw * pool];
  const pixels = withScratch(({ exports, put, u8 }) => {
    const out = put(new Uint8Array(height * width));
    exports.hogPicture(put(data), nbins, gh, gw, pool, start, step, out);
    return u8(out, height * width);
  });
  return { data: pixels, width, height };
}

/**
 * A picture of cells [3,nbins,gh,gw] as mmpretrain's `generate_hog_image` draws it: f32 [gh*pool,gw*pool] of whole numbers 0 to 255.
 * The channels' mean is drawn, relative to its largest number; all-zero cells give an empty picture.
 * @throws ShapeError, OptionError, NonFiniteError
 */
export function hogPicture(cells: Tensor, options: HogPictureOptions = {}): Tensor {
  const { data, width, height } = draw("hogPicture", cells, options);
  return tensor(Float32Array.from(data), [height, width]);
}

/** The picture of `hogPicture` as a grey image. @throws ShapeError, OptionError, NonFiniteError */
export function hogImage(cells: Tensor, options: HogPictureOptions = {}): Image {
  return toImage({ ...draw("hogImage", cells, options), channelOrder: "gray" });
}

/**
 * Tokens [N,F] or [1,N,F] of an image of `grid` [h,w] tokens (default: a square) back to cells [3,nbins,gh,gw]: what `hogPicture`
 * draws, for predicted tokens too. @throws ShapeError if the numbers do not divide so; OptionError
 */
export function hogCells(tokens: Tensor, options: { grid?: readonly [number, number]; nbins?: number } = {}): Tensor {
  const { data: from, shape } = checkTensor("hogCells: tokens", tokens);
  const [count, features] = shape.slice(-2);
  checkKeys("hogCells", options, ["grid", "nbins"]);
  const nbins = checkInteger("hogCells: nbins", options.nbins ?? 9, 1, MAX_BINS);
  const [h, w] = options.grid ?? [Math.sqrt(count), Math.sqrt(count)];
  const side = Math.sqrt(features / (3 * nbins));
  if (h * w * features !== from.length || h * w !== count || ![h, w, side].every(Number.isInteger)) {
    const expected = `expected [${h * w},${3 * nbins} * side^2] for a grid of ${h} x ${w} and ${nbins} bins`;
    throw new ShapeError("SHAPE_MISMATCH", `hogCells: ${expected}; got [${shape}]`);
  }
  const [gh, gw] = [h * side, w * side];
  const data = new Float32Array(from.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, bin] = [i % gw, Math.floor(i / gw) % gh, Math.floor(i / gw / gh)];
    const token = Math.floor(y / side) * w + Math.floor(x / side);
    data[i] = from[((token * 3 * nbins + bin) * side + (y % side)) * side + (x % side)];
  }
  return tensor(data, [3, nbins, gh, gw]);
}
