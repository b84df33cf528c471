import { describe, expect, it } from "vitest";
import { ImageError, OptionError } from "../gpu/errors.js";
import {
  centerCrop,
  crop,
  flip,
  normalize,
  preprocess,
  type RawPixels,
  resize,
  resizeEdge,
  toImage,
} from "../sdk/image/transform.js";
import { digest, golden, noise, type TestImage, testImage } from "./data.js";

const resizes = [...golden.resizes, ...golden.randomResizes];

/** A 1-row image whose red channel counts up. */
function ramp(width: number, height = 1): TestImage {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => Math.floor(i / 3));
  return { data, width, height };
}

const reds = (image: TestImage) => Array.from(image.data).filter((_, i) => i % 3 === 0);

describe("resize", () => {
  it.each([
    ["pillow", "bilinear", 500],
    ["pillow", "bicubic", 500],
    ["cv2", "bicubic", 500],
  ] as const)("equals %s %s, every byte", (backend, interpolation, least) => {
    const rows = resizes.filter((row) => row[0] === backend && row[1] === interpolation);
    const wrong = rows.filter(([, , kind, w, h, width, height, hash]) => {
      const result = resize(testImage(kind, w, h), { width, height, backend, interpolation });
      return digest(result.data) !== hash || result.width !== width || result.height !== height;
    });
    expect(wrong).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(least);
  });

  it("keeps constant images constant, whatever the size", () => {
    for (const value of [0, 1, 127, 255]) {
      const image = { data: new Uint8Array(3 * 11 * 7).fill(value), width: 11, height: 7 };
      for (const interpolation of ["bilinear", "bicubic"] as const) {
        const result = resize(image, { width: 5, height: 19, interpolation });
        expect(new Set(result.data)).toEqual(new Set([value]));
      }
    }
  });

  it("leaves its input alone", () => {
    const image = noise("input", 9, 8);
    const before = image.data.slice();
    resize(image, { width: 3, height: 30 });
    expect(image.data).toEqual(before);
  });

  it("shrinks a million pixels in a row to one", () => {
    const image = { data: new Uint8Array(3_000_000).fill(9), width: 1_000_000, height: 1 };
    expect([...resize(image, { width: 1, height: 1, interpolation: "bicubic" }).data]).toEqual([9, 9, 9]);
  });

  it.each([
    [{ width: 0, height: 1 }, /width: expected an integer from 1/],
    [{ width: 1.5, height: 1 }, /width/],
    [{ width: 2 ** 20, height: 2 ** 20 }, /height/],
    [{ width: 1, height: 1, backend: "sharp" as "cv2" }, /one of pillow, cv2/],
    [{ width: 1, height: 1, backend: "cv2", interpolation: "bilinear" }, /one of bicubic, got "bilinear"/],
    [{ width: 1, height: 1, interpolation: "lanczos" as "bicubic" }, /one of bilinear, bicubic/],
  ] as const)("refuses %o", (options, message) => {
    expect(() => resize(noise("x", 2, 2), options)).toThrow(OptionError);
    expect(() => resize(noise("x", 2, 2), options)).toThrow(message);
  });

  it("refuses malformed images", () => {
    const data = new Uint8Array(12);
    for (const image of [
      { data, width: 2, height: 3 },
      { data, width: 0, height: 0 },
      { data, width: 1.5, height: 2 },
      { data: new Uint8Array(16), width: 2, height: 2 },
    ]) {
      expect(() => resize(image, { width: 1, height: 1 })).toThrow(ImageError);
    }
    expect(() => preprocess("bird.jpg" as unknown as TestImage)).toThrow(/expected an image \{ data/);
    expect(() => resize({ data, width: 2, height: 3 }, { width: 1, height: 1 })).toThrow(/18 bytes, got 12.*toImage/);
  });
});

describe("resizeEdge", () => {
  it.each([
    [640, 480, 256, 341, 256],
    [480, 640, 256, 256, 341],
    [300, 300, 7, 7, 7],
    [1, 9, 5, 5, 45],
    [101, 100, 99, 99, 99],
  ])("%i x %i to edge %i: %i x %i, truncated", (width, height, edge, toWidth, toHeight) => {
    const result = resizeEdge(testImage("smooth", width, height), edge);
    expect([result.width, result.height]).toEqual([toWidth, toHeight]);
  });

  it("refuses an edge below 1", () => {
    expect(() => resizeEdge(ramp(2), 0)).toThrow(OptionError);
  });
});

describe("crop and flip", () => {
  it("cuts a rectangle", () => {
    const image = ramp(5, 4);
    expect(reds(crop(image, { left: 1, top: 2, width: 3, height: 2 }))).toEqual([11, 12, 13, 16, 17, 18]);
  });

  it.each([
    [{ left: -1, top: 0, width: 1, height: 1 }, /left/],
    [{ left: 0, top: 4, width: 1, height: 1 }, /top/],
    [{ left: 2, top: 0, width: 4, height: 1 }, /width: expected an integer from 1 to 3/],
    [{ left: 0, top: 0, width: 1, height: 0 }, /height/],
  ])("refuses %o of 5 x 4", (region, message) => {
    expect(() => crop(ramp(5, 4), region)).toThrow(OptionError);
    expect(() => crop(ramp(5, 4), region)).toThrow(message);
  });

  // (5 - 4) / 2 = 0.5 -> 0, (7 - 4) / 2 = 1.5 -> 2, (9 - 4) / 2 = 2.5 -> 2
  it.each([
    [5, 0],
    [6, 1],
    [7, 2],
    [8, 2],
    [9, 2],
  ])("centres 4 of %i pixels at %i: half to even", (width, first) => {
    const result = centerCrop(ramp(width), 4);
    expect(reds(result)).toEqual([first, first + 1, first + 2, first + 3]);
    expect([result.width, result.height]).toEqual([4, 1]);
  });

  it("keeps all of an image smaller than the crop", () => {
    expect(centerCrop(ramp(3, 2), 10)).toEqual(ramp(3, 2));
  });

  it("mirrors; twice is the image again", () => {
    expect(reds(flip(ramp(4)))).toEqual([3, 2, 1, 0]);
    for (const width of [1, 2, 17]) {
      const image = noise("flip", width, 3);
      expect(flip(flip(image))).toEqual(image);
    }
  });
});

describe("normalize and preprocess", () => {
  it("subtracts, then divides, in f32, channels first", () => {
    const image = noise("normal", 5, 3);
    const { data, shape } = normalize(image);
    expect(shape).toEqual([1, 3, 3, 5]);
    const [mean, std] = [Float32Array.of(123.675, 116.28, 103.53), Float32Array.of(58.395, 57.12, 57.375)];
    const expected = Array.from(data, (_, i) => {
      const c = Math.floor(i / 15);
      return Math.fround(Math.fround(image.data[3 * (i % 15) + c] - mean[c]) / std[c]);
    });
    expect(Array.from(data)).toEqual(expected);
  });

  it.each(golden.preprocessed)("%i x %i, edge %i, crop %i, %s: pixels and tensor equal the reference's", (...row) => {
    const [width, height, edge, cropSize, interpolation, [h, w], pixels, tensor] = row;
    const image = testImage("smooth", width, height);
    const options = { resizeEdge: edge, cropSize, interpolation };
    const u8 = preprocess(image, { ...options, stage: "u8" });
    expect([u8.height, u8.width, digest(u8.data)]).toEqual([h, w, pixels]);
    const f32 = preprocess(image, options);
    expect(f32.shape).toEqual([1, 3, h, w]);
    expect(digest(f32.data)).toBe(tensor);
  });

  it.each(golden.normalized)("%s %i x %i: every number equals the reference's", (kind, width, height, hash) => {
    expect(digest(normalize(testImage(kind, width, height)).data)).toBe(hash);
  });

  it("equals its steps, for sizes around the crop", () => {
    for (let width = 1; width < 40; width += 3) {
      for (const height of [1, 2, 15, 16, 17, 33]) {
        for (const interpolation of ["bilinear", "bicubic"] as const) {
          const image = testImage("noise", width, height);
          const steps = normalize(centerCrop(resizeEdge(image, 16, { interpolation }), 13));
          expect(preprocess(image, { resizeEdge: 16, cropSize: 13, interpolation })).toEqual(steps);
        }
      }
    }
  });

  it("takes a strip whose resized size would be millions of pixels", () => {
    const image = { data: new Uint8Array(3 * 100_000).fill(7), width: 100_000, height: 1 };
    const result = preprocess(image, { stage: "u8" });
    expect([result.width, result.height, new Set(result.data)]).toEqual([224, 224, new Set([7])]);
  });

  it.each([
    { mean: [0, 0] as unknown as [number, number, number] },
    { mean: 5 as unknown as [number, number, number] },
    { std: [1, 0, 1] as [number, number, number] },
    { mean: [Number.NaN, 0, 0] as [number, number, number] },
    { resizeEdge: 0 },
    { cropSize: 2.5 },
    { stage: "f16" as "f32" },
  ])("refuses %o", (options) => {
    expect(() => preprocess(ramp(3), options)).toThrow(OptionError);
  });
});

describe("toImage", () => {
  it("takes RGB without a copy, drops alpha, swaps BGR and spreads gray", () => {
    const rgb = Uint8Array.of(1, 2, 3, 4, 5, 6);
    expect(toImage({ data: rgb, width: 2, height: 1 }).data.buffer).toBe(rgb.buffer);
    const rgba = new Uint8ClampedArray([1, 2, 3, 255, 4, 5, 6, 0]);
    expect([...toImage({ data: rgba, width: 1, height: 2 }).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...toImage({ data: rgb, width: 2, height: 1, channelOrder: "bgr" }).data]).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...toImage({ data: rgba, width: 2, height: 1, channelOrder: "bgr" }).data]).toEqual([3, 2, 1, 6, 5, 4]);
    const gray = toImage({ data: rgb, width: 3, height: 2, channelOrder: "gray" });
    expect([...gray.data.slice(0, 6)]).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it("reads views at their offset", () => {
    const view = Uint8Array.of(9, 9, 1, 2, 3).subarray(2);
    expect([...toImage({ data: view, width: 1, height: 1 }).data]).toEqual([1, 2, 3]);
  });

  it.each([
    [{ data: new Uint8Array(4), width: 2, height: 2 }, /channelOrder: "gray"/],
    [{ data: new Uint8Array(8), width: 2, height: 2 }, /3 or 4 bytes a pixel, got 8 for 2 x 2/],
    [{ data: new Uint8Array(0), width: 0, height: 0 }, /positive integers, got 0 x 0/],
    [{ data: new Uint8Array(9), width: 1.5, height: 2 }, /positive integers/],
    [{ data: new Uint8Array(12), width: 2, height: 2, channelOrder: "gray" as const }, /expected 1 bytes/],
    [{ data: new Float32Array(12) as unknown as Uint8Array, width: 2, height: 2 }, /expected a Uint8Array/],
    [{ width: 2, height: 2 } as RawPixels, /expected a Uint8Array/],
  ])("refuses %o", (raw, message) => {
    expect(() => toImage(raw)).toThrow(ImageError);
    expect(() => toImage(raw)).toThrow(message);
  });

  it("refuses an unknown order", () => {
    const raw = { data: new Uint8Array(3), width: 1, height: 1, channelOrder: "grb" as "rgb" };
    expect(() => toImage(raw)).toThrow(OptionError);
  });
});
