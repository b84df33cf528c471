import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { noiseImage, smoothImage } from "../conformance/images.js";
import { fnv1a32, initFill, proceduralFill, u32 } from "../sdk/model/fill.js";

const sha256 = (data: ArrayBufferView) =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

describe("generator", () => {
  it("gives the published values", () => {
    expect([fnv1a32(""), fnv1a32("a")]).toEqual([2166136261, 3826002220]);
    expect([0, 1, 2, 3].map((i) => u32(fnv1a32("a"), i))).toEqual([1817065451, 2738992517, 2461192129, 3721643769]);
    expect(((u32(fnv1a32("a"), 0) >>> 8) - 2 ** 23) / 2 ** 23).toBe(-0.1538630723953247);
  });
});

describe("proceduralFill", () => {
  /** The definition, element by element. */
  const expected = (name: string, i: number, offset: number, scale: number) =>
    Math.fround(offset + scale * (((u32(fnv1a32(name), i) >>> 8) - 2 ** 23) / 2 ** 23));

  it.each([
    ["backbone.cls_token", [1, 1, 12], 0, 0.5],
    ["backbone.mask_token", [1, 1, 12], 0, 0.5],
    ["backbone.pos_embed", [1, 5, 12], 0, 0.5],
    ["backbone.patch_embed.projection.weight", [12, 3, 4, 4], 0, Math.sqrt(3 / 48)],
    ["backbone.layers.0.attn.qkv.weight", [36, 12], 0, Math.sqrt(3 / 12)],
    ["backbone.layers.0.ln1.weight", [12], 1, 0.1],
    ["backbone.layers.0.ln1.bias", [12], 0, 0.1],
    ["backbone.blocks.0.attn.rel_pos_h", [7, 12], 0, 0.2],
    ["head.fc.bias", [10], 0, 0.1],
  ])("%s", (name, shape, offset, scale) => {
    const data = proceduralFill(name, shape);
    expect(data?.length).toBe(shape.reduce((a, b) => a * b));
    for (const [i, value] of data?.entries() ?? []) expect(value).toBe(expected(name, i, offset, scale));
  });

  it("leaves buffers alone", () => {
    expect(proceduralFill("target_generator.weight_x", [3, 1, 3, 3])).toBeUndefined();
    expect(proceduralFill("target_generator.gaussian_kernel", [16, 16])).toBeUndefined();
  });
});

describe("images", () => {
  it("noise is one byte of the generator each", () => {
    const { data, width, height } = noiseImage("n", 3, 5);
    expect([width, height, data.length]).toEqual([5, 3, 45]);
    for (const [i, value] of data.entries()) expect(value).toBe(u32(fnv1a32("n"), i) >>> 24);
  });

  it("the test images do not change", () => {
    expect(sha256(noiseImage("photo", 37, 53).data)).toBe(
      "968e1f8b24caa061fac19ce241d299ba0689f7a9451f17a4b692e230ed196c42",
    );
    expect(sha256(smoothImage("photo", 37, 53).data)).toBe(
      "07874921ed3801b0391c4317649a55766625fb4d6818b66fa8d79e184124284d",
    );
  });
});

describe("initFill", () => {
  const shapes = new Map<string, number[]>([
    ["backbone.cls_token", [1, 1, 64]],
    ["backbone.patch_embed.projection.weight", [64, 3, 16, 16]],
    ["backbone.patch_embed.projection.bias", [64]],
    ["backbone.layers.0.ffn.layers.0.0.weight", [256, 64]],
    ["backbone.layers.0.ffn.layers.0.0.bias", [256]],
    ["backbone.layers.0.ln1.weight", [64]],
    ["backbone.layers.0.ln1.bias", [64]],
    ["head.fc.weight", [1000, 64]],
    ["head.fc.bias", [1000]],
    ["odd.weight", [3, 1]],
    ["target_generator.weight_x", [3, 1, 3, 3]],
  ]);
  const fill = (name: string, seed = 0) => initFill(seed, name, shapes) ?? new Float32Array(0);

  it.each([
    ["backbone.patch_embed.projection.weight", 0.02],
    ["backbone.layers.0.ffn.layers.0.0.weight", 0.02],
    ["head.fc.weight", 2e-5],
  ])("%s is normal with deviation %f", (name, deviation) => {
    const data = fill(name);
    const n = data.length;
    const moment = (k: number) => data.reduce((sum, x) => sum + (x / deviation) ** k, 0) / n;
    // Five standard errors of the first four moments of a standard normal: 0, 1, 0, 3.
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const neighbours = data.reduce((sum, x, i) => sum + x * (data[i + 1] ?? 0), 0) / (n * deviation ** 2);
    expect(Math.abs(neighbours)).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.max(...data.map(Math.abs))).toBeLessThan(7 * deviation);
  });

  it("has the reference's constants", () => {
    expect(new Set(fill("backbone.layers.0.ffn.layers.0.0.bias"))).toEqual(new Set([0]));
    expect(new Set(fill("backbone.layers.0.ln1.weight"))).toEqual(new Set([1]));
    expect(new Set(fill("backbone.layers.0.ln1.bias"))).toEqual(new Set([0]));
    expect(new Set(fill("head.fc.bias"))).toEqual(new Set([Math.fround(2e-5)]));
  });

  it("takes the convolution's bias from its fan-in", () => {
    const data = fill("backbone.patch_embed.projection.bias");
    const bound = 1 / Math.sqrt(768);
    const largest = Math.max(...data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(0.9 * bound);
  });

  it("follows from seed and name alone", () => {
    expect(fill("backbone.cls_token", 3)).toEqual(fill("backbone.cls_token", 3));
    expect(fill("backbone.cls_token", 3)).not.toEqual(fill("backbone.cls_token", 4));
    expect(fill("odd.weight").length).toBe(3);
  });

  it("leaves buffers alone, and says what is missing", () => {
    expect(initFill(0, "target_generator.weight_x", shapes)).toBeUndefined();
    expect(() => fill("backbone.unknown.weight")).toThrow("backbone.unknown.weight");
    const alone = new Map([["a.patch_embed.projection.bias", [4]]]);
    expect(() => initFill(0, "a.patch_embed.projection.bias", alone)).toThrow("a.patch_embed.projection.weight");
  });
});
