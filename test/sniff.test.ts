import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MAX_PIXELS, sniffImage } from "../sdk/image/sniff.js";
import { codeOf, dice, latin1, rounds } from "./helpers.js";

const fixture = (name: string) => new Uint8Array(readFileSync(`conformance/golden/full/images/${name}`));
const sniff = (bytes: Uint8Array) => codeOf(() => sniffImage(bytes, "x"));

/** `bytes` with `values` written at `at`. */
function patched(bytes: Uint8Array, at: number, values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

/** Offset of the height in a JPEG's frame header; the width follows it. */
function jpegSize(bytes: Uint8Array): number {
  return bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0) + 5;
}

describe("sniffImage", () => {
  it.each([
    ["jpeg-420.jpg", { format: "jpeg", width: 53, height: 37, channels: 3, bits: 8 }],
    ["jpeg-gray.jpg", { format: "jpeg", width: 53, height: 37, channels: 1, bits: 8 }],
    ["jpeg-420-progressive.jpg", { format: "jpeg", width: 53, height: 37, channels: 3, bits: 8 }],
    ["jpeg-bytes-between-markers.jpg", { format: "jpeg", width: 53, height: 37, channels: 3, bits: 8 }],
    ["jpeg-17x1.jpg", { format: "jpeg", width: 17, height: 1, channels: 3, bits: 8 }],
    ["png-rgba16.png", { format: "png", width: 53, height: 37, channels: 4, bits: 16 }],
    ["png-gray1.png", { format: "png", width: 53, height: 37, channels: 1, bits: 1 }],
    ["png-gray-alpha.png", { format: "png", width: 53, height: 37, channels: 2, bits: 8 }],
    ["webp-lossy.webp", { format: "webp", width: 53, height: 37, channels: 3, bits: 8 }],
    ["webp-lossless.webp", { format: "webp", width: 53, height: 37, channels: 3, bits: 8 }],
    ["webp-lossy-alpha.webp", { format: "webp", width: 53, height: 37, channels: 4, bits: 8 }],
    ["webp-icc.webp", { format: "webp", width: 53, height: 37, channels: 3, bits: 8 }],
  ])("%s", (name, header) => {
    expect(sniffImage(fixture(name), name)).toEqual(header);
  });

  it("refuses an empty file", async () => {
    expect(await sniff(new Uint8Array(0))).toBe("IMG_EMPTY");
  });

  it.each([
    ["GIF89a\x01\0\x01\0", "a GIF image"],
    ["BM\x3a\0\0\0\0\0\0\0", "a BMP image"],
    ["II*\0\x08\0\0\0", "a TIFF image"],
    ["MM\0*\0\0\0\x08", "a TIFF image"],
    ["\0\0\0\x18ftypheic", "a HEIC image"],
    ["\0\0\0\x1cftypavif", "an AVIF image"],
    ["\0\0\0\x18ftypisom", "a video"],
    ["8BPS\0\x01", "PSD"],
    ["%PDF-1.7", "a PDF document"],
    ["\n<!DOCTYPE html><html>", "an HTML page"],
    ["<svg xmlns=", "an SVG image"],
    ["<?xml version='1.0'?>\n<svg>", "an SVG image"],
    ["PK\x03\x04\x14\0", "a zip archive"],
    ["P6\n2 2\n255\n", "a Netpbm image"],
    ["version https://git-lfs.github.com", "a Git LFS pointer"],
    ["RIFF\0\0\0\0WAVE", "52 49 46 46"],
    ["hello", "68 65 6c 6c 6f"],
  ])("names what %j is", (text, kind) => {
    expect(() => sniffImage(latin1(text), "photo.jpg")).toThrow(kind);
    expect(() => sniffImage(latin1(text), "photo.jpg")).toThrow("photo.jpg");
    expect(() => sniffImage(latin1(text), "photo.jpg")).toThrow(expect.objectContaining({ code: "IMG_FORMAT" }));
  });

  it("refuses sizes of nothing and of too much", async () => {
    const jpeg = fixture("jpeg-420.jpg");
    const png = fixture("png-rgb.png");
    const webp = fixture("webp-lossy.webp");
    expect(await sniff(patched(jpeg, jpegSize(jpeg), [0, 0, 0, 0]))).toBe("IMG_SIZE");
    expect(await sniff(patched(jpeg, jpegSize(jpeg), [0xff, 0xff, 0xff, 0xff]))).toBe("IMG_SIZE");
    expect(await sniff(patched(png, 16, [0, 0, 0, 0]))).toBe("IMG_SIZE");
    expect(await sniff(patched(png, 16, [0xff, 0xff, 0xff, 0xff]))).toBe("IMG_SIZE");
    expect(await sniff(patched(webp, 26, [0, 0]))).toBe("IMG_SIZE");
    expect(await sniff(patched(webp, 26, [0xff, 0x3f, 0xff, 0x3f]))).toBe("IMG_SIZE");
  });

  it("takes exactly the limit", async () => {
    const png = fixture("png-rgb.png");
    const size = (w: number, h: number) => [w, h].flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n].map((b) => b & 0xff));
    expect(await sniff(patched(png, 16, size(8000, MAX_PIXELS / 8000)))).toBe("none");
    expect(await sniff(patched(png, 16, size(8000, MAX_PIXELS / 8000 + 1)))).toBe("IMG_SIZE");
  });

  it("names a JPEG-LS image", () => {
    const frame = "\xff\xd8\xff\xf7\0\x0b\x08\0\x02\0\x04\x01\x01\x11\0";
    expect(() => sniffImage(latin1(frame), "x")).toThrow("x: a JPEG-LS image, which is not decoded");
  });

  it("refuses four components", async () => {
    const jpeg = fixture("jpeg-420.jpg");
    expect(await sniff(patched(jpeg, jpegSize(jpeg) + 4, [4]))).toBe("IMG_CMYK");
    expect(await sniff(patched(jpeg, jpegSize(jpeg) + 4, [2]))).toBe("IMG_CORRUPT");
  });

  it.each([
    ["png-rgb.png", 26],
    ["webp-lossy.webp", 30],
    ["webp-lossless.webp", 25],
    ["webp-lossy-alpha.webp", 30],
    ["jpeg-420.jpg", 100],
  ])("refuses %s cut off inside its header", async (name, end) => {
    const bytes = fixture(name);
    for (let n = 12; n < end; n++) expect(await sniff(bytes.subarray(0, n)), `${n} bytes`).toBe("IMG_CORRUPT");
  });

  it("looks for the end of a JPEG behind its frame header: a thumbnail before it has one too", async () => {
    const jpeg = fixture("jpeg-420.jpg");
    const thumbnail = latin1("\xff\xe1\0\x04\xff\xd9");
    const whole = Uint8Array.of(...jpeg.subarray(0, 2), ...thumbnail, ...jpeg.subarray(2));
    expect(await sniff(whole)).toBe("none");
    for (const cut of [1, 2, 500]) expect(await sniff(whole.subarray(0, -cut))).toBe("IMG_CORRUPT");
  });

  it("refuses contradictory headers", async () => {
    const png = fixture("png-rgb.png");
    expect(await sniff(patched(png, 12, [0x49, 0x44, 0x41, 0x54]))).toBe("IMG_CORRUPT");
    expect(await sniff(patched(png, 25, [5]))).toBe("IMG_CORRUPT");
    expect(await sniff(patched(fixture("webp-lossy.webp"), 12, [0x41]))).toBe("IMG_CORRUPT");
    expect(await sniff(patched(fixture("webp-lossy.webp"), 23, [0]))).toBe("IMG_CORRUPT");
    expect(await sniff(patched(fixture("webp-lossless.webp"), 20, [0]))).toBe("IMG_CORRUPT");
    expect(await sniff(latin1("\xff\xd8\xff\xda\0\x04\0\0"))).toBe("IMG_CORRUPT");
    expect(await sniff(latin1("\xff\xd8\xff\xe0\0\x01\0\0"))).toBe("IMG_CORRUPT");
  });

  it("answers every mutation with a header or a typed error", async () => {
    const roll = dice(5);
    const files = ["jpeg-420.jpg", "png-rgb.png", "webp-lossy.webp", "webp-lossless.webp"].map(fixture);
    for (let i = 0; i < rounds(2000); i++) {
      const bytes = files[i % files.length].slice();
      for (let k = 0; k <= roll(4); k++) bytes[roll(Math.min(bytes.length, 300))] = roll(256);
      expect(await sniff(bytes.subarray(0, 1 + roll(bytes.length)))).toMatch(/^(none|IMG_\w+)$/);
    }
  });
});
