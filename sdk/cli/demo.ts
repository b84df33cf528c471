/** The command `demo`: the sample images from file to embedding, on the terminal and as a page. */

import { basename } from "node:path";
import { Command, Option } from "commander";
import { version } from "../../package.json";
import { decode, type Image, type Model, runtime, writeNpy } from "../entries/node.js";
import { makeFolder, walkFiles } from "../platform/node-files.js";
import { type Similarity, similarityOf } from "../report/images.js";
import { type ReportImage, report } from "../report/report.js";
import { drawMask, examine, type Sample } from "../report/sample.js";
import { misuse } from "./errors.js";
import { png, stack, writeFolder } from "./files.js";
import { addModelOptions, integerOption, type ModelFlags, openModel } from "./options.js";
import { type Context, type Define, firstOf, modelFields, type Result, short, summary, table } from "./output.js";
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
    .addOption(integerOption("--port <n>", "with --web: listen on this port (default: any free one)", 1, 65535))
    .addHelpText(
      "after",
      "\nWith --web nothing is written, and the only model option is --device: the page begins with it.",
    );
  return define(addModelOptions(command), demoWork, ["demo", "demo --web", "demo --out report --device wasm"]);
}

type NamedSample = Sample & { readonly name: string };

async function demoWork(context: Context, _: [], flags: DemoFlags): Promise<Result> {
  if (flags.web) return webWork(context, flags);
  if (flags.port !== undefined) misuse("--port is the page's: it needs --web", "OPT_MISSING");
  await makeFolder(flags.out);
  using model = await openModel(flags, context);
  const samples = await embedSamples(model, context);
  const similarity = similarityOf(samples);
  const images = samples.map(({ name, width, height }) => ({ name, width, height }));
  const features = samples.map(({ name, shape, embedding, ms }) => {
    return { input: name, shape, ...summary(embedding), ms };
  });
  const about = modelFields(model);
  const embeddings = samples.map(({ embedding }) => [...embedding]);
  const contents = () => ({
    "embeddings.npy": writeNpy(stack(embeddings, samples.length, embeddings[0].length)),
    "embeddings.json": `${JSON.stringify({ ...about, images, embeddings })}\n`,
    "report.html": report({
      ...{ version, runtime, ...about },
      images: samples.map((sample, i) => reportImage(model, sample, i)),
      similarity,
    }),
  });
  const files = await writeFolder(flags.out, contents, context);
  const title = "cosine similarity of the embeddings";
  const lines = ["", featureTable(samples), "", title, similarityTable(samples, similarity.embedding), ""];
  return { about, fields: { images, features, similarity: similarity.embedding, files }, lines, files };
}

async function embedSamples(model: Model, { output, signal }: Context): Promise<NamedSample[]> {
  const paths = await walkFiles(samplesFolder);
  const samples: NamedSample[] = [];
  for (const path of paths) {
    output.progress("images", samples.length, paths.length);
    const sample = await examine(model, () => decode(path, { signal }), signal);
    samples.push({ name: basename(path), ...sample });
  }
  return samples;
}

function featureTable(samples: readonly NamedSample[]): string {
  const rows = samples.map(({ name, width, height, shape, embedding, norm, ms }) => [
    name,
    `${width}x${height}`,
    `[${shape}]`,
    firstOf(embedding).slice(0, 4).map(short).join(" "),
    short(norm),
    ms.toFixed(1),
  ]);
  return table(["image", "pixels", "feature", "first values", "norm", "ms"], rows);
}

function similarityTable(samples: readonly NamedSample[], similarity: Similarity["embedding"]): string {
  const header = ["", ...samples.map((_, i) => `${i + 1}`)];
  const rows = similarity.map((row, i) => [`${i + 1} ${samples[i].name}`, ...row.map((x) => x.toFixed(3))]);
  return table(header, rows);
}

function reportImage({ config }: Model, sample: NamedSample, seed: number): ReportImage {
  const { picture, thumbnail, seen, hogPicture, ...facts } = sample;
  const { picture: masked, ...counts } = drawMask(seen, config, seed);
  return {
    ...{ ...facts, ...counts },
    picture: dataUri(picture),
    thumbnail: dataUri(thumbnail),
    hog: dataUri(hogPicture),
    masked: dataUri(masked),
  };
}

function dataUri(image: Image): string {
  return `data:image/png;base64,${Buffer.from(png(image)).toString("base64")}`;
}
