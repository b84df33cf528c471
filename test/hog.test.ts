import { describe, expect, it } from "vitest";
import { binOf } from "../conformance/hog.js";
import { hogInput } from "../conformance/levels/pipeline-rows.js";
import { NonFiniteError, OptionError, ShapeError } from "../gpu/errors.js";
import type { Tensor } from "../sdk/base/tensor.js";
import { type HogOptions, hog, hogCells } from "../sdk/image/hog.js";
import { normalize } from "../sdk/image/transform.js";
import { fill, hogGoldens, testImage } from "./data.js";

const f = Math.fround;

/** Either side rounds four times to f32 (squares and their sum, root, window, result): 4 units of 2^-24, of numbers up to 1. */
const TOLERANCE = 4 * 2 ** -24;

function image(name: string, h: number, w: number): Tensor {
  return { data: fill(name, 3 * h * w, 0, 2), shape: [3, h, w] };
}

/** The same plane three times, from a formula. */
function plane(h: number, w: number, value: (y: number, x: number) => number): Tensor {
  const data = Float32Array.from({ length: 3 * h * w }, (_, i) => value(Math.floor(i / w) % h, i % w));
  return { data, shape: [3, h, w] };
}

/** Sobel gradient of pixel (y, x) of channel c, tap by tap in f32. */
function gradient({ data, shape: [, h, w] }: Tensor, c: number, y: number, x: number): [number, number] {
  const reflect = (i: number, n: number) => (i < 0 ? 1 : i < n ? i : n - 2);
  const tap = (dy: number, dx: number) => data[(c * h + reflect(y + dy, h)) * w + reflect(x + dx, w)];
  let [gx, gy] = [0, 0];
  for (const dy of [-1, 0, 1]) {
    for (const dx of [-1, 0, 1]) {
      gx = f(gx + f(-dx * (2 - Math.abs(dy)) * tap(dy, dx)));
      gy = f(gy + f(-dy * (2 - Math.abs(dx)) * tap(dy, dx)));
    }
  }
  return [gx, gy];
}

/** Cells by the definition: angles are rounded to f32 as PyTorch rounds them, votes are summed in f64. */
function reference(x: Tensor, nbins: number, pool: number, window: number, normalized: boolean) {
  const [, h, w] = x.shape;
  const [gh, gw] = [h / pool, w / pool];
  const cells = new Float64Array(3 * nbins * gh * gw);
  const bell = Array.from({ length: window }, (_, i) => {
    return Math.exp(-0.5 * ((i - (window - 1) / 2) / Math.floor(window / 2)) ** 2);
  });
  const total = bell.reduce((sum, b) => sum + b, 0);
  const index = (c: number, bin: number, cell: number) => (c * nbins + bin) * gh * gw + cell;
  for (let i = 0; i < 3 * h * w; i++) {
    const [c, py, px] = [Math.floor(i / h / w), Math.floor(i / w) % h, i % w];
    const [gx, gy] = gradient(x, c, py, px);
    const bin = binOf(gx, gy, nbins);
    const cell = Math.floor(py / pool) * gw + Math.floor(px / pool);
    const weight = window ? (bell[py % window] * bell[px % window]) / total ** 2 : 1;
    cells[index(c, bin, cell)] += Math.hypot(gx, gy) * weight;
  }
  for (let i = 0; normalized && i < 3 * gh * gw; i++) {
    const bins = Array.from({ length: nbins }, (_, bin) => index(Math.floor(i / gh / gw), bin, i % (gh * gw)));
    const norm = Math.max(Math.hypot(...bins.map((bin) => cells[bin])), 1e-12);
    for (const bin of bins) cells[bin] /= norm;
  }
  return cells;
}

function largestError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = got.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < got.length; i++) {
    worst = Math.max(worst, Math.abs(got[i] - expected[i]) / Math.max(1, Math.abs(expected[i])));
  }
  return worst;
}

