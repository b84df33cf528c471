/**
 * C5: from the bytes of an image file to a model's input, and what training draws at random. Everything but HOG is exact: results are
 * compared with hashes of what mmpretrain, OpenCV, Pillow, numpy and Python give.
 */

import { FileError } from "../../gpu/errors.js";
import * as dataSide from "../../sdk/entries/hog.js";
import type { Scope } from "../case.js";
import { ABSENCE, sha256 } from "../golden.js";
import type { Skipped } from "../report.js";
import { exactly } from "../score.js";
import type { Case, Env, LevelCases } from "../suite.js";
import { hogCases, tokenCases } from "./pipeline-hog.js";
import {
  type DataSide,
  fill,
  type MaskRow,
  type PipelineRows,
  type ResizeRow,
  readHog,
  rowImage,
} from "./pipeline-rows.js";

/** What is needed of the runtime. */
type Files = Pick<Env, "api" | "golden" | "sample">;

/** One comparison: the case that it belongs to, what it is of, what should come out, what does. */
interface Check {
  readonly name: string;
  readonly of: string;
  readonly expected: string;
  found(env: Files): string | Promise<string>;
}

/** The hash by which results are known: the first 16 hex digits of SHA-256. */
export async function digest(data: ArrayBufferView): Promise<string> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (await sha256(bytes)).slice(0, 16);
}

/** A case for each name that checks have; all of its checks must hold. */
function exactCases(scope: Scope, checks: readonly Check[]): Case[] {
  return [...new Set(checks.map(({ name }) => name))].map((name) => ({
    id: `C5/${name}`,
    level: "C5",
    boundKind: "exact",
    scope,
    async measure(env: Files) {
      const own = checks.filter((check) => check.name === name);
      const wrong: string[] = [];
      for (const { of, expected, found: compute } of own) {
        const found = await compute(env);
        if (found !== expected) wrong.push(`${of}: expected ${expected}, found ${found}`);
      }
      const finding = exactly(own.length, wrong.length);
      if (wrong.length === 0) return finding;
      return { ...finding, reason: `${wrong.length} of ${own.length} differ; first ${wrong[0]}` };
    },
  }));
}

const decoding = (scope: Scope, { decoded }: PipelineRows): Check[] =>
  decoded.map(([file, width, height, hash]) => ({
    name: `decode/${file}`,
    of: "size and hash of the pixels",
    expected: `${width}x${height} ${hash}`,
    async found(env) {
      const path = `full/images/${file}`;
      const bytes = await (scope === "quick" ? env.sample(file) : env.golden(path));
      if (!bytes) throw new FileError("FILE_NOT_FOUND", `conformance/golden/${path} is not here`);
      const image = await env.api.decode(bytes);
      return `${image.width}x${image.height} ${await digest(image.data)}`;
    },
  }));

function resizing(scope: Scope, { resizes, randomResizes }: PipelineRows, side: DataSide): Check[] {
  const check = ([backend, interpolation, kind, w, h, width, height, expected]: ResizeRow, more: string): Check => ({
    name: `resize/${backend} ${interpolation}${more}`,
    of: `${kind} ${w}x${h} to ${width}x${height}`,
    expected,
    found: () => digest(side.resize(rowImage(kind, w, h), { width, height, backend, interpolation }).data),
  });
  const sizes = ([, , , w, h, width, height]: ResizeRow) => ` ${w}x${h} to ${width}x${height}`;
  return [
    ...resizes.map((row) => check(row, scope === "quick" ? "" : sizes(row))),
    ...randomResizes.map((row, i) => {
      const first = Math.floor(i / 150) * 50; // three ways for each size
      return check(row, `, random sizes ${first}-${first + 49}`);
    }),
  ];
}

const preprocessing = (scope: Scope, { preprocessed }: PipelineRows, side: DataSide): Check[] =>
  preprocessed.flatMap(([w, h, edge, crop, interpolation, [height, width], pixels, tensor]) => {
    const each = `${w}x${h} edge ${edge} crop ${crop} ${interpolation}`;
    const name = `preprocess/${scope === "quick" ? "usual sizes" : each}`;
    const of = `smooth ${w}x${h}, edge ${edge}, crop ${crop}, ${interpolation}`;
    const image = () => rowImage("smooth", w, h);
    const options = { resizeEdge: edge, cropSize: crop, interpolation };
    const stepwise = () => side.centerCrop(side.resizeEdge(image(), edge, { interpolation }), crop);
    const sized = async (size: readonly number[], data: ArrayBufferView) => `[${size}] ${await digest(data)}`;
    const pixelsOf = ({ height, width, data }: dataSide.Image) => sized([height, width], data);
    const tensorOf = ({ shape, data }: dataSide.Tensor) => sized(shape, data);
    const u8 = { name, expected: `[${height},${width}] ${pixels}` };
    const f32 = { name, expected: `[1,3,${height},${width}] ${tensor}` };
    return [
      { ...u8, of: `${of}: pixels`, found: () => pixelsOf(side.preprocess(image(), { ...options, stage: "u8" })) },
      { ...f32, of: `${of}: input`, found: () => tensorOf(side.preprocess(image(), options)) },
      { ...u8, of: `${of}: pixels step by step`, found: () => pixelsOf(stepwise()) },
      { ...f32, of: `${of}: input step by step`, found: () => tensorOf(side.normalize(stepwise())) },
    ];
  });

