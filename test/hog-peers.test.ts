/** HOG against PyTorch's bins of photographs and synthetic images (scripts/golden/peers/hog.py): every vote, and every cell's sum of votes. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { binOf, hogExpected } from "../conformance/hog.js";
import { hogInput } from "../conformance/levels/pipeline-rows.js";
import { measure } from "../conformance/score.js";
import type { Tensor } from "../sdk/base/tensor.js";
import { decode } from "../sdk/entries/node.js";
import { hog } from "../sdk/image/hog.js";
import { crop, normalize } from "../sdk/image/transform.js";
import { digest, noise, type TestImage } from "./data.js";
import { some } from "./helpers.js";

type Row = readonly [kind: string, width: number, height: number, values: unknown, input: string, bins: string[]];
const peers: { torch: Record<string, number>; bins: number[]; images: Row[] } = JSON.parse(
  readFileSync("test/fixtures/peers/hog.json", "utf8"),
);

/** The middle of a sample. */
async function photo(name: string, width: number, height: number): Promise<TestImage> {
  const image = await decode(`sdk/demo/samples/${name}`);
  const [left, top] = [Math.floor((image.width - width) / 2), Math.floor((image.height - height) / 2)];
  return crop(image, { left, top, width, height });
}

/** Steps of `size` pixels and `height` levels along (dx, dy). */
function steps(width: number, height: number, [dx, dy, size, rise]: number[]): TestImage {
  const data = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return Math.floor((dx * x + dy * y) / size) * rise + 128;
  });
  return { data: new Uint8Array(data), width, height };
}

function levels(width: number, height: number, count: number): TestImage {
  const image = noise(`levels${width}x${height}`, width, height);
  return { ...image, data: image.data.map((v) => Math.floor((v * count) / 256) * Math.floor(255 / (count - 1))) };
}

/** f32 [3,H,W] */
async function inputOf([kind, width, height, values]: Row): Promise<Tensor> {
  const shape = [3, height, width];
  if (kind === "photo") return { data: normalize(await photo(values as string, width, height)).data, shape };
  if (kind === "steps") return { data: normalize(steps(width, height, values as number[])).data, shape };
  if (kind === "levels") return { data: normalize(levels(width, height, values as number)).data, shape };
  return hogInput({ kind: kind as "noise", width, height, values: (values as number[]) ?? [] });
}

/** u8 [3,H,W]: cells of one pixel have length 1, so each is its pixel's vote. No gradient: bin 0. */
function binsOf(x: Tensor, nbins: number): Uint8Array | Uint16Array {
  const votes = hog(x, { nbins, pool: 1, gaussianWindow: 0, layout: "cells" }).data;
  const [, h, w] = x.shape;
  const bins = new (nbins > 256 ? Uint16Array : Uint8Array)(3 * h * w);
  for (let i = 0; i < votes.length; i++) {
    if (votes[i] > 0) bins[Math.floor(i / (nbins * h * w)) * h * w + (i % (h * w))] = Math.floor(i / (h * w)) % nbins;
  }
  return bins;
}

/** Small images and a photograph in `npm test`. */
const small = peers.images.filter(([, w, h]) => w * h <= 64 * 64);
const wanted = some([...small, ...peers.images.filter((row) => !small.includes(row))], small.length + 1);

describe("HOG against PyTorch", () => {
  it("knows two versions, whose own cells are as near to float64 as ours must be", () => {
    expect(Object.keys(peers.torch).map((version) => version.slice(0, 4))).toEqual(["1.13", "2.15"]);
    for (const far of Object.values(peers.torch)) expect(far).toBeLessThan(2e-7);
    expect(peers.images.length).toBeGreaterThan(20);
  });

  it.each(wanted)("votes for the same bins: %s %ix%i %o", async (...row: Row) => {
    const x = await inputOf(row);
    expect(digest(x.data)).toBe(row[4]);
    expect(peers.bins.map((nbins) => digest(binsOf(x, nbins)))).toEqual(row[5]);
    for (const nbins of peers.bins) {
      for (const gaussianWindow of [0, 16]) {
        const settings = { nbins, pool: 8, gaussianWindow, normalize: true };
        const { values, bound } = hogExpected(x, settings);
        const { data } = hog(x, { ...settings, layout: "cells" });
        expect(measure(data, values, bound).use).toBeLessThanOrEqual(1);
      }
    }
  });

  it("decides as a rounded arc tangent at every border, and for gradients next to it", () => {
    const counts = some([9, 6, 12, 1, 4, 7, ...Array.from({ length: 48 }, (_, i) => i + 1), 360], 6);
    for (const nbins of counts) {
      const gradients = Array.from({ length: nbins }, (_, k) => (k * Math.PI) / nbins).flatMap((angle, k) =>
        [-3, -1, 0, 1, 3].flatMap((step) => {
          const gy = Math.fround(Math.cos(angle) * (1 + (k % 7)));
          const gx = Math.fround(Math.fround(Math.sin(angle) * (1 + (k % 7))) * (1 + step * 2 ** -23));
          return [gx, -gx].map((x) => [x, gy]);
        }),
      );
      // the middle of each 3x3 block has the gradient of its left and its upper neighbour
      const w = 3 * gradients.length;
      const data = new Float32Array(9 * w);
      gradients.forEach(([gx, gy], i) => {
        data[w + 3 * i] = gx / 2;
        data[3 * i + 1] = gy / 2;
      });
      const bins = binsOf({ data, shape: [3, 3, w] }, nbins);
      const found = gradients.map((_, i) => bins[w + 3 * i + 1]);
      expect(found).toEqual(gradients.map(([gx, gy]) => binOf(gx, gy, nbins)));
    }
  });
});
