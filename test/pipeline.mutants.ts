/** Wrong pipelines: decoders and functions with one mistake each, which the cases of level C5 have to notice. */

import sharp from "sharp";
import { binOf } from "../conformance/hog.js";
import type { DataSide } from "../conformance/levels/pipeline-rows.js";
import type { Image, Tensor } from "../sdk/entries/hog.js";
import * as dataSide from "../sdk/entries/hog.js";
import { decode } from "../sdk/entries/node.js";

/** One byte of an image is another. */
function oneByte(image: Image): Image {
  const at = Math.floor(image.data.length / 3);
  return { ...image, data: image.data.with(at, image.data[at] ^ 1) };
}

/** Wrong ways to decode. */
export const decoders: Record<string, (bytes: Uint8Array) => Promise<Image>> = {
  "one byte": async (bytes) => oneByte(await decode(bytes)),
  "blue and red exchanged": async (bytes) => {
    const { data, ...size } = await decode(bytes);
    return { ...size, data: data.map((_, i) => data[i - (i % 3) + 2 - (i % 3)]) };
  },
  "colour profiles applied": async (bytes) => {
    const { data, info } = await sharp(bytes)
      .autoOrient()
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data), width: info.width, height: info.height };
  },
  "EXIF not applied": async (bytes) => {
    const { data, info } = await sharp(bytes, { ignoreIcc: true })
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data), width: info.width, height: info.height };
  },
};

const { hog, normalize, resize, centerCrop, blockMask, mt19937numpy } = dataSide;

/** [3,H,W] with rows and columns exchanged, and so gx and gy. */
function transposed({ data, shape }: Tensor): Tensor {
  const [h, w] = shape.slice(-2);
  const count = h * w;
  const at = (i: number) => i - (i % count) + (i % h) * w + Math.floor((i % count) / h);
  return { data: data.map((_, i) => data[at(i)]), shape: [...shape.slice(0, -2), w, h] };
}

/** The definition in float64, with a bin of the caller's choice: cells or tokens as `hog` gives them. */
function hogBy(binOf: (gx: number, gy: number, nbins: number) => number): DataSide["hog"] {
  return (x, { nbins = 9, pool = 8, gaussianWindow: window = 16, patchSize = 16, normalize = true, layout } = {}) => {
    const [h, w] = x.shape.slice(-2);
    const [gh, gw] = [h / pool, w / pool];
    const reflect = (i: number, n: number) => (i < 0 ? 1 : i < n ? i : n - 2);
    const cells = new Float32Array(3 * nbins * gh * gw);
    const bells = Array.from({ length: window }, (_, k) => {
      return Math.exp(-0.5 * ((k - (window - 1) / 2) / Math.floor(window / 2)) ** 2);
    });
    const total = bells.reduce((sum, b) => sum + b, 0);
    const bell = (k: number) => (window ? bells[k % window] / total : 1);
    for (let i = 0; i < 3 * h * w; i++) {
      const [c, py, px] = [Math.floor(i / h / w), Math.floor(i / w) % h, i % w];
      let [gx, gy] = [0, 0];
      for (const dy of [-1, 0, 1]) {
        for (const dx of [-1, 0, 1]) {
          const tap = x.data[(c * h + reflect(py + dy, h)) * w + reflect(px + dx, w)];
          gx = Math.fround(gx - dx * (2 - Math.abs(dy)) * tap);
          gy = Math.fround(gy - dy * (2 - Math.abs(dx)) * tap);
        }
      }
      const at = ((c * nbins + binOf(gx, gy, nbins)) * gh + Math.floor(py / pool)) * gw + Math.floor(px / pool);
      cells[at] += Math.hypot(gx, gy) * bell(py) * bell(px);
    }
    if (normalize) {
      for (let i = 0; i < 3 * gh * gw; i++) {
        const first = Math.floor(i / (gh * gw)) * nbins * gh * gw + (i % (gh * gw));
        const bins = Array.from({ length: nbins }, (_, k) => first + k * gh * gw);
        const length = Math.max(Math.hypot(...bins.map((b) => cells[b])), 1e-12);
        for (const b of bins) cells[b] /= length;
      }
    }
    if (layout === "cells") return { data: cells, shape: [1, 3, nbins, gh, gw] };
    const side = patchSize / pool;
    const tokens = new Float32Array(cells.length);
    const width = 3 * nbins * side * side;
    for (let i = 0; i < cells.length; i++) {
      const [cx, cy, plane] = [i % gw, Math.floor(i / gw) % gh, Math.floor(i / gw / gh)];
      const token = Math.floor(cy / side) * (gw / side) + Math.floor(cx / side);
      tokens[token * width + (plane * side + (cy % side)) * side + (cx % side)] = cells[i];
    }
    return { data: tokens, shape: [1, tokens.length / width, width] };
  };
}

