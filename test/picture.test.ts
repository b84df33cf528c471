import { describe, expect, it } from "vitest";
import { NonFiniteError, OptionError } from "../gpu/errors.js";
import type { Tensor } from "../sdk/base/tensor.js";
import { hog, hogImage, hogPicture } from "../sdk/image/hog.js";
import { digest, fill, golden } from "./data.js";

describe("pictures", () => {
  it.each(golden.pictures)(
    "%i bins, pool %i, %i x %i cells: every pixel equals the reference's",
    (nbins, pool, gh, gw, hash) => {
      const data = fill(`picture${nbins}x${pool}`, 3 * nbins * gh * gw, 0.5, 0.5);
      const picture = hogPicture({ data, shape: [3, nbins, gh, gw] }, { pool });
      expect(picture.shape).toEqual([gh * pool, gw * pool]);
      expect(digest(picture.data)).toBe(hash);
    },
  );

  it("draws one bin vertically as the reference, along its gradient when true", () => {
    const cells = { data: Float32Array.of(1, 1, 1), shape: [1, 3, 1, 1, 1] };
    const lit = (p: Tensor) => Array.from(p.data, (v, i) => (v === 255 ? i : -1)).filter((i) => i >= 0);
    expect(lit(hogPicture(cells))).toEqual([0, 8, 16, 24, 32]);
    expect(lit(hogPicture(cells, { lines: "true" }))).toEqual([0, 1, 2, 3, 4]);
  });

  it("gives the same as a grey image", () => {
    const cells = hog({ data: fill("grey", 3 * 32 * 32, 0, 2), shape: [3, 32, 32] }, { layout: "cells" });
    const { data, width, height } = hogImage(cells);
    expect([width, height]).toEqual([32, 32]);
    const spread = Array.from(hogPicture(cells).data).flatMap((v) => [v, v, v]);
    expect(Array.from(data)).toEqual(spread);
  });

  it("is empty for zero cells and stays inside the image for negative ones", () => {
    const zero = hogPicture({ data: new Float32Array(27), shape: [3, 9, 1, 1] });
    expect(new Set(zero.data)).toEqual(new Set([0]));
    // The second cell's line stands on column 8 and reaches 4 pixels to each side, not 400.
    const wild = { data: Float32Array.of(1, -100, 1, -100, 1, -100), shape: [3, 1, 1, 2] };
    const picture = hogPicture(wild, { lines: "true" });
    expect(Array.from(picture.data.slice(0, 16))).toEqual([255, 255, 255, 255, ...new Array(12).fill(0)]);
    expect(new Set(picture.data.slice(16))).toEqual(new Set([0]));
  });

  it("refuses other shapes, options and NaN", () => {
    expect(() => hogPicture({ data: new Float32Array(12), shape: [3, 2, 2] })).toThrow(/layout: "cells"/);
    expect(() => hogPicture({ data: new Float32Array(3).fill(Number.NaN), shape: [3, 1, 1, 1] })).toThrow(
      NonFiniteError,
    );
    const cells = { data: new Float32Array(3), shape: [3, 1, 1, 1] };
    expect(() => hogPicture(cells, { lines: "both" as "true" })).toThrow(OptionError);
    expect(() => hogPicture(cells, { pool: 0 })).toThrow(OptionError);
    expect(() => hogPicture(cells, { pool: 2 ** 15 })).toThrow(OptionError);
  });
});
