import { describe, expect, it } from "vitest";
import { ImageError, OptionError } from "../gpu/errors.js";
import { type RandomResizedCropOptions, randomRegion, randomResizedCrop } from "../sdk/image/random-crop.js";
import { mt19937numpy, mt19937python, type Rng } from "../sdk/image/rng.js";
import { resize } from "../sdk/image/transform.js";
import { digest, golden, noise, testImage } from "./data.js";

describe("randomResizedCrop", () => {
  it.each(golden.randomCrops)("%s %j of %s %i x %i to %i: mmpretrain's regions and bytes from each seed", (...row) => {
    const [backend, cropRatioRange, kind, width, height, size, drawn] = row;
    const image = testImage(kind, width, height);
    const found = drawn.map((_, seed) => {
      const rng = mt19937numpy(seed);
      const result = randomResizedCrop(image, { rng, size, backend, cropRatioRange });
      const next = rng.randint(0, 2 ** 31);
      const region = randomRegion(image, { rng: mt19937numpy(seed), cropRatioRange });
      return [region.left, region.top, region.width, region.height, next, digest(result.data)];
    });
    expect(found).toEqual(drawn);
  });

  it("has pictures among them in which no attempt fits, and ones in which some do", () => {
    const middles = golden.randomCrops.filter(([, , , width, height, , drawn]) =>
      drawn.every(([left, top, w, h]) => left === Math.floor((width - w) / 2) && top === Math.floor((height - h) / 2)),
    );
    expect(middles.length).toBeGreaterThan(4);
    expect(middles.length).toBeLessThan(golden.randomCrops.length / 2);
  });

  it("has mmpretrain's defaults, and bicubic interpolation", () => {
    const image = testImage("smooth", 90, 60);
    const options = {
      size: 224,
      cropRatioRange: [0.08, 1],
      aspectRatioRange: [3 / 4, 4 / 3],
      maxAttempts: 10,
    } as const;
    const all = { ...options, backend: "cv2", interpolation: "bicubic" } as const;
    const given = randomResizedCrop(image, { rng: mt19937numpy(5), ...all });
    expect(randomResizedCrop(image, { rng: mt19937numpy(5) })).toEqual(given);
    expect([given.width, given.height]).toEqual([224, 224]);
  });

  it("resizes the whole image, without a draw, where no attempt is allowed and its shape is", () => {
    const image = noise("whole", 12, 10);
    const rng = mt19937numpy(0);
    const before = rng.state.slice();
    const result = randomResizedCrop(image, { rng, size: 7, maxAttempts: 0 });
    expect(rng.state).toEqual(before);
    expect(result).toEqual(resize(image, { width: 7, height: 7, backend: "cv2" }));
  });

  it("stays inside the image and its ranges", () => {
    const rng = mt19937numpy(1);
    for (let i = 0; i < 300; i++) {
      const { left, top, width, height } = randomRegion(
        { width: 400, height: 300 },
        { rng, cropRatioRange: [0.2, 0.4] },
      );
      expect(Math.min(left, top, 400 - left - width, 300 - top - height)).toBeGreaterThanOrEqual(0);
      const share = (width * height) / 120_000;
      expect(share).toBeGreaterThan(0.19);
      expect(share).toBeLessThan(0.41);
      expect(Math.abs(Math.log(width / height))).toBeLessThan(Math.log(4 / 3) + 0.02);
    }
  });

  it("takes any stream whose randint excludes its upper end", () => {
    const middle: Rng = { random: () => 0.5, uniform: (low, high) => (low + high) / 2, randint: (_, high) => high - 1 };
    const options = { rng: middle, cropRatioRange: [0.25, 0.25] as const };
    expect(randomRegion({ width: 80, height: 80 }, options)).toEqual({ left: 40, top: 40, width: 40, height: 40 });
  });

  const rng = mt19937numpy(0);
  it.each([
    [/rng is needed; mt19937numpy/, {}],
    [/make the stream by mt19937numpy\(\)/, { rng: mt19937python(0) }],
    [/size: expected an integer from 1/, { rng, size: 0 }],
    [/cropRatioRange: expected two positive numbers/, { rng, cropRatioRange: [0, 1] }],
    [/the smaller one first, got \[1,0.5\]/, { rng, cropRatioRange: [1, 0.5] }],
    [/aspectRatioRange/, { rng, aspectRatioRange: [1] }],
    [/aspectRatioRange/, { rng, aspectRatioRange: [1, Number.NaN] }],
    [/maxAttempts/, { rng, maxAttempts: -1 }],
    [/one of pillow, cv2/, { rng, backend: "sharp" }],
    [/interpolation of cv2: expected one of bicubic/, { rng, interpolation: "bilinear" }],
    [/unknown option scale/, { rng, scale: 224 }],
  ])("refuses, saying %s, and draws nothing", (message, options) => {
    const before = rng.state.slice();
    const call = () => randomResizedCrop(noise("x", 9, 9), options as unknown as RandomResizedCropOptions);
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
    expect(rng.state).toEqual(before);
  });

  it("refuses what is no image and no size", () => {
    expect(() => randomResizedCrop({ data: new Uint8Array(5), width: 1, height: 1 }, { rng })).toThrow(ImageError);
    expect(() => randomRegion({ width: 0, height: 4 }, { rng })).toThrow(ImageError);
  });
});
