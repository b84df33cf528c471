/** WebP files with nothing but their picture: the same pixels, without what a browser might apply. */

import { readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { bareWebp } from "../sdk/image/webp.js";
import { nodePlatform } from "../sdk/platform/node.js";

const fixture = (name: string) => new Uint8Array(readFileSync(`conformance/golden/full/images/webp-${name}.webp`));

/** Names of the chunks; throws where one passes the end. */
function chunks(file: Uint8Array): string[] {
  const bytes = Buffer.from(file);
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
  const names = [];
  for (let at = 12; at < bytes.length; ) {
    names.push(bytes.toString("latin1", at, at + 4));
    const length = bytes.readUInt32LE(at + 4);
    at += 8 + length + (length & 1);
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
  return names;
}

describe("bareWebp", () => {
  it.each([
    ["exif6", ["VP8X", "VP8 ", "EXIF"], "VP8 "],
    ["icc", ["VP8X", "ICCP", "VP8 "], "VP8 "],
    ["lossy-alpha", ["VP8X", "ALPH", "VP8 "], "VP8 "],
    ["lossless-alpha", ["VP8L"], "VP8L"],
    ["lossy", ["VP8 "], "VP8 "],
    ["1x1", ["VP8 "], "VP8 "],
  ])("%s", async (name, before, after) => {
    const file = fixture(name);
    expect(chunks(file)).toEqual(before);
    const bare = bareWebp(file);
    expect(chunks(bare)).toEqual([after]);
    expect(await nodePlatform.decode(bare, name)).toEqual(await nodePlatform.decode(file, name));
  });

  it("leaves an animation as it is", async () => {
    const frames = ["red", "blue"].map((background) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer(),
    );
    const joined = sharp(await Promise.all(frames), { join: { animated: true } });
    const file = new Uint8Array(await joined.webp({ lossless: true }).toBuffer());
    expect(bareWebp(file)).toEqual(file);
  });

  it("refuses a file without its picture, or with a part of it", () => {
    const file = fixture("exif6");
    for (let end = 21; end < file.length - 100; end += 7)
      expect(() => bareWebp(file.subarray(0, end))).toThrow(/^(a chunk is cut off|no picture in it)$/);
  });
});