const normalizing = ({ normalized }: PipelineRows, side: DataSide): Check[] =>
  normalized.map(([kind, w, h, expected]) => ({
    name: `normalize/${kind} ${w}x${h}`,
    of: "f32",
    expected,
    found: () => digest(side.normalize(rowImage(kind, w, h)).data),
  }));

const randomCropping = (scope: Scope, { randomCrops }: PipelineRows, side: DataSide): Check[] =>
  randomCrops.flatMap(([backend, cropRatioRange, kind, w, h, size, drawn]) =>
    drawn.map(([left, top, width, height, next, hash], seed) => ({
      name: `random crop/${backend}${scope === "quick" ? "" : ` ${kind} ${w}x${h} to ${size}`}`,
      of: `${kind} ${w}x${h}, seed ${seed}: region, next integer, hash`,
      expected: `${[left, top, width, height]} ${next} ${hash}`,
      async found() {
        const region = side.randomRegion({ width: w, height: h }, { rng: side.mt19937numpy(seed), cropRatioRange });
        const rng = side.mt19937numpy(seed);
        const image = side.randomResizedCrop(rowImage(kind, w, h), { rng, size, backend, cropRatioRange });
        const where = [region.left, region.top, region.width, region.height];
        return `${where} ${rng.randint(0, 2 ** 31)} ${await digest(image.data)}`;
      },
    })),
  );

function drawMask({ generator, grid, num, min, count }: MaskRow, seed: number, side: DataSide): dataSide.Mask {
  const options = { seed, num, min, count };
  if (generator === "pyslowfast-cube") return side.cubeMask({ ...options, grid: [grid[0], grid[1], grid[2]] });
  return side.blockMask({ ...options, generator, grid: [grid[0], grid[1]] });
}

const masking = ({ masks }: PipelineRows, side: DataSide): Check[] =>
  masks.flatMap((row) => {
    const { generator, grid, num, first, hashes, count } = row;
    const seeds = `seeds ${first}-${first + hashes.length - 1}${count > 1 ? `, ${count} of each` : ""}`;
    return hashes.map((expected, i) => ({
      name: `mask/${generator} ${grid.join("x")} num ${num} ${seeds}`,
      of: `seed ${first + i}`,
      expected,
      found: () => digest(drawMask(row, first + i, side).data),
    }));
  });

const drawing = ({ streams }: PipelineRows, side: DataSide): Check[] =>
  streams.flatMap(([library, seed, bounds, first, integers, doubles]) => {
    const name = `random/${library} seed ${seed}`;
    const draw = () => {
      const rng = library === "numpy" ? side.mt19937numpy(Number(seed)) : side.mt19937python(BigInt(seed));
      const drawn = Array.from({ length: 120 }, (_, i) => rng.randint(...bounds[i % bounds.length]));
      return { drawn, far: () => Float64Array.from({ length: 1300 }, () => rng.random()) };
    };
    return [
      { name, of: "first six integers", expected: `${first}`, found: () => `${draw().drawn.slice(0, 6)}` },
      { name, of: "120 integers", expected: integers, found: () => digest(BigInt64Array.from(draw().drawn, BigInt)) },
      { name, of: "1300 doubles", expected: doubles, found: () => digest(draw().far()) },
    ];
  });

const picturing = ({ pictures }: PipelineRows, side: DataSide): Check[] =>
  pictures.map(([nbins, pool, gh, gw, expected]) => ({
    name: `hog picture/${nbins} bins, ${gh}x${gw} cells of ${pool}`,
    of: "f32",
    expected,
    found() {
      const data = fill(`picture${nbins}x${pool}`, 3 * nbins * gh * gw, 0.5, 0.5);
      return digest(side.hogPicture({ data, shape: [3, nbins, gh, gw] }, { pool }).data);
    },
  }));

/** The cases of the level; `side` is given where not the package's own functions are to be measured. */
export async function pipelineCases(env: Files, scope: Scope, side: DataSide = dataSide): Promise<LevelCases> {
  const cases = tokenCases(side);
  const absent: Skipped[] = [];
  const goldenOf = async (name: string) => {
    const data = await env.golden(name);
    if (!data) absent.push({ id: `C5/${name}`, reason: ABSENCE });
    return data;
  };
  for (const part of scope === "quick" ? (["quick"] as const) : (["quick", "full"] as const)) {
    const json = await goldenOf(`${part}/pipeline.json`);
    if (json) {
      const rows: PipelineRows = JSON.parse(new TextDecoder().decode(json));
      const checks = [
        ...decoding(part, rows),
        ...resizing(part, rows, side),
        ...preprocessing(part, rows, side),
        ...normalizing(rows, side),
        ...randomCropping(part, rows, side),
        ...masking(rows, side),
        ...drawing(rows, side),
        ...picturing(rows, side),
      ];
      cases.push(...exactCases(part, checks));
    }
    const hog = await goldenOf(`${part}/hog.safetensors`);
    if (hog) cases.push(...hogCases(part, await readHog(hog), side));
  }
  return { cases, absent };
}
