/** C3 and C4: transformer blocks and whole models against PyTorch in float64, within envelopes that come with the goldens. */

import { fuse } from "../../gpu/graph/fuse.js";
import { type Plan, plan } from "../../gpu/graph/plan.js";
import { Tape, type Value } from "../../gpu/graph/tape.js";
import { Scope as Place } from "../../gpu/models/nn.js";
import { block } from "../../gpu/models/vit.js";
import { type OpName, ops as table } from "../../gpu/ops/index.js";
import { sizeOf, type Tensor } from "../../sdk/base/tensor.js";
import { completeConfig } from "../../sdk/config/config.js";
import { countMacs, traceMain } from "../../sdk/config/traced.js";
import { fnv1a32, proceduralFill, u32 } from "../../sdk/model/fill.js";
import type { Model } from "../../sdk/model/model.js";
import { runPlan } from "../calls.js";
import type { Finding, Measured, Scope } from "../case.js";
import {
  ABSENCE,
  type Envelope,
  type Filled,
  type GoldenCase,
  type GoldenFile,
  type GoldenTensor,
  goldenNames,
  openGolden,
} from "../golden.js";
import type { Skipped } from "../report.js";
import { measure } from "../score.js";
import { type Case, type Env, isSoftware, type LevelCases } from "../suite.js";
import { fill } from "./pipeline-rows.js";

/** The numbers that the description means. */
export const filled = ({ fill: name, shape, offset, scale }: Filled): Tensor => ({
  data: fill(name, sizeOf(shape), offset, scale),
  shape,
});

/** 0 or 1 for each element. */
function maskOf({ bits, shape }: NonNullable<GoldenCase["mask"]>): Tensor {
  const key = fnv1a32(bits);
  return { data: new Float32Array(sizeOf(shape)).map((_, i) => u32(key, i) & 1), shape };
}

const PROJECTIONS = 8;

/** [...,C] -> of each row its length, and the sums over eight fixed patterns of signs, each divided by sqrt(C). */
function sketch(data: Float32Array, shape: readonly number[]): Float64Array {
  const C = shape.at(-1) as number;
  const signs = Array.from({ length: PROJECTIONS }, (_, k) => {
    const key = fnv1a32(`sketch/${k}`);
    return Float64Array.from({ length: C }, (_, c) => 1 - 2 * (u32(key, c) & 1));
  });
  const rows = data.length / C;
  const out = new Float64Array(rows * (1 + PROJECTIONS));
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * C, (r + 1) * C);
    let squares = 0;
    for (const v of row) squares += v * v;
    out[r * (1 + PROJECTIONS)] = Math.sqrt(squares);
    for (const [k, sign] of signs.entries()) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += sign[c] * row[c];
      out[r * (1 + PROJECTIONS) + 1 + k] = sum / Math.sqrt(C);
    }
  }
  return out;
}

/** The largest error in units of its limit, and the length of all errors in units of theirs: whichever is more. */
function withinEnvelope(actual: ArrayLike<number>, expected: Float32Array, { max, norm }: Envelope): Measured {
  const found = measure(actual, expected, max);
  let squares = 0;
  for (let i = 0; i < expected.length; i++) squares += (actual[i] - expected[i]) ** 2;
  const length = Math.sqrt(squares) / norm;
  return length > found.use ? { ...found, use: length } : found;
}

/** Models of a run, each loaded once and kept until a case asks for another. */
export class Models {
  private held?: { readonly key: string; readonly model: Model };
  private readonly outputs = new Map<string, Promise<Tensor[]>>();

  constructor(
    private readonly env: Env,
    /** Goldens of the user's checkpoint. */
    private readonly weights?: string,
  ) {}

  /** The model that `load` loads, unless it is the one of this key that is held. */
  async hold(key: string, load: () => Promise<Model>): Promise<Model> {
    if (this.held?.key === key) return this.held.model;
    this.dispose();
    const model = await load();
    this.held = { key, model };
    return model;
  }