const modulo = (k: number, n: number) => ((Math.floor(k) % n) + n) % n;
const f = Math.fround;
const phase = (gx: number, gy: number, nbins: number) => f(f(f(Math.atan2(gx, gy)) / f(Math.PI)) * nbins);

/** As it should be, in other words than those of the package. */
export const hogAsDefined = hogBy(binOf);

/** What is wrong, the kind of case that notices, and the functions that are wrong. */
export const mutants: [string, string, Partial<DataSide>][] = [
  ["another filter", "resize", { resize: (x, o) => resize(x, { ...o, interpolation: "bicubic" }) }],
  ["no antialiasing", "resize", { resize: (x, o) => resize(x, { ...o, backend: "cv2", interpolation: "bicubic" }) }],
  ["one byte of a resized image", "resize", { resize: (x, o) => oneByte(resize(x, o)) }],
  [
    "the crop one pixel away",
    "preprocess",
    {
      centerCrop: (x, n) => {
        const { width, height } = centerCrop(x, n);
        const left = Math.floor((x.width - width) / 2 + 1e-9);
        return dataSide.crop(x, { left: left > 0 ? left - 1 : left, top: 0, width, height });
      },
    },
  ],
  ["RGB as BGR", "normalize", { normalize: (x) => normalize(x, { mean: [103.53, 116.28, 123.675] }) }],
  [
    "scaled in float64",
    "normalize",
    {
      normalize: (x) => {
        const { data, shape } = normalize(x);
        const [mean, std] = [
          [123.675, 116.28, 103.53],
          [58.395, 57.12, 57.375],
        ];
        const count = data.length / 3;
        const value = (i: number, c: number) => (x.data[3 * (i % count) + c] - mean[c]) / std[c];
        return { data: data.map((_, i) => value(i, Math.floor(i / count))), shape };
      },
    },
  ],
  [
    "masks of the next seed",
    "mask",
    { blockMask: ({ seed = 0, ...o } = {}) => blockMask({ ...o, seed: (seed + 1) % 2 ** 32 }) },
  ],
  ["masks that are turned", "mask", { blockMask: (o) => ({ ...blockMask(o), data: blockMask(o).data.toReversed() }) }],
  ["another seeding", "random", { mt19937numpy: (seed) => mt19937numpy((seed + 1) % 2 ** 32) }],
  [
    "crops of wrong regions",
    "random crop",
    { randomRegion: (size, o) => dataSide.randomRegion(size, { ...o, aspectRatioRange: [1, 4 / 3] }) },
  ],
  ["lines at other angles", "hog picture", { hogPicture: (x, o) => dataSide.hogPicture(x, { ...o, lines: "true" }) }],
  [
    "arguments of the arc tangent exchanged",
    "hog",
    {
      hog: (x, o) => {
        const cells = transposed(hog(transposed(x), { ...o, layout: "cells" }));
        return o?.layout === "cells" ? cells : { ...cells, data: hog(x, o).data };
      },
    },
  ],
  ["signed orientations", "hog", { hog: hogBy((gx, gy, n) => modulo(phase(gx, gy, n) / 2, n)) }],
  ["a rounded phase", "hog", { hog: hogBy((gx, gy, n) => modulo(phase(gx, gy, n) + 0.5, n)) }],
  ["no window", "hog", { hog: (x, o) => hog(x, { ...o, gaussianWindow: 0 }) }],
  ["no scaling to length 1", "hog", { hog: (x, o) => hog(x, { ...o, normalize: false }) }],
  ["angles that are not rounded", "hog", { hog: hogBy((gx, gy, n) => modulo((Math.atan2(gx, gy) / Math.PI) * n, n)) }],
  ["ties in the bin before", "hog", { hog: hogBy((gx, gy, n) => modulo(Math.ceil(phase(gx, gy, n)) - 1, n)) }],
  ["bins in the other order", "hog", { hog: hogBy((gx, gy, n) => n - 1 - modulo(phase(gx, gy, n), n)) }],
  [
    "features in the order of cells",
    "hog",
    {
      hog: (x, o) =>
        o?.layout === "cells" ? hog(x, o) : { ...hog(x, o), data: hog(x, { ...o, layout: "cells" }).data },
    },
  ],
  [
    "one number of a descriptor",
    "hog",
    {
      hog: (x, o) => {
        const { data, shape } = hog(x, o);
        return { data: data.map((v, i) => (i === data.length >> 1 ? v + 1e-3 : v)), shape };
      },
    },
  ],
  ["all zero", "hog", { hog: (x, o) => ({ ...hog(x, o), data: new Float32Array(hog(x, o).data.length) }) }],
];
