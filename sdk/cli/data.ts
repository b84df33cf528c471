/** The commands of the data side: `preprocess`, `hog` and `mask`. */

import { createHash } from "node:crypto";
import { Command } from "commander";
import {
  blockMask,
  completeConfig,
  cubeMask,
  type Formats,
  hog,
  type Image,
  type Mask,
  preprocess,
  resizeEdgeFor,
  writeNpy,
} from "../entries/node.js";
import { drawHog } from "../report/pictures.js";
import { misuse } from "./errors.js";
import { checkOverwriting, png, targetOption, writeFile } from "./files.js";
import { isTensor, singleInput, toTensor } from "./inputs.js";
import { choiceOption, formatsOption, integerOption, interpolationOption, listOption, seedOption } from "./options.js";
import { type Context, type Define, firstOf, short, sum } from "./output.js";

interface PreprocessFlags {
  readonly stage: "decoded" | "u8" | "f32";
  readonly interpolation?: "bilinear" | "bicubic";
  readonly size?: number;
  readonly formats: Formats;
  readonly out?: string;
}

export function preprocessCommand(define: Define): Command {
  const command = new Command("preprocess")
    .description("what the model sees of an image")
    .argument("<image>", "an image file or .npy array")
    .addOption(choiceOption("--stage <stage>", "how far to go", ["decoded", "u8", "f32"]).default("f32"))
    .addOption(interpolationOption("bilinear"))
    .addOption(integerOption("--size <pixels>", "side of the result (default: 224)", 1, 8192))
    .addOption(formatsOption())
    .addOption(targetOption("--out <file.npy>", "write the array", [".npy"]));
  return define(command, preprocessWork, [
    "preprocess bird.jpg --out input.npy",
    "preprocess bird.jpg --stage u8 --size 448 --json",
  ]);
}

async function preprocessWork(context: Context, [input]: [string], flags: PreprocessFlags) {
  checkOverwriting(flags.out, [input]);
  const { data, shape } = await stageOf(input, flags, context);
  await writeFile(flags.out, () => writeNpy({ data, shape }), context);
  const fields = { shape, sum: sum(data), sha256: sha256(data) };
  const lines = [`${flags.stage} [${shape}]`, `sum     ${fields.sum}`, `sha256  ${fields.sha256}`];
  return { fields, lines, files: [flags.out] };
}

async function stageOf(input: string, { stage, interpolation, size, formats }: PreprocessFlags, context: Context) {
  const resizing = size === undefined ? interpolation && "--interpolation" : "--size";
  const loaded = await singleInput(input, context, formats);
  if (isTensor(loaded)) {
    if (resizing) misuse(`${resizing}: ${input} is a normalised array, which is not resized`);
    if (stage === "f32") return loaded;
    misuse(`--stage ${stage}: ${input} is normalised already; use --stage f32`);
  }
  const asArray = ({ data, width, height }: Image) => ({ data, shape: [height, width, 3] });
  if (stage === "decoded" && resizing) misuse(`${resizing}: decoded pixels are not resized; use --stage u8 or f32`);
  if (stage === "decoded") return asArray(loaded);
  const side = size ?? 224;
  const options = { cropSize: side, resizeEdge: resizeEdgeFor(side), interpolation };
  return stage === "u8" ? asArray(preprocess(loaded, { ...options, stage })) : preprocess(loaded, options);
}

interface HogFlags {
  readonly nbins: number;
  readonly pool: number;
  readonly gaussianWindow: number;
  readonly formats: Formats;
  readonly out?: string;
  readonly picture?: string;
}

export function hogCommand(define: Define): Command {
  const command = new Command("hog")
    .description("HOG features of an image: what a model is trained to predict")
    .argument("<input>", "an image file or .npy array")
    .addOption(integerOption("--nbins <n>", "orientations over 180 degrees", 1, 180).default(9))
    .addOption(integerOption("--pool <pixels>", "side of a cell; it divides 16", 1, 16).default(8))
    .addOption(integerOption("--gaussian-window <pixels>", "side of the Gaussian weight, 0 is off", 0, 224).default(16))
    .addOption(formatsOption())
    .addOption(targetOption("--out <file.npy>", "write the features", [".npy"]))
    .addOption(targetOption("--picture <file.png>", "draw them", [".png"]));
  return define(command, hogWork, ["hog bird.jpg --picture hog.png", "hog bird.jpg --pool 4 --out hog.npy"]);
}