  get({ model: config, weights: from, finalNorm }: GoldenCase): Promise<Model> {
    const weights = from === "user" ? this.weights : from;
    const options = { ...this.env.deviceOptions, weights, finalNorm, selfTest: "off" } as const;
    return this.hold(JSON.stringify([config, from, finalNorm]), () => this.env.api.getModel(config, options));
  }

  /** All stages of a call of `extractFeat`: cases that look at one stage each share it. */
  features(c: GoldenCase): Promise<Tensor[]> {
    const key = JSON.stringify([c.model, c.weights, c.finalNorm, c.input, c.outType, c.outIndices]);
    const { input, outType, outIndices } = c;
    const extract = async () => (await this.get(c)).extractFeat(filled(input), { outType, outIndices });
    const stages = this.outputs.get(key) ?? extract();
    this.outputs.set(key, stages);
    return stages;
  }

  dispose(): void {
    this.held?.model.dispose();
    this.held = undefined;
  }
}

/** Runs calls below the public API, with parameters of the deterministic fill. */
async function runCalls(env: Env, planned: Plan, inputs: Record<string, Float32Array>): Promise<Tensor> {
  const numbersOf = ({ name, shape }: Value) => inputs[name] ?? proceduralFill(name, shape) ?? new Float32Array();
  const [data] = await runPlan(env.device, planned, numbersOf);
  return { data, shape: planned.outputs[0].shape };
}

/** One block of the model on an input of its own. */
function blockOutput(env: Env, c: GoldenCase): Promise<Tensor> {
  const tape = new Tape(table);
  const place = new Place(tape).at(`backbone.layers.${c.layer}`);
  const outputs = [block(place, tape.input("x", c.input.shape), completeConfig(c.model))];
  return runCalls(env, plan(fuse(tape.calls, outputs), outputs), { x: filled(c.input).data });
}

/** The output of the module whose parameters begin with `c.module`. */
async function moduleOutput(env: Env, c: GoldenCase): Promise<Tensor> {
  const { tape } = traceMain(completeConfig(c.model), c.input.shape[0]);
  const weight = tape.params.get(`${c.module}.weight`);
  const call = tape.calls.find((made) => weight && made.inputs.includes(weight));
  if (!call) throw new Error(`no operation of the model reads ${c.module}.weight`);
  // the reference's neck sees the class token too, whose prediction it then drops; we drop the token first
  const [x, ...others] = call.inputs;
  const before = tape.calls.find((made) => made.outputs.includes(x));
  const drops = before?.rule.selectsRows && x.shape.length === 3;
  const [output] = drops
    ? tape.call(call.op as OpName, "", [before.inputs[0], ...others], call.attrs as never)
    : call.outputs;
  const inputs: Record<string, Float32Array> = { images: filled(c.input).data };
  const mask = tape.inputs.get("mask");
  if (mask) inputs.mask = c.mask ? maskOf(c.mask).data : new Float32Array(sizeOf(mask.shape));
  return runCalls(env, plan(tape.calls, [output]), inputs);
}

/** What the case asks for, from the device. */
async function outputOf(env: Env, models: Models, c: GoldenCase): Promise<Tensor> {
  if (c.call === "block") return blockOutput(env, c);
  if (c.call === "module") return moduleOutput(env, c);
  if (c.call === "features") return (await models.features(c))[c.stage ?? 0];
  const model = await models.get(c);
  const x = filled(c.input);
  const mask = c.mask && maskOf(c.mask);
  switch (c.call) {
    case "logits":
      return (await model.forward(x))[0];
    case "pred":
      return model.forward(x, { mode: "predict", mask });
    case "loss": {
      const { loss } = await model.forward(x, { mode: "loss", mask });
      return { data: Float32Array.of(loss), shape: [1] };
    }
  }
}

