/**
 * Models in 8-bit integers whose weights have outliers, as trained ones do: tokens beside those of f32. A small model in `npm test`;
 * `MASKFEAT_SOAK=1 npx vitest run test/int8-outliers.test.ts` tries ViT-tiny/16 on the samples, and prints a table.
 */

import { readdirSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { decode, getModel, type PartialConfig } from "../sdk/entries/node.js";
import { some } from "./helpers.js";

/** Changes a parameter [n,k] or [n] in place. */
type Plant = (name: string, data: Float32Array, n: number) => void;

const planted = vi.hoisted(() => ({ by: (() => {}) as Plant }));
vi.mock("../sdk/model/fill.js", async (original) => {
  const real = await original<typeof import("../sdk/model/fill.js")>();
  const proceduralFill = (name: string, shape: readonly number[]) => {
    const data = real.proceduralFill(name, shape);
    if (data) planted.by(name, data, shape[0]);
    return data;
  };
  return { ...real, proceduralFill };
});

/** `count` of `n` places, spread. */
const places = (n: number, count: number) => Array.from({ length: count }, (_, i) => (i * 61 + 91) % n);

const gains =
  (layers: RegExp, factor: number, count: number): Plant =>
  (name, data) => {
    if (layers.test(name) && name.endsWith("weight")) for (const i of places(data.length, count)) data[i] *= factor;
  };

const biases =
  (layers: RegExp, value: number, count: number): Plant =>
  (name, data) => {
    if (layers.test(name) && name.endsWith("bias")) for (const i of places(data.length, count)) data[i] += value;
  };

const columns =
  (layers: RegExp, factor: number, count: number): Plant =>
  (name, data, n) => {
    if (!layers.test(name) || !name.endsWith("weight")) return;
    const k = data.length / n;
    for (const j of places(k, count)) for (let i = 0; i < n; i++) data[i * k + j] *= factor;
  };

const rows =
  (layers: RegExp, factor: number, count: number): Plant =>
  (name, data, n) => {
    if (!layers.test(name) || !name.endsWith("weight")) return;
    const k = data.length / n;
    for (const i of places(n, count)) for (let j = 0; j < k; j++) data[i * k + j] *= factor;
  };

const all =
  (...plants: Plant[]): Plant =>
  (...parameter) => {
    for (const plant of plants) plant(...parameter);
  };

const [LN, LN1, LN2] = [/layers\.\d+\.ln[12]/, /layers\.\d+\.ln1/, /layers\.\d+\.ln2/];
const [QKV, PROJ, HIDDEN] = [/attn\.qkv/, /attn\.proj/, /ffn\.layers\.0\.0/];

/** What is planted, how, and which cosine all tokens keep (default 0.99). */
const patterns: [string, Plant, number?][] = [
  ["none", () => {}],
  ["gains x 10, 3 channels", gains(LN, 10, 3)],
  ["hidden units + 40, 8", biases(HIDDEN, 40, 8)],
  ["gains x 50, hidden units + 40", all(gains(LN2, 50, 3), biases(HIDDEN, 40, 8))],
  ["gains of ln1 x 10, 3 channels", gains(LN1, 10, 3)],
  ["gains of ln2 x 10, 3 channels", gains(LN2, 10, 3)],
  ["gains of ln2 x 50, 3 channels", gains(LN2, 50, 3)],
  ["gains x 10, 1 channel", gains(LN, 10, 1)],
  ["gains x 50, 1 channel", gains(LN, 50, 1)],
  ["norms' biases + 20, 3 channels", biases(LN, 20, 3)],
  ["norms' biases + 100, 1 channel", biases(LN, 100, 1)],
  ["hidden units + 40, 1", biases(HIDDEN, 40, 1)],
  ["hidden units + 40, 64", biases(HIDDEN, 40, 64)],
  ["hidden units + 200, 4", biases(HIDDEN, 200, 4)],
  ["queries, keys, values + 30, 4", biases(QKV, 30, 4)],
  ["residual stream + 50, 1 channel", biases(PROJ, 50, 1)],
  [
    "class token + 50, 2 channels",
    (name, data) => {
      if (name.endsWith("cls_token")) for (const i of places(data.length, 2)) data[i] += 50;
    },
  ],
  // queries and keys 20 times as large: softmax turns on small differences
  ["rows of weights x 20, 3", rows(/layers\.\d+\.(attn|ffn)/, 20, 3), 0.9],
  ["gains x 50, columns / 50", all(gains(LN, 50, 3), columns(QKV, 1 / 50, 3), columns(HIDDEN, 1 / 50, 3))],
  ["gains x 10, norms' biases + 20", all(gains(LN, 10, 1), biases(LN, 20, 3))],
  ["hidden units + 40, residual + 50", all(biases(HIDDEN, 40, 8), biases(PROJ, 50, 1))],
];

const soak = process.env.MASKFEAT_SOAK !== undefined;
const small: PartialConfig = { kind: "pretrain", imageSize: 32, embedDims: 96, numLayers: 2, numHeads: 4 };
const folder = "sdk/demo/samples";
const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/.test(name));
const noise = { data: new Float32Array(3 * 32 * 32).map((_, i) => 2 * Math.sin(i * i)), shape: [1, 3, 32, 32] };
const images: Parameters<Awaited<ReturnType<typeof getModel>>["extractFeat"]>[0][] = soak
  ? await Promise.all(names.map((name) => decode(`${folder}/${name}`)))
  : [noise];