async function hogWork(context: Context, [input]: [string], flags: HogFlags) {
  const { out, picture, formats, ...options } = flags;
  for (const file of [out, picture]) checkOverwriting(file, [input]);
  const config = completeConfig({});
  const images = toTensor(await singleInput(input, context, formats), config);
  checkHog(flags, config.patchSize, images.shape);
  const features = hog(images, { ...options, patchSize: config.patchSize });
  await writeFile(out, () => writeNpy(features), context);
  const draw = () => {
    const [, N, F] = features.shape;
    const grid = [images.shape[2] / config.patchSize, images.shape[3] / config.patchSize] as const;
    const first = { data: features.data.subarray(0, N * F), shape: [1, N, F] };
    return png(drawHog(first, { ...options, grid }));
  };
  await writeFile(picture, draw, context);
  const { shape, data } = features;
  const fields = { shape, first: firstOf(data), mean: sum(data) / data.length };
  const lines = [`hog [${shape}]`, `first   ${fields.first.map(short).join(" ")}`, `mean    ${short(fields.mean)}`];
  return { fields, lines, files: [out, picture] };
}

function checkHog({ pool, gaussianWindow }: HogFlags, patch: number, [, , height, width]: readonly number[]): void {
  if (patch % pool !== 0) misuse(`--pool must divide ${patch}, got ${pool}`);
  if (gaussianWindow === 0 || (height % gaussianWindow === 0 && width % gaussianWindow === 0)) return;
  const sides = `the image's sides, ${width} and ${height}`;
  misuse(`--gaussian-window must be 0 or divide ${sides}, got ${gaussianWindow}`);
}

const generators = ["mmpretrain", "pyslowfast", "pyslowfast-cube"];

interface MaskFlags {
  readonly seed: number;
  readonly count: number;
  readonly generator: "mmpretrain" | "pyslowfast" | "pyslowfast-cube";
  readonly grid?: readonly number[];
  readonly num?: number;
  readonly min?: number;
  readonly out?: string;
}

export function maskCommand(define: Define): Command {
  const command = new Command("mask")
    .description("block masks, equal to the references' from the same seed")
    .addOption(seedOption("seed of the reference's random numbers").default(0))
    .addOption(integerOption("--count <k>", "masks that follow each other", 1, 1_000_000).default(1))
    .addOption(choiceOption("--generator <name>", "whose", generators).default("mmpretrain"))
    .addOption(listOption("--grid <HxW|TxHxW>", "tokens (default: 14x14, or 8x7x7 for cubes)", "x", "14x14 or 8x7x7"))
    .addOption(integerOption("--num <n>", "tokens to mask", 0, 2 ** 24))
    .addOption(integerOption("--min <n>", "smallest block in tokens", 0, 2 ** 24))
    .addOption(targetOption("--out <file.npy>", "write the masks", [".npy"]));
  return define(command, maskWork, ["mask --seed 7", "mask --seed 7 --count 64 --out masks.npy"]);
}

async function maskWork(context: Context, _: [], flags: MaskFlags) {
  const mask = drawMasks(flags);
  await writeFile(flags.out, () => writeNpy(mask), context);
  const [count, ...grid] = mask.shape;
  const size = mask.data.length / count;
  const ones = Array.from({ length: count }, (_, k) => sum(mask.data.subarray(k * size, (k + 1) * size)));
  const width = grid.at(-1) as number;
  const rows = Array.from({ length: size / width }, (_, y) => mask.data.subarray(y * width, (y + 1) * width).join(""));
  const fields = { shape: mask.shape, ones, sha256: sha256(mask.data), rows };
  const lines = [
    `${flags.generator} [${mask.shape}] from seed ${flags.seed}`,
    ...rows.map((row) => `  ${row.replaceAll("0", "·").replaceAll("1", "█")}`),
    `ones    ${ones.slice(0, 16).join(" ")}${count > 16 ? " ..." : ""}`,
    `sha256  ${fields.sha256}`,
  ];
  return { fields, lines, files: [flags.out] };
}

function drawMasks({ generator, grid, seed, count, num, min }: MaskFlags): Mask {
  const sides = generator === "pyslowfast-cube" ? 3 : 2;
  if (grid && grid.length !== sides) {
    const example = sides === 3 ? "8x7x7" : "14x14";
    misuse(`--grid must be like ${example} for ${generator}, got ${grid.join("x")}`);
  }
  const options = { seed, count, num, min };
  return generator === "pyslowfast-cube"
    ? cubeMask({ ...options, generator, grid: grid as [number, number, number] | undefined })
    : blockMask({ ...options, generator, grid: grid as [number, number] | undefined });
}

/** SHA-256 of an array's bytes, in hex. */
function sha256({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}
