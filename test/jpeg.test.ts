/** What browsers are given of a JPEG: everything but its colour profile. */

import { readFileSync } from "node:fs";
import sharp from "sharp";
import { expect, it } from "vitest";
import { bareJpeg } from "../sdk/image/jpeg.js";

const wide = new Uint8Array(readFileSync("sdk/demo/samples/sky-noon-p3.jpg"));

it("a JPEG loses its profile and keeps its pixels, bit for bit", async () => {
  const bare = bareJpeg(wide);
  expect((await sharp(wide).metadata()).icc).toBeInstanceOf(Buffer);
  expect((await sharp(bare).metadata()).icc).toBeUndefined();
  const pixels = (file: Uint8Array) => sharp(file, { ignoreIcc: true }).raw().toBuffer();
  expect(await pixels(bare)).toEqual(await pixels(wide));
});

it("a JPEG without one stays as it is", () => {
  const bare = bareJpeg(wide);
  expect(bareJpeg(bare)).toEqual(bare);
});

it.each([2, 3, 4, 20, 21, 200, 1000])("of a file cut off after %i bytes nothing is made up", (length) => {
  expect(bareJpeg(wide.subarray(0, length)).length).toBeLessThanOrEqual(length);
});