describe("hog against the reference", () => {
  it.each(hogGoldens)("equals mmpretrain's cells: $id", ({ input, options, cells }) => {
    const got = hog(hogInput(input), { ...options, layout: "cells" });
    expect(got.shape.slice(1)).toEqual(cells.shape);
    expect(largestError(got.data, cells.data)).toBeLessThan(TOLERANCE);
  });

  it.each([1, 2, 3, 4, 8, 9, 12, 18, 35, 36])("equals the definition with %i bins, ties included", (nbins) => {
    for (const [h, w, pool, window] of [
      [2, 2, 1, 0],
      [8, 20, 4, 2],
      [15, 9, 3, 3],
      [24, 8, 8, 8],
    ]) {
      for (const normalized of [true, false]) {
        const x = image(`definition${nbins}`, h, w);
        const options = { nbins, pool, gaussianWindow: window, normalize: normalized, layout: "cells" as const };
        const cells = reference(x, nbins, pool, window, normalized);
        expect(largestError(hog(x, options).data, cells)).toBeLessThan(TOLERANCE);
      }
    }
  });

  it("equals the definition on 8-bit images, whose gradients often lie on a border", () => {
    const x = normalize(testImage("smooth", 64, 48));
    const cells = reference({ data: x.data, shape: [3, 48, 64] }, 9, 8, 16, true);
    expect(largestError(hog(x, { layout: "cells" }).data, cells)).toBeLessThan(TOLERANCE);
  });

  it.each([
    ["x", (_: number, x: number) => x, 4],
    ["-x", (_: number, x: number) => -x, 4],
    ["y", (y: number) => y, 0],
    ["-y", (y: number) => -y, 0],
    ["x + y", (y: number, x: number) => x + y, 2],
    ["-x - y", (y: number, x: number) => -x - y, 2],
    ["x - y", (y: number, x: number) => x - y, 6],
    ["2x + y", (y: number, x: number) => 2 * x + y, 3],
    ["x + 2y", (y: number, x: number) => x + 2 * y, 1],
  ] as const)("votes for the known bin on the ramp %s", (_, value, bin) => {
    const cells = hog(plane(24, 24, value), { layout: "cells", patchSize: 8, gaussianWindow: 0 });
    const center = Array.from({ length: 9 }, (_, k) => cells.data[k * 9 + 4]);
    expect(center).toEqual(Array.from({ length: 9 }, (_, k) => (k === bin ? 1 : 0)));
  });

  it.each([4, 8, 12, 36])(
    "puts gradients on the borders at 45, 90 and 135 degrees behind them, with %i bins",
    (nbins) => {
      const ramps = [(y: number, x: number) => x + y, (_: number, x: number) => x, (y: number, x: number) => x - y];
      const bins = ramps.map((value) => {
        const cells = hog(plane(24, 24, value), { nbins, layout: "cells", gaussianWindow: 0 });
        return Array.from({ length: nbins }, (_, k) => cells.data[k * 9 + 4]).indexOf(1);
      });
      expect(bins).toEqual([nbins / 4, nbins / 2, (3 * nbins) / 4]);
    },
  );

  it("weighs all pixels alike without the window; the window's weights add up to 1", () => {
    const ramp = plane(48, 48, (_, x) => x);
    const flat = hog(ramp, { layout: "cells", gaussianWindow: 0, normalize: false });
    expect(flat.data[4 * 36 + 14]).toBe(64 * 8);
    const weighted = hog(ramp, { layout: "cells", normalize: false });
    const middle = [14, 15, 20, 21].reduce((sum, cell) => sum + weighted.data[4 * 36 + cell], 0);
    expect(Math.abs(middle - 8)).toBeLessThan(8 * TOLERANCE);
  });

  it("is all zero for a zero image, and does not change with the scale", () => {
    expect(new Set(hog(plane(32, 32, () => 0)).data)).toEqual(new Set([0]));
    const x = image("scale", 32, 32);
    expect(hog({ data: x.data.map((v) => 4 * v), shape: x.shape }).data).toEqual(hog(x).data);
  });
});

