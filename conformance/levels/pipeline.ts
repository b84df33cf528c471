/**
 * C5: from the bytes of an image file to a model's input, and what training draws at random. Everything but HOG is exact: results are
 * compared with hashes of what mmpretrain, OpenCV, Pillow, numpy and Python give.
 */

import { FileError } from "../../gpu/errors.js";
import * as dataSide from "../../sdk/entries/hog.js";
import type { Scope } from "../case.js";
import { sha256 } from "../golden.js";
import { exactly } from "../score.js";
import type { Case, Env, LevelCases } from "../suite.js";
import { hogCases, tokenCases } from "./pipeline-hog.js";
import {
  type DataSide,
  fill,
  hogFile,
  type MaskRow,
  type PipelineRows,
  pipelineFile,
  readHog,
  rowImage,
} from "./pipeline-rows.js";

/** What is needed of the runtime. */
type Files = Pick<Env, "api" | "golden" | "sample">;

/** One comparison: what it is of, what should come out, what does. */
interface Check {
  readonly of: string;
  readonly expected: string;
  found(env: Files): string | Promise<string>;
}

/** The hash by which results are known: the first 16 hex digits of SHA-256. */
export async function digest(data: ArrayBufferView): Promise<string> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (await sha256(bytes)).slice(0, 16);
}

/** A case of several comparisons, all of which must hold. */
function exactCase(name: string, scope: Scope, checks: readonly Check[]): Case {
  return {
    id: `C5/${name}`,
    level: "C5",
    boundKind: "exact",
    scope,
    async measure(env: Files) {
      const wrong: string[] = [];
      for (const { of, expected, found: compute } of checks) {
        const found = await compute(env);
        if (found !== expected) wrong.push(`${of}: expected ${expected}, found ${found}`);
      }
      const finding = exactly(checks.length, wrong.length);
      if (wrong.length === 0) return finding;
      return { ...finding, reason: `${wrong.length} of ${checks.length} differ; first ${wrong[0]}` };
    },
  };
}

/** Cases of rows by name; rows of one name are one case. */
function grouped<R>(
  scope: Scope,
  rows: readonly R[],
  nameOf: (row: R, index: number) => string,
  checks: (row: R) => Check[],
) {
  const groups = new Map<string, Check[]>();
  for (const [i, row] of rows.entries()) {
    const name = nameOf(row, i);
    groups.set(name, [...(groups.get(name) ?? []), ...checks(row)]);
  }
  return [...groups].map(([name, all]) => exactCase(name, scope, all));
}

/** In the quick scope one name for all rows. */
const named = (scope: Scope, all: string, each: string) => (scope === "quick" ? all : each);

function decodeCases(scope: Scope, rows: PipelineRows["decoded"]): Case[] {
  const name = ([file]: PipelineRows["decoded"][number]) => `decode/${file}`;
  return grouped(scope, rows, name, ([file, width, height, hash]) => [
    {
      of: "size and hash of the pixels",
      expected: `${width}x${height} ${hash}`,
      async found(env) {
        const path = `full/images/${file}`;
        const bytes = await (scope === "quick" ? env.sample(file) : env.golden(path));
        if (!bytes) throw new FileError("FILE_NOT_FOUND", `conformance/golden/${path} is not here`);
        const image = await env.api.decode(bytes);
        return `${image.width}x${image.height} ${await digest(image.data)}`;
      },
    },
  ]);
}

function resizeCases(scope: Scope, { resizes, randomResizes }: PipelineRows, side: DataSide): Case[] {
  type Row = PipelineRows["resizes"][number];
  const checks = ([backend, interpolation, kind, w, h, width, height, expected]: Row): Check[] => [
    {
      of: `${kind} ${w}x${h} to ${width}x${height}`,
      expected,
      found: () => digest(side.resize(rowImage(kind, w, h), { width, height, backend, interpolation }).data),
    },
  ];
  const one = ([backend, interpolation, , w, h, width, height]: Row) =>
    named(
      scope,
      `resize/${backend} ${interpolation}`,
      `resize/${backend} ${interpolation} ${w}x${h} to ${width}x${height}`,
    );
  const fifty = ([backend, interpolation]: Row, i: number) => {
    const first = Math.floor(i / 150) * 50; // three ways for each size
    return `resize/${backend} ${interpolation}, random sizes ${first}-${first + 49}`;
  };
  return [...grouped(scope, resizes, one, checks), ...grouped(scope, randomResizes, fifty, checks)];
}

function preprocessCases(scope: Scope, { preprocessed, normalized }: PipelineRows, side: DataSide): Case[] {
  type Row = PipelineRows["preprocessed"][number];
  const name = ([w, h, edge, crop, interpolation]: Row) =>
    named(scope, "preprocess/usual sizes", `preprocess/${w}x${h} edge ${edge} crop ${crop} ${interpolation}`);
  const checks = ([w, h, edge, crop, interpolation, [height, width], pixels, tensor]: Row): Check[] => {
    const image = () => rowImage("smooth", w, h);
    const options = { resizeEdge: edge, cropSize: crop, interpolation };
    const of = `smooth ${w}x${h}, edge ${edge}, crop ${crop}, ${interpolation}`;
    const stepwise = () => side.centerCrop(side.resizeEdge(image(), edge, { interpolation }), crop);
    const sized = async (size: readonly number[], data: ArrayBufferView) => `[${size}] ${await digest(data)}`;
    const pixelsOf = ({ height, width, data }: dataSide.Image) => sized([height, width], data);
    const tensorOf = ({ shape, data }: dataSide.Tensor) => sized(shape, data);
    const [u8, f32] = [`[${height},${width}] ${pixels}`, `[1,3,${height},${width}] ${tensor}`];
    return [
      {
        of: `${of}: pixels`,
        expected: u8,
        found: () => pixelsOf(side.preprocess(image(), { ...options, stage: "u8" })),
      },
      { of: `${of}: input`, expected: f32, found: () => tensorOf(side.preprocess(image(), options)) },
      { of: `${of}: pixels step by step`, expected: u8, found: () => pixelsOf(stepwise()) },
      { of: `${of}: input step by step`, expected: f32, found: () => tensorOf(side.normalize(stepwise())) },
    ];
  };
  const normal = ([kind, w, h]: PipelineRows["normalized"][number]) => `normalize/${kind} ${w}x${h}`;
  return [
    ...grouped(scope, preprocessed, name, checks),
    ...grouped(scope, normalized, normal, ([kind, w, h, expected]) => [
      { of: "f32", expected, found: () => digest(side.normalize(rowImage(kind, w, h)).data) },
    ]),
  ];
}

