/** PNG files with alpha or 16 bits, and orientations, without a browser: as OpenCV and Node decode them. */

import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { bareImage } from "../sdk/image/orientation.js";
import { orient } from "../sdk/image/pixels.js";
import { decodeDeepPng, isDeep } from "../sdk/image/png.js";
import { sniffImage } from "../sdk/image/sniff.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { noise } from "./helpers.js";

async function decode(bytes: Uint8Array) {
  const header = sniffImage(bytes, "x");
  expect(isDeep(header)).toBe(true);
  const { bare, turn } = bareImage(bytes, header, "x");
  return orient(await decodeDeepPng(bare, header), turn);
}

const orientationOf = (bytes: Uint8Array) => bareImage(bytes, sniffImage(bytes, "x"), "x").turn;

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const numbers = [data.length, crc32(body)].map((n) => {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(n);
    return word;
  });
  return Buffer.concat([numbers[0], body, numbers[1]]);
}

/** A grey and alpha PNG of 5 x 4 pixels whose rows inflate to `pixels`, in two chunks. */
function grayAlpha(pixels: Uint8Array, interlaced = 0): Uint8Array {
  const idat = deflateSync(pixels);
  const parts = [
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 4, 8, 4, 0, 0, interlaced)),
    chunk("IDAT", idat.subarray(0, 3)),
    chunk("IDAT", idat.subarray(3)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

const ROWS = 4 * (1 + 2 * 5);

describe("PNG with alpha or 16 bits", () => {
  it.each(["gray-alpha", "gray-alpha16", "gray16", "rgb16", "rgba", "rgba16", "interlaced-rgb16", "interlaced-rgba"])(
    "%s",
    async (name) => {
      const bytes = new Uint8Array(readFileSync(`conformance/golden/full/images/png-${name}.png`));
      expect(await decode(bytes)).toEqual(await nodePlatform.decode(bytes, name));
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %d", async (orientation) => {
    const picture = sharp(noise(7, 5), { raw: { width: 7, height: 5, channels: 4 } });
    const bytes = new Uint8Array(await picture.png().withMetadata({ orientation }).toBuffer());
    expect(orientationOf(bytes)).toBe(orientation);
    expect(await decode(bytes)).toEqual(await nodePlatform.decode(bytes, "x"));
  });

  it("takes an orientation that is none for 1", () => {
    const of = (exif: number[]) => {
      const file = grayAlpha(new Uint8Array(ROWS));
      const end = file.length - 12;
      return orientationOf(
        new Uint8Array(
          Buffer.concat([file.subarray(0, end), chunk("eXIf", Uint8Array.from(exif)), file.subarray(end)]),
        ),
      );
    };
    const entry = (value: number) => [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0];
    expect(of(entry(6))).toBe(6);
    expect(of(entry(9))).toBe(1);
    expect(of(entry(6).slice(0, -3))).toBe(1);
    expect(of([0x4d, 0x4d, 0, 42, 255, 255, 255, 255])).toBe(1);
    expect(of([])).toBe(1);
  });

  it("refuses pixels of another length, wrong checksums and unknown filters", async () => {
    expect((await decode(grayAlpha(new Uint8Array(ROWS)))).data.length).toBe(60);
    for (const length of [0, 1, ROWS - 11, ROWS - 1, ROWS + 1, 2 ** 22]) {
      await expect(decode(grayAlpha(new Uint8Array(length))), `${length}`).rejects.toThrow(`${ROWS} bytes of pixels`);
    }
    const broken = grayAlpha(new Uint8Array(ROWS));
    broken[broken.length - 13] ^= 1; // the checksum of IDAT
    await expect(decode(broken)).rejects.toThrow("a wrong checksum of IDAT");
    await expect(decode(grayAlpha(new Uint8Array(ROWS).fill(9)))).rejects.toThrow("an unknown filter");
    // columns and rows of the seven passes over 5 x 4 pixels
    const passes = [
      [1, 1],
      [1, 1],
      [0, 0],
      [1, 1],
      [3, 1],
      [2, 2],
      [5, 2],
    ];
    const length = passes.reduce((sum, [columns, rows]) => sum + rows * (1 + 2 * columns), 0);
    expect((await decode(grayAlpha(new Uint8Array(length), 1))).data.length).toBe(60);
    await expect(decode(grayAlpha(new Uint8Array(length - 1), 1))).rejects.toThrow(`${length} bytes of pixels`);
  });
});
