/** What the goldens of the image pipeline hold (scripts/golden/data.py and descriptors.py write them), and the images they are made of. */

import type { Tensor } from "../../sdk/base/tensor.js";
import { openSafetensors } from "../../sdk/checkpoint/safetensors.js";
import type { HogConfig } from "../../sdk/config/targets.js";
import type * as dataSide from "../../sdk/entries/hog.js";
import type { Image } from "../../sdk/image/image.js";
import { normalize } from "../../sdk/image/transform.js";
import { bytesSource } from "../../sdk/io/source.js";
import { fnv1a32, u32 } from "../../sdk/model/fill.js";
import { noiseImage, smoothImage } from "../images.js";

type Library = "numpy" | "python";
type Backend = "pillow" | "cv2";
type Interpolation = "bilinear" | "bicubic";
type Pair = readonly [number, number];

/** The public functions that are the same in every runtime. */
export type DataSide = typeof dataSide;

/** A generator of images by name: every byte random, or smooth areas with grain. */
export type ImageKind = "noise" | "smooth";

/** backend, interpolation, image's kind, width and height, result's width and height, hash. */
export type ResizeRow = readonly [Backend, Interpolation, ImageKind, number, number, number, number, string];

/** left, top, width and height of the region, an integer in [0, 2^31) that is drawn next, hash of the result. */
export type DrawnCrop = readonly [number, number, number, number, number, string];

export interface MaskRow {
  readonly generator: "mmpretrain" | "pyslowfast" | "pyslowfast-cube";
  readonly grid: readonly number[];
  readonly num: number;
  readonly min: number;
  /** Masks for each seed. */
  readonly count: number;
  /** Seed of the first hash; the next one's is one more. */
  readonly first: number;
  readonly hashes: readonly string[];
}

/** A file pipeline.json. Hashes are the first 16 hex digits of the SHA-256 of the bytes. */
export interface PipelineRows {
  /** File, width, height, hash of the RGB bytes. */
  readonly decoded: readonly (readonly [string, number, number, string])[];
  readonly resizes: readonly ResizeRow[];
  readonly randomResizes: readonly ResizeRow[];
  /** Width and height of a smooth image, edge, crop, interpolation, result's [height, width], hash before and after normalising. */
  readonly preprocessed: readonly (readonly [number, number, number, number, Interpolation, Pair, string, string])[];
  readonly normalized: readonly (readonly [ImageKind, number, number, string])[];
  /** backend, range of areas, image's kind, width and height, side of the result, what seeds 0, 1 ... draw. */
  readonly randomCrops: readonly (readonly [Backend, Pair, ImageKind, number, number, number, readonly DrawnCrop[]])[];
  readonly masks: readonly MaskRow[];
  /** library, seed, bounds of six integers, the first six of 120 drawn, hash of all (i64), hash of 1300 doubles that follow. */
  readonly streams: readonly (readonly [Library, string, readonly Pair[], readonly number[], string, string])[];
  /** bins, side of a cell, rows and columns of cells, hash of the f32 picture. */
  readonly pictures: readonly (readonly [number, number, number, number, string])[];
}

export interface HogSettings extends HogConfig {
  readonly normalize: boolean;
}

/** A case of hog.safetensors, with the cells that mmpretrain computes. */
export interface HogGolden {
  readonly id: string;
  readonly input: {
    readonly kind: ImageKind | "fill" | "constant" | "ramp" | "ramp8" | "zero";
    readonly height: number;
    readonly width: number;
    readonly values: readonly number[];
  };
  readonly options: HogSettings;
  /** [3,nbins,gh,gw] */
  readonly cells: Tensor;
}

/** The image made last: rows that follow each other often share it. */
let last: { readonly name: string; readonly image: Image } | undefined;

/** The image that rows name by kind and size; it must not be written to. */
export function rowImage(kind: ImageKind, width: number, height: number): Image {
  const name = `${kind}${width}x${height}`;
  if (last?.name !== name) {
    last = { name, image: (kind === "noise" ? noiseImage : smoothImage)(name, height, width) };
  }
  return last.image;
}

/** offset + scale * s, rounded once; s in [-1, 1) follows from the name. */
export function fill(name: string, count: number, offset: number, scale: number): Float32Array {
  const key = fnv1a32(name);
  return Float32Array.from({ length: count }, (_, i) => offset + scale * (((u32(key, i) >>> 8) - 2 ** 23) / 2 ** 23));
}

/** What a case of HOG is computed of: f32 [3,H,W]. */
export function hogInput({ kind, height, width, values: [dx, dy, blue] }: HogGolden["input"]): Tensor {
  const shape = [3, height, width];
  const count = height * width;
  const ofImage = (image: Image) => ({ data: normalize(image).data, shape });
  const bytes = (value: (x: number, y: number, c: number) => number): Image => {
    const data = new Uint8ClampedArray(3 * count);
    for (let i = 0; i < data.length; i++) {
      data[i] = value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3);
    }
    return { data: new Uint8Array(data.buffer), width, height };
  };
  if (kind === "noise" || kind === "smooth") return ofImage(rowImage(kind, width, height));
  if (kind === "constant") return ofImage(bytes((_x, _y, c) => [dx, dy, blue][c]));
  if (kind === "ramp8") return ofImage(bytes((x, y) => dx * x + dy * y + 128));
  if (kind === "fill") return { data: fill(`hog${width}x${height}`, 3 * count, 0, 2), shape };
  const [sx, sy] = kind === "ramp" ? [dx, dy] : [0, 0];
  const ramp = (_: unknown, i: number) => sx * (i % width) + sy * (Math.floor(i / width) % height);
  return { data: Float32Array.from({ length: 3 * count }, ramp), shape };
}

/** The cases of a file hog.safetensors. */
export async function readHog(bytes: Uint8Array): Promise<HogGolden[]> {
  const file = await openSafetensors(bytesSource(bytes, "hog.safetensors"));
  const cases: (Omit<HogGolden, "cells"> & { tensor: string })[] = JSON.parse(file.metadata?.get("cases") ?? "[]");
  return Promise.all(cases.map(async (golden) => ({ ...golden, cells: await file.get(golden.tensor) })));
}
