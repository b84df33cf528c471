/** The command `demo`: the sample images from file to embedding, on the terminal and as a page. */

import { basename } from "node:path";
import { Command, Option } from "commander";
import { version } from "../../package.json";
import {
  blockMask,
  decode,
  hog,
  type Image,
  type Model,
  OptionError,
  preprocess,
  runtime,
  type Tensor,
  transformOf,
  writeNpy,
} from "../entries/node.js";
import { makeFolder, walkFiles } from "../platform/node-files.js";
import type { ReportImage } from "../report/data.js";
import { coverPatches, drawHog, pixelsOf, thumbnail, veil } from "../report/pictures.js";
import { report } from "../report/report.js";
import { pairs } from "../report/similarity.js";
import { writeFolder } from "./files.js";
import { firstOf, short, summary } from "./numbers.js";
import { addModelOptions, integerOption, type ModelFlags, openModel } from "./options.js";
import { modelFields, modelText, type Result, table } from "./output.js";
import { png } from "./pictures.js";
import type { Context, Define } from "./run.js";
import { samplesFolder, webWork } from "./web.js";

interface DemoFlags extends ModelFlags {
  readonly out: string;
  readonly web?: boolean;
  readonly port?: number;
}

/** Options that say what the command line computes and where to; the page does so in the browser. */
const notOfThePage = ["out", "model", "weights", "dtype", "threads", "turbo", "matmul", "batchSize"];

export function demoCommand(define: Define): Command {
  const command = new Command("demo")
    .description("embed the sample images and write a report, or serve a page that does so in the browser")
    .option("--out <folder>", "where the files go", "maskfeat-demo")
    .addOption(new Option("--web", "serve the page to this machine until Ctrl-C").conflicts(notOfThePage))
    .addOption(integerOption("--port <n>", "with --web: listen on this port, default any free one", 1, 65535))
    .addHelpText(
      "after",
      "\nWith --web nothing is written, and of the model's options only --device is taken: the page begins with it.",
    );
  return define(addModelOptions(command), demoWork);
}

/** A sample image and all that is computed of it. */
interface Sample {
  readonly name: string;
  readonly image: Image;
  /** What the model sees, [1,3,S,S]. */
  readonly input: Tensor;
  /** [1,C] */
  readonly embedding: Tensor;
  /** [1,N,F] */
  readonly hog: Tensor;
  /** From file to embedding. */
  readonly ms: number;
}

async function demoWork(context: Context, _: [], flags: DemoFlags): Promise<Result> {
  if (flags.web) return webWork(context, flags);
  if (flags.port !== undefined) throw new OptionError("OPT_MISSING", "--port is the page's: it needs --web");
  await makeFolder(flags.out);
  using model = await openModel(flags, context, { outType: "avg_featmap" });
  const samples = await embedSamples(model, context);
  const similarity = pairs(samples.map((s) => s.embedding.data));
  const images = samples.map(({ name, image: { width, height } }) => ({ name, width, height }));
  const features = samples.map(({ name, embedding, ms }) => {
    return { input: name, shape: embedding.shape, ...summary(embedding.data), ms };
  });
  const about = modelFields(model);
  const files = await writeFolder(
    flags.out,
    {
      "embeddings.npy": writeNpy(stack(samples)),
      "embeddings.json": `${JSON.stringify({ ...about, images, embeddings: samples.map((s) => [...s.embedding.data]) })}\n`,
      "report.html": reportOf(model, samples, similarity),
    },
    context,
  );
  const text = [modelText(model), "", featureTable(samples), "", "cosine similarity of the embeddings"];
  text.push(similarityTable(samples, similarity), "", ...files.map((path) => `wrote   ${path}`));
  return { fields: { ...about, images, features, similarity, files }, text: text.join("\n") };
}

async function embedSamples(model: Model, { output, signal }: Context): Promise<Sample[]> {
  const { config } = model;
  const paths = await walkFiles(samplesFolder);
  const samples: Sample[] = [];
  for (const path of paths) {
    output.progress("images", samples.length, paths.length);
    const started = performance.now();
    const image = await decode(path, { signal });
    const input = preprocess(image, transformOf(config));
    const [embedding] = await model.extractFeat(input, { outIndices: [-1], signal });
    const ms = performance.now() - started;
    const targets = hog(input, { ...config.hog, patchSize: config.patchSize });
    samples.push({ name: basename(path), image, input, embedding, hog: targets, ms });
  }
  return samples;
}

/** The embeddings as one array [n,C]. */
function stack(samples: readonly Sample[]): Tensor {
  const width = samples[0].embedding.data.length;
  const data = new Float32Array(samples.length * width);
  samples.forEach(({ embedding }, i) => {
    data.set(embedding.data, i * width);
  });
  return { data, shape: [samples.length, width] };
}

function featureTable(samples: readonly Sample[]): string {
  const rows = samples.map(({ name, image, embedding, ms }) => [
    name,
    `${image.width}x${image.height}`,
    `[${embedding.shape}]`,
    firstOf(embedding.data).slice(0, 4).map(short).join(" "),
    short(summary(embedding.data).norm),
    ms.toFixed(1),
  ]);
  return table(["image", "pixels", "feature", "first values", "norm", "ms"], rows);
}

function similarityTable(samples: readonly Sample[], similarity: readonly number[][]): string {
  const header = ["", ...samples.map((_, i) => `${i + 1}`)];
  const rows = similarity.map((row, i) => [`${i + 1} ${samples[i].name}`, ...row.map((x) => x.toFixed(3))]);
  return table(header, rows);
}

function reportOf(model: Model, samples: readonly Sample[], embedding: number[][]): string {
  const images = samples.map((sample, i) => reportImage(model, sample, i));
  const similarity = { embedding, hog: pairs(samples.map((s) => s.hog.data)) };
  return report({ version, runtime, ...modelFields(model), images, similarity });
}

/** Sides of the report's pictures, in pixels: twice what they take on the page. */
const PICTURE = 360;
const THUMBNAIL = 64;

function reportImage({ config }: Model, { name, image, input, embedding, hog, ms }: Sample, seed: number): ReportImage {
  const side = config.imageSize / config.patchSize;
  const grid = [side, side] as const;
  const mask = blockMask({ seed, grid }).data;
  const seen = pixelsOf(input, config);
  const { nbins, pool } = config.hog;
  return {
    name,
    width: image.width,
    height: image.height,
    shape: embedding.shape,
    norm: summary(embedding.data).norm,
    ms,
    picture: dataUri(thumbnail(image, PICTURE)),
    thumbnail: dataUri(thumbnail(seen, THUMBNAIL)),
    hog: dataUri(drawHog(hog, { grid, nbins, pool })),
    masked: dataUri(coverPatches(seen, mask, config.patchSize, veil)),
    hidden: mask.filter((m) => m === 1).length,
    patches: mask.length,
  };
}

function dataUri(image: Image): string {
  return `data:image/png;base64,${Buffer.from(png(image)).toString("base64")}`;
}