describe("layouts", () => {
  it("orders tokens row by row and features by channel, bin, dy, dx", () => {
    const x = image("layout", 32, 48);
    const tokens = hog(x);
    const cells = hog(x, { layout: "cells" });
    expect([tokens.shape, cells.shape]).toEqual([
      [1, 6, 108],
      [1, 3, 9, 4, 6],
    ]);
    const at = (c: number, bin: number, y: number, x: number) => cells.data[((c * 9 + bin) * 4 + y) * 6 + x];
    // Token 4 is the second of the second row; feature 2 * 36 + 5 * 4 + 1 * 2 + 0.
    expect(tokens.data[4 * 108 + 94]).toBe(at(2, 5, 3, 2));
    expect(hogCells({ data: tokens.data, shape: [6, 108] }, { grid: [2, 3] }).data).toEqual(cells.data);
  });

  it.each([
    [8, 1, 27],
    [16, 2, 108],
    [32, 4, 432],
  ])("patch %i: %i cells a side, %i features", (patchSize, side, features) => {
    const x = image("patch", 64, 64);
    const tokens = hog(x, { patchSize });
    expect(tokens.shape).toEqual([1, (8 / side) ** 2, features]);
    expect(hogCells(tokens).data).toEqual(hog(x, { layout: "cells" }).data);
  });

  it("describes batches and clips image by image, frame by frame", () => {
    const [batch, frames, h, w] = [2, 3, 16, 32];
    const clip = { data: fill("clip", batch * 3 * frames * h * w, 0, 1), shape: [batch, 3, frames, h, w] };
    const tokens = hog(clip);
    expect(tokens.shape).toEqual([batch, frames * 2, 108]);
    expect(hog(clip, { layout: "cells" }).shape).toEqual([batch, frames, 3, 9, 2, 4]);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < frames; t++) {
        const frame = Float32Array.from({ length: 3 * h * w }, (_, i) => {
          const [c, rest] = [Math.floor(i / h / w), i % (h * w)];
          return clip.data[((b * 3 + c) * frames + t) * h * w + rest];
        });
        const alone = hog({ data: frame, shape: [3, h, w] });
        const from = (b * frames + t) * 2 * 108;
        expect(tokens.data.slice(from, from + 216)).toEqual(alone.data);
      }
    }
    const images = { data: fill("batch", 2 * 3 * h * w, 0, 1), shape: [2, 3, h, w] };
    const second = hog({ data: images.data.slice(3 * h * w), shape: [3, h, w] });
    expect(hog(images).data.slice(216)).toEqual(second.data);
  });
});

describe("arguments", () => {
  const x = image("arguments", 32, 32);

  it.each([
    [[3, 33, 32], {}, /multiples of pool 8, got 33 x 32/],
    [[3, 24, 32], {}, /multiples of patchSize 16, got 24 x 32/],
    [[3, 8, 24], { patchSize: 8 }, /gaussianWindow 16/],
    [[3, 12, 8], { layout: "cells", gaussianWindow: 0 }, /pool 8/],
    [[3, 1, 4], { pool: 1, patchSize: 1, gaussianWindow: 0 }, /at least 2, got 1 x 4/],
    [[4, 16, 16], {}, /expected \[3,H,W\]/],
    [[1, 1, 32, 32], {}, /expected \[3,H,W\]/],
    [[32, 32], {}, /expected \[3,H,W\]/],
    [[0, 3, 16, 16], {}, /none of them 0/],
  ] as [number[], HogOptions, RegExp][])("refuses shape %o with %o", (shape, options, message) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    expect(() => hog({ data, shape }, options)).toThrow(ShapeError);
    expect(() => hog({ data, shape }, options)).toThrow(message);
  });

  it.each([
    { nbins: 0 },
    { nbins: 2.5 },
    { pool: 0 },
    { gaussianWindow: 1 },
    { gaussianWindow: -16 },
    { patchSize: 12 },
    { layout: "rows" as "cells" },
  ])("refuses %o", (options) => {
    expect(() => hog(x, options)).toThrow(OptionError);
  });

  it("refuses data that does not fill the shape, NaN, and numbers whose squares overflow", () => {
    expect(() => hog({ data: x.data, shape: [3, 32, 16] })).toThrow(ShapeError);
    expect(() => hog("bird.jpg" as unknown as Tensor)).toThrow(/expected a tensor/);
    expect(() => hog({ data: x.data.with(7, Number.NaN), shape: x.shape })).toThrow(/hog: input: element 7 is NaN/);
    expect(() => hog({ data: x.data.map((v) => v * 1e30), shape: x.shape })).toThrow(NonFiniteError);
  });

  it("refuses tokens that are no grid", () => {
    expect(() => hogCells({ data: new Float32Array(3 * 108), shape: [3, 108] })).toThrow(ShapeError);
    expect(() => hogCells({ data: new Float32Array(4 * 100), shape: [4, 100] })).toThrow(ShapeError);
  });
});
