/**
 * C7: files as transformers, timm, mmpretrain and PySlowFast write them, with the configurations beside them, loaded through the public API
 * and predicted with. Outputs are held against what these libraries give in float64, within envelopes that come with the goldens.
 */

import { WebGpuDevice } from "../../gpu/webgpu.js";
import { modelConfigOf } from "../../sdk/config/recipes/index.js";
import type { ImageInput } from "../../sdk/image/inputs.js";
import type { Model } from "../../sdk/model/model.js";
import type { Prediction } from "../../sdk/model/predict.js";
import type { Finding, Scope } from "../case.js";
import { ABSENCE, type Filled, type GoldenFile, type GoldenTensor, goldenNames, openGolden } from "../golden.js";
import { smoothImage } from "../images.js";
import type { Skipped } from "../report.js";
import { exactly, joined } from "../score.js";
import { type Case, type Env, isSoftware, type LevelCases } from "../suite.js";
import { APPROXIMATE, filled, judged, type Models } from "./goldens.js";
import { bytesOfFile, type FileRows } from "./loading-files.js";

/** A file, and what its library gives for one input (scripts/golden/loaded.py). */
interface LoadedFile extends FileRows {
  /** Library, and what is particular about the file. */
  readonly id: string;
  readonly scope: Scope;
  /** The `config.json` and `preprocessor_config.json` of the library; ours where the library's tell too little. */
  readonly config: object;
  readonly preprocessor?: object;
  readonly input: Filled | { readonly image: string; readonly height: number; readonly width: number };
  readonly outputs: Readonly<Partial<Record<"features" | "logits" | "scores", GoldenTensor>>>;
  readonly predicted?: Predicted;
}

/** The best labels in order, which no rounding exchanges, and the names of all classes. */
interface Predicted {
  readonly topk: readonly number[];
  readonly names?: readonly string[];
}

const inputOf = ({ input }: LoadedFile): ImageInput =>
  "image" in input ? smoothImage(input.image, input.height, input.width) : filled(input);

/** All files make models of one shape: on one GPUDevice their pipelines are compiled once. */
const sharedDevice = ({ device, deviceOptions }: Env) =>
  device instanceof WebGpuDevice ? { ...deviceOptions, device: device.device } : deviceOptions;

async function load(env: Env, file: LoadedFile): Promise<Model> {
  const config = modelConfigOf(file.config, { preprocessor: file.preprocessor });
  // compiled while the model loads: what is asked of it
  const asked = { outType: "raw", selfTest: "off" } as const;
  return env.api.getModel(config, { ...sharedDevice(env), ...asked, weights: await bytesOfFile(file) });
}

/** What a prediction says beside what it should say: [what, found, expected]. */
function claims(prediction: Prediction, { topk, names }: Predicted): [string, unknown, unknown][] {
  const { predScores, predLabel, predScore, predClass, scoreFunction, topk: best = [] } = prediction;
  const sum = predScores.reduce((a, b) => a + b, 0);
  // each score is rounded by at most 2^-24 of itself; those of a sigmoid have no sum of their own
  const isOne = Math.abs(sum - 1) <= 2 ** -24 || scoreFunction === "sigmoid";
  return [
    ["the sum of all scores", isOne ? 1 : sum, 1],
    ["the best labels", best.map(({ label }) => label), topk],
    ["their scores", best.map(({ score }) => score), topk.map((label) => predScores[label])],
    ["their classes", best.map((one) => one.class), topk.map((label) => names?.[label])],
    [
      "the label, its score and its class",
      [predLabel, predScore, predClass],
      [topk[0], predScores[topk[0]], names?.[topk[0]]],
    ],
  ];
}

/** The order of the scores themselves: what an approximation has to be true to. */
const ownOrder = (scores: Float32Array, count: number): number[] =>
  [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count);

async function predicting(
  env: Env,
  golden: GoldenFile<LoadedFile>,
  model: Model,
  file: LoadedFile,
  { topk, names }: Predicted,
): Promise<Finding> {
  const [prediction] = await model.predict(inputOf(file), { topk: topk.length });
  const scores = prediction.predScores;
  const approximate = env.device.weights === "int8";
  const expected = approximate ? { topk: ownOrder(scores, topk.length), names } : { topk, names };
  const wrong = claims(prediction, expected).filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b));
  const claimed = exactly(5, wrong.length);
  const output = { data: scores, shape: [1, scores.length] };
  const numbers = approximate ? claimed : await judged(env, golden, file.outputs.scores as GoldenTensor, output);
  const both = approximate ? claimed : joined([numbers, claimed]);
  const [what, found, should] = wrong[0] ?? [];
  if (what === undefined) return { ...both, reason: (numbers as Finding).reason };
  return { ...both, reason: `${what}: expected ${JSON.stringify(should)}, found ${JSON.stringify(found)}` };
}

/** What is asked of a model. */
const questions = {
  features: async (model: Model, x: ImageInput) => (await model.extractFeat(x))[0],
  logits: async (model: Model, x: ImageInput) => (await model.forward(x))[0],
};

function casesOf(env: Env, golden: GoldenFile<LoadedFile>, models: Models, file: LoadedFile, soft?: string): Case[] {
  const approximate = env.device.weights === "int8";
  const make = (what: string, skip: string | undefined, ask: (model: Model) => Promise<Finding>): Case => ({
    id: `C7/${file.id}/${what}`,
    level: "C7",
    boundKind: approximate ? "exact" : "envelope",
    scope: file.scope,
    skip: skip ?? soft,
    measure: async () => ask(await models.hold(file.id, () => load(env, file))),
  });
  const cases = Object.entries(questions).flatMap(([what, ask]) => {
    const output = file.outputs[what as keyof typeof questions];
    if (!output) return [];
    const skip = approximate ? APPROXIMATE : undefined;
    return [make(what, skip, async (model) => judged(env, golden, output, await ask(model, inputOf(file))))];
  });
  const { predicted } = file;
  if (!predicted) return cases;
  return [...cases, make("predictions", undefined, (model) => predicting(env, golden, model, file, predicted))];
}

const SLOW = "a software GPU compiles slowly: it loads a part of these files at level quick; level full has all";
/** Loaded on software GPUs at level quick: names and layouts are the same on every device. */
const soft = ["transformers/classifier", "mmpretrain/positions resized"];

/** The cases of all files of the goldens that are here. */
export async function loadingCases(env: Env, scope: Scope, models: Models): Promise<LevelCases> {
  const cases: Case[] = [];
  const absent: Skipped[] = [];
  for (const name of goldenNames("quick/loading-")) {
    const data = await env.golden(name);
    if (data) {
      const golden = await openGolden<LoadedFile>(name, data);
      for (const file of golden.cases) {
        const isSlow = isSoftware(env.deviceInfo) && scope === "quick" && !soft.includes(file.id);
        cases.push(...casesOf(env, golden, models, file, isSlow ? SLOW : undefined));
      }
    } else absent.push({ id: `C7/${name}`, reason: ABSENCE });
  }
  return { cases, absent };
}