/** Tokens [1+N,C] of each image, row after row. */
async function tokensOf(dtype: "f32" | "int8"): Promise<Float32Array[]> {
  using model = await getModel(soak ? "maskfeat_vit-tiny-p16" : small, {
    weights: "procedural",
    device: "wasm",
    threads: 1,
    dtype,
  });
  const found: Float32Array[] = [];
  for (const image of images) found.push((await model.extractFeat(image, { outType: "raw" }))[0].data);
  return found;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

it.each(some(patterns, 4))("tokens keep their direction: %s", async (name, plant, floor = 0.99) => {
  planted.by = plant;
  const [exact, found] = [await tokensOf("f32"), await tokensOf("int8")];
  const width = soak ? 192 : 96;
  const cosines = exact.flatMap((tokens, at) =>
    Array.from({ length: tokens.length / width }, (_, i) => {
      const row = (all: Float32Array) => all.subarray(i * width, (i + 1) * width);
      return cosine(row(tokens), row(found[at]));
    }),
  );
  const [least, median] = [Math.min(...cosines), cosines.sort((a, b) => a - b)[cosines.length >> 1]];
  if (soak) console.log(`| ${name} | ${median.toFixed(6)} | ${least.toFixed(6)} |`);
  expect(least).toBeGreaterThan(floor);
});

it.each<[string, Plant, RegExp]>([
  ["columns of a weight x 50", columns(HIDDEN, 50, 3), /ffn\.layers\.0\.0\.weight: a column is \d+ times/],
  ["gains before attention x 50, 3 channels", gains(LN1, 50, 3), /attn\.qkv\.weight: with the gains .* 2 columns/],
  ["gains x 20, 4 channels", gains(LN, 20, 4), /attn\.qkv\.weight: with the gains/],
])("are refused where tokens would lose it: %s", async (_, plant, what) => {
  planted.by = plant;
  await expect(tokensOf("int8")).rejects.toMatchObject({ code: "DTYPE_RANGE", message: expect.stringMatching(what) });
});

it.each<[string, Plant]>([
  ["a whole weight", columns(HIDDEN, 0, 96)],
  ["most of its columns", columns(HIDDEN, 0, 60)],
])("zeros are no outliers: %s", async (_, plant) => {
  planted.by = plant;
  expect((await tokensOf("int8"))[0].every(Number.isFinite)).toBe(true);
});
