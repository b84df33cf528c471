/** Gradients in float64: every rule against central differences, whole models against torch's autograd. */

import { describe, expect, it } from "vitest";
import { dataOf, size, uniform } from "../conformance/ops/define.js";
import { evaluate, ops, runPlan } from "../conformance/reference.js";
import { grad, gradientName, type Sums } from "../gpu/graph/grad.js";
import type { OpRule } from "../gpu/graph/op.js";
import { plan } from "../gpu/graph/plan.js";
import { Tape, updatedBy, type Value } from "../gpu/graph/tape.js";
import { trace } from "../gpu/models/functions.js";
import { type TracedGradients, traceGradients } from "../gpu/models/gradients.js";
import { gradients, type TrainOps, trainOps } from "../gpu/ops/train.js";
import { tensor } from "../sdk/base/tensor.js";
import { completeConfig } from "../sdk/config/config.js";
import { openCheckpoint } from "../sdk/entries/node.js";
import { hog } from "../sdk/image/hog.js";
import { fnv1a32, proceduralFill, u32 } from "../sdk/model/fill.js";
import { some } from "./helpers.js";
import { tiny } from "./tiny.js";

const sumsOn = (tape: Tape<TrainOps>): Sums => ({
  add: (a, b) => tape.call("add", "", [a, b], {})[0],
  accumulate: (total, x) => void tape.call("accumulate", "", [total, x], {}),
});