function randomCropCases(scope: Scope, rows: PipelineRows["randomCrops"], side: DataSide): Case[] {
  type Row = PipelineRows["randomCrops"][number];
  const name = ([backend, , kind, w, h, size]: Row) =>
    named(scope, `random crop/${backend}`, `random crop/${backend} ${kind} ${w}x${h} to ${size}`);
  return grouped(scope, rows, name, ([backend, cropRatioRange, kind, w, h, size, drawn]) =>
    drawn.map(([left, top, width, height, next, hash], seed) => ({
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
}

function drawMask({ generator, grid, num, min, count }: MaskRow, seed: number, side: DataSide): dataSide.Mask {
  const options = { seed, num, min, count };
  if (generator === "pyslowfast-cube") return side.cubeMask({ ...options, grid: [grid[0], grid[1], grid[2]] });
  return side.blockMask({ ...options, generator, grid: [grid[0], grid[1]] });
}

function maskCases(scope: Scope, rows: PipelineRows["masks"], side: DataSide): Case[] {
  const name = ({ generator, grid, num, first, hashes, count }: MaskRow) => {
    const each = count > 1 ? `, ${count} of each` : "";
    return `mask/${generator} ${grid.join("x")} num ${num} seeds ${first}-${first + hashes.length - 1}${each}`;
  };
  return grouped(scope, rows, name, (row) =>
    row.hashes.map((expected, i) => ({
      of: `seed ${row.first + i}`,
      expected,
      found: () => digest(drawMask(row, row.first + i, side).data),
    })),
  );
}

function streamCases(scope: Scope, rows: PipelineRows["streams"], side: DataSide): Case[] {
  const name = ([library, seed]: PipelineRows["streams"][number]) => `random/${library} seed ${seed}`;
  return grouped(scope, rows, name, ([library, seed, bounds, first, integers, doubles]) => {
    const draw = () => {
      const rng = library === "numpy" ? side.mt19937numpy(Number(seed)) : side.mt19937python(BigInt(seed));
      const drawn = Array.from({ length: 120 }, (_, i) => rng.randint(...bounds[i % bounds.length]));
      return { drawn, far: () => Float64Array.from({ length: 1300 }, () => rng.random()) };
    };
    return [
      { of: "first six integers", expected: `${first}`, found: () => `${draw().drawn.slice(0, 6)}` },
      { of: "120 integers", expected: integers, found: () => digest(BigInt64Array.from(draw().drawn, BigInt)) },
      { of: "1300 doubles", expected: doubles, found: () => digest(draw().far()) },
    ];
  });
}

function pictureCases(scope: Scope, rows: PipelineRows["pictures"], side: DataSide): Case[] {
  const name = ([nbins, pool, gh, gw]: PipelineRows["pictures"][number]) =>
    `hog picture/${nbins} bins, ${gh}x${gw} cells of ${pool}`;
  return grouped(scope, rows, name, ([nbins, pool, gh, gw, expected]) => [
    {
      of: "f32",
      expected,
      found() {
        const data = fill(`picture${nbins}x${pool}`, 3 * nbins * gh * gw, 0.5, 0.5);
        return digest(side.hogPicture({ data, shape: [3, nbins, gh, gw] }, { pool }).data);
      },
    },
  ]);
}

const absence = "these goldens are in the repository alone: name its folder conformance/golden by --golden";

/** The cases of the level; `side` is given where not the package's own functions are to be measured. */
export async function pipelineCases(env: Files, scope: Scope, side: DataSide = dataSide): Promise<LevelCases> {
  const cases: Case[] = [...tokenCases(side)];
  const absent: { id: string; reason: string }[] = [];
  for (const part of scope === "quick" ? (["quick"] as const) : (["quick", "full"] as const)) {
    const json = await env.golden(pipelineFile(part));
    if (json) {
      const rows: PipelineRows = JSON.parse(new TextDecoder().decode(json));
      cases.push(
        ...decodeCases(part, rows.decoded),
        ...resizeCases(part, rows, side),
        ...preprocessCases(part, rows, side),
        ...randomCropCases(part, rows.randomCrops, side),
        ...maskCases(part, rows.masks, side),
        ...streamCases(part, rows.streams, side),
        ...pictureCases(part, rows.pictures, side),
      );
    } else absent.push({ id: `C5/${pipelineFile(part)}`, reason: absence });
    const hog = await env.golden(hogFile(part));
    if (hog) cases.push(...hogCases(part, await readHog(hog), side));
    else absent.push({ id: `C5/${hogFile(part)}`, reason: absence });
  }
  return { cases, absent };
}