/** Multiply-adds that a case takes, about. */
function workOf(c: GoldenCase): number {
  const config = completeConfig(c.model);
  if (c.call === "block") return countMacs(config) / config.numLayers;
  const [batch, , h, w] = c.input.shape;
  return (countMacs(config) * batch * h * w) / config.imageSize ** 2;
}

/** Multiply-adds that a software GPU is given: a block of ViT-B takes it seconds, ViT-B at 224 pixels most of a minute. */
const patience: Readonly<Record<Scope, number>> = { quick: 2e9, full: 18e9, exhaustive: Number.POSITIVE_INFINITY };

export const APPROXIMATE = "int8 approximates models: `npm run bench -- accuracy` tells how well";
const NO_ENVELOPE = "these goldens have no envelope for f16";

function skipOf(c: GoldenCase, { device, deviceInfo }: Env, scope: Scope): string | undefined {
  if (device.weights === "int8") return APPROXIMATE;
  if (device.weights === "f16" && !c.envelope.f16) return NO_ENVELOPE;
  if (!isSoftware(deviceInfo) || workOf(c) <= patience[scope]) return undefined;
  return `a software GPU takes minutes for this: level ${workOf(c) <= patience.full ? "full" : "exhaustive"} has it`;
}

/** An output beside its golden, in units of the envelope of what the device stores. */
export async function judged(
  { device }: Env,
  file: Pick<GoldenFile, "tensor">,
  golden: GoldenTensor,
  { data, shape }: Tensor,
): Promise<Finding> {
  const envelope = device.weights === "f16" ? golden.envelope.f16 : golden.envelope.f32;
  if (!envelope) throw new Error(NO_ENVELOPE);
  const expected = await file.tensor(golden.tensor);
  if (String(shape) !== String(golden.shape)) {
    return { ...measure([], [1], 0), reason: `the shape is [${shape}], expected [${golden.shape}]` };
  }
  const actual = golden.form === "sketch" ? sketch(data, golden.rows ?? shape) : data;
  const found = withinEnvelope(actual, expected.data, envelope);
  const torch = Object.values(golden.torch ?? {}).map((errors) => errors.max / envelope.max);
  if (torch.length === 0) return found;
  const reason = `PyTorch's own float32 uses ${Math.max(...torch).toPrecision(2)}`;
  return { ...found, reason: found.use > 1 ? `beyond what rounding explains; ${reason}` : reason };
}

function caseOf(file: GoldenFile, models: Models, c: GoldenCase, skip?: string): Case {
  return {
    id: `${c.level}/${c.id}`,
    level: c.level,
    boundKind: "envelope",
    scope: c.scope,
    skip,
    measure: async (env) => judged(env, file, c, await outputOf(env, models, c)),
  };
}

/** Files that hold cases of models. */
const isModelFile = (name: string) => /(tiny|vit|blocks)[^/]*\.safetensors$/.test(name) && !/gradients/.test(name);

/** All cases of the goldens that are here. */
export async function goldenCases(env: Env, scope: Scope, models: Models): Promise<LevelCases> {
  const names = [...goldenNames("quick/"), ...(scope === "quick" ? [] : goldenNames("full/"))].filter(isModelFile);
  const cases: Case[] = [];
  const absent: Skipped[] = [];
  for (const name of names) {
    const data = await env.golden(name);
    if (data) {
      const file = await openGolden(name, data);
      cases.push(...file.cases.map((c) => caseOf(file, models, c, skipOf(c, env, scope))));
    } else absent.push({ id: `C4/${name}`, reason: ABSENCE });
  }
  return { cases, absent };
}

/** The cases of a user's own goldens, which every scope has. */
export async function userCases(name: string, data: Uint8Array, models: Models): Promise<Case[]> {
  const file = await openGolden(name, data);
  return file.cases.map((c) => caseOf(file, models, { ...c, scope: "quick" }));
}