/** The states after a run that begins with zeros, and what the calls made. */
function run(
  { tape, gradients }: Pick<TracedGradients, "tape" | "gradients">,
  given: (v: Value) => Float64Array,
  outputs: readonly Value[] = [],
) {
  const states = new Map([...gradients.values()].map((state) => [state, new Float64Array(size(state.shape))]));
  const planned = plan(tape.calls, outputs);
  const made = new Map<Value, Float64Array>();
  const numbersOf = (value: Value) => made.get(value) ?? states.get(value) ?? given(value);
  for (const call of planned.calls) {
    const outputs = evaluate(call, call.inputs.map(numbersOf));
    for (const [i, value] of [...call.outputs, ...updatedBy(call)].entries()) made.set(value, outputs[i]);
  }
  const slopes = new Map([...gradients].map(([parameter, state]) => [parameter.name, made.get(state)!]));
  return { slopes, made };
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

describe("the gradient rule of", () => {
  const differentiable = ops.filter(([name]) => (trainOps[name] as OpRule).grad);
  /** Inputs that nothing is learnt of. */
  const fixed: Partial<Record<string, readonly number[]>> = { maskTokens: [1], maskedMse: [1, 2] };

  it.each(differentiable)("%s is the slope on every small case", (name, home) => {
    const cases = home.cases.filter(
      ({ shapes, attrs, kinds }) =>
        shapes.reduce((sum, shape) => sum + size(shape), 0) < 4000 &&
        (attrs as { epilogue?: string }).epilogue !== "gelu" &&
        kinds.includes("uniform"),
    );
    expect(cases.length).toBeGreaterThan(2);
    const stored = { numberBytes: 4, weights: "f32" } as const;
    for (const { shapes, attrs } of some(cases, 6)) {
      const tape = new Tape(trainOps);
      const { inputs: names, layouts }: OpRule = trainOps[name];
      const values = shapes.map((shape, i) =>
        fixed[name]?.includes(i)
          ? tape.input(`${i}`, shape)
          : tape.param(`${i}`, shape, layouts?.[names[i].replace("?", "")]),
      );
      const [y] = tape.call(name, "", values, attrs as never);
      const call = tape.calls[0];
      const dy = tape.input("dy", y.shape);
      const found = { tape, gradients: grad(tape, y, dy, sumsOn(tape)) };
      expect([...found.gradients.keys()]).toEqual(values.filter(({ role }) => role === "param"));

      const numbers = dataOf(home, { inputs: values, attrs: attrs as object }, "uniform", stored).map(
        (x) => new Float64Array(x),
      );
      const draw = uniform(size(y.shape));
      const weights = new Float64Array(size(y.shape)).map(draw);
      // the number of masked tokens has no slope
      if (name === "maskedMse") weights[1] = 0;
      const { slopes } = run(found, (v) => (v === dy ? weights : numbers[values.indexOf(v)]));
      const at = (input: number, i: number, step: number) => {
        const moved = numbers.map((x) => x.slice());
        moved[input][i] += step;
        return dot(evaluate(call, moved)[0], weights);
      };
      for (const [input, { role, name: parameter }] of values.entries()) {
        if (role !== "param") continue;
        const slope = slopes.get(parameter)!;
        const scale = Math.max(...slope.map(Math.abs), 1e-3);
        const count = Math.min(slope.length, 12);
        for (let k = 0; k < count; k++) {
          const i = Math.floor((k * slope.length) / count);
          const slopeBy = (step: number) => (at(input, i, step) - at(input, i, -step)) / (2 * step);
          // Richardson's extrapolation: what is left is of the fourth order
          const difference = (4 * slopeBy(1e-4) - slopeBy(2e-4)) / 3;
          // far above the rounding of a difference, 1e-16 / 1e-4 of the summed outputs, and far below the error of a wrong rule
          expect(Math.abs(slope[i] - difference) / scale, `${shapes.join(" ")}, input ${input} [${i}]`).toBeLessThan(
            1e-5,
          );
        }
      }
    }
  });

  it("every gradient is some rule's", () => {
    const rules = differentiable.map(([name]) => `${name}Grad`).filter((name) => name !== "addGrad");
    expect(Object.keys(gradients).sort()).toEqual([...rules, "accumulate"].sort());
  });
});

describe("the backward pass", () => {
  const x = Float64Array.of(1, -2, 3);
  const draw = uniform(5);
  const weight = new Float64Array(9).map(draw);

  it("sums what the readers of a value give, and adds to what is there", () => {
    const tape = new Tape(trainOps);
    const [p, w, b] = [tape.param("x", [1, 3]), tape.param("w", [3, 3], "packed"), tape.param("b", [3])];
    const [z] = tape.call("linear", "", [p, w, b], {});
    const [y] = tape.call("add", "", [z, p], {});
    const dy = tape.input("dy", [1, 3]);
    const found = { tape, gradients: grad(tape, y, dy, sumsOn(tape)) };
    const numbers = new Map([
      [p, x],
      [w, weight],
      [b, new Float64Array(3)],
      [dy, Float64Array.of(1, 1, 1)],
    ]);
    const { slopes } = run(found, (v) => numbers.get(v)!);
    const column = (k: number) => weight[k] + weight[3 + k] + weight[6 + k];
    expect([...slopes.get("x")!]).toEqual([0, 1, 2].map((k) => expect.closeTo(1 + column(k), 12)));
    expect([...slopes.get("w")!]).toEqual([...x, ...x, ...x]);
    expect(tape.states.has(gradientName("b"))).toBe(true);
    // a second run in a batch of two adds
    const state = found.gradients.get(b)!;
    const [again] = evaluate({ ...tape.calls.at(-1)!, inputs: [state, dy] }, [slopes.get("b")!, numbers.get(dy)!]);
    expect([...again]).toEqual([2, 2, 2]);
  });

  it("computes nothing for what nothing is learnt of", () => {
    const tape = new Tape(trainOps);
    const image = tape.input("image", [1, 3, 4, 4]);
    const window = {
      kernel: [2, 2],
      stride: [2, 2],
      padding: [
        [0, 0],
        [0, 0],
      ],
    } as const;
    const [rows] = tape.call("unfold", "", [image], window);
    const [y] = tape.call("linear", "", [rows, tape.param("w", [5, 12], "packed"), tape.param("b", [5])], {});
    grad(tape, y, tape.input("dy", y.shape), sumsOn(tape));
    expect(tape.calls.map(({ op }) => op)).toEqual(["unfold", "linear", "linearGrad", "accumulate", "accumulate"]);
  });

  it("refuses an op without a gradient between a parameter and the loss", () => {
    const tape = new Tape(trainOps);
    const [y] = tape.call("featmap", "at/here", [tape.param("x", [1, 5, 2])], { grid: [2, 2] });
    const work = () => grad(tape, y, tape.input("dy", y.shape), sumsOn(tape));
    expect(work).toThrow(expect.objectContaining({ code: "GRAD_NONE", message: expect.stringContaining("at/here") }));
  });
});

describe("gradients of whole models equal torch's in float64", async () => {
  const golden = await openCheckpoint("conformance/golden/full/tiny-gradients.safetensors");
  const noise: [name: string, begin: number, end: number][] = JSON.parse(golden.metadata.get("noise") as string);
  const key = fnv1a32("golden/x");
  const images = new Float32Array(2 * 3 * 56 * 56).map((_, i) => ((u32(key, i) >>> 8) - 2 ** 23) / 2 ** 22);
  const mask = new Float64Array(2 * 196).map((_, i) => u32(fnv1a32("golden/mask"), i) & 1);
  const numbersOf = (more: Record<string, Float64Array>) => (value: Value) =>
    more[value.name] ?? new Float64Array(proceduralFill(value.name, value.shape)!);

  /** Compares every parameter's gradient; beyond the rounding of the goldens to f32 it is off by `allowed` of the largest. */
  async function compare(name: string, traced: TracedGradients, given: (v: Value) => Float64Array, allowed: number) {
    const { slopes: found, made } = run(traced, given, traced.outputs);
    const names = golden.names.filter((key) => key.startsWith(`${name}/`) && !key.endsWith("/loss"));
    expect(names.sort()).toEqual([...found.keys()].map((parameter) => `${name}/${parameter}`).sort());
    for (const key of names) {
      const { data } = await golden.get(key);
      const own = found.get(key.slice(name.length + 1))!;
      const [, begin, end] = noise.find(([noisy]) => noisy === key) ?? [key, 0, 0];
      const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const far = own.reduce((most, v, i) => {
        if (i >= begin && i < end) return most;
        return Math.max(most, Math.abs(v - data[i]) - 2 ** -24 * Math.abs(data[i]));
      }, 0);
      expect(far / largest, key).toBeLessThanOrEqual(allowed);
    }
    return made;
  }

  it("in pre-training, over the hidden tokens", async () => {
    const config = completeConfig({ ...tiny, kind: "pretrain" });
    const shapes = { images: [2, 3, 56, 56], mask: [2, 196], target: [2, 196, 108] };
    const traced = traceGradients("loss", config, shapes, { target: { width: 108, loss: "mse" } });
    const target = hog(tensor(images, shapes.images), { ...config.hog, patchSize: 4 });
    const hidden = mask.reduce((a, b) => a + b);
    const given = numbersOf({
      images: new Float64Array(images),
      mask,
      target: new Float64Array(target.data),
      dy: Float64Array.of(1 / hidden, 0),
    });
    // the targets are f32, and ours differ from torch's by roundings
    const made = await compare("pretrain", traced, given, 1e-8);
    const [loss] = (await golden.get("pretrain/loss")).data;
    expect(made.get(traced.outputs[1])![0] / hidden).toBeCloseTo(loss, 6);
  });

  it("in fine-tuning, with smoothed labels", async () => {
    const config = completeConfig({ ...tiny, kind: "classifier", numClasses: 10 });
    const traced = traceGradients("logits", config, { images: [2, 3, 56, 56] });
    const given = numbersOf({ images: new Float64Array(images) });
    const forward = trace("logits", config, { images: [2, 3, 56, 56] });
    const [logits] = runPlan(plan(forward.tape.calls, forward.outputs), given);
    // softmax less the labels, which mmpretrain smooths in float32
    const dy = new Float64Array(20);
    for (const [b, label] of [3, 7].entries()) {
      const row = logits.subarray(10 * b, 10 * b + 10);
      const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
      const labels = Array.from({ length: 10 }, (_, i) =>
        Math.fround(Math.fround(0.01) + (i === label ? Math.fround(0.9) : 0)),
      );
      const all = labels.reduce((a, x) => a + x, 0);
      for (let i = 0; i < 10; i++) dy[10 * b + i] = ((Math.exp(row[i]) / total) * all - labels[i]) / 2;
    }
    await compare("finetune", traced, numbersOf({ images: new Float64Array(images), dy }), 1e-12);
  });
});
