/** Tape, fusion and planner: messages, equivalence of what fusion makes, and slots that never share what is alive. */

import { describe, expect, it } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { evaluate, runPlan } from "../conformance/reference.js";
import { ShapeError } from "../gpu/errors.js";
import { fuse } from "../gpu/graph/fuse.js";
import { size } from "../gpu/graph/op.js";
import { type Plan, plan } from "../gpu/graph/plan.js";
import { Tape, type Value } from "../gpu/graph/tape.js";
import { trace } from "../gpu/models/functions.js";
import { type Ops, ops } from "../gpu/ops/index.js";
import { completeConfig } from "../sdk/config/config.js";
import { rounds } from "./helpers.js";
import { tiny } from "./tiny.js";

const config = completeConfig({ ...tiny, kind: "pretrain" });
const predicted = { target: { width: 108, loss: "mse" } } as const;

/** The inputs of a masked forward of one image. */
const inputs = (H: number, W: number) => ({ images: [1, 3, H, W], mask: [1, 196], target: [1, 196, 108] });

/** Numbers for every input and parameter, the same for the same name. */
function numbers(value: Value): Float64Array {
  const draw = uniform([...value.name].reduce((h, c) => h * 33 + c.charCodeAt(0), 5) % 1e9);
  return new Float64Array(size(value.shape)).map(() =>
    value.name === "mask" ? Number(draw() > 0) : Math.fround(draw() / 4),
  );
}

/** Runs a plan in its own slots, each full of NaN before a call writes it and after its value is dead. */
function runInSlots(p: Plan): Float64Array[] {
  const slots = p.slots.map((n) => new Float64Array(n).fill(Number.NaN));
  const read = (value: Value) => {
    const slot = p.slotOf.get(value);
    return slot === undefined ? numbers(value) : slots[slot].subarray(0, size(value.shape));
  };
  p.calls.forEach((call, i) => {
    const [result] = evaluate(call, call.inputs.map(read));
    const slot = slots[p.slotOf.get(call.outputs[0])!].fill(Number.NaN);
    slot.set(result);
    const later = p.calls.slice(i + 1).flatMap((c) => c.inputs);
    for (const value of call.inputs) {
      const dead = !later.includes(value) && !p.outputs.includes(value);
      const slot = p.slotOf.get(value);
      if (dead && slot !== undefined && slot !== p.slotOf.get(call.outputs[0])) slots[slot].fill(Number.NaN);
    }
  });
  return p.outputs.map((value) => read(value).slice());
}

/** A random graph of small ops over values of several sizes. */
function randomTape(seed: number): { tape: Tape<Ops>; outputs: Value[] } {
  const draw = uniform(seed);
  const pick = <T>(list: readonly T[]) => list[Math.floor(((draw() + 1) / 2) * list.length)];
  const tape = new Tape(ops);
  const values = [2, 5, 9].map((n) => tape.input(`x${n}`, [3, n]));
  for (let i = 0; i < 20; i++) {
    const x = pick(values);
    const n = x.shape[1];
    const same = values.filter((v) => v.shape[1] === n);
    const to = pick([2, 5, 9]);
    const calls = [
      () => tape.call("gelu", "", [x], {}),
      () => tape.call("add", "", [x, pick(same)], {}),
      () => tape.call("linear", "", [x, tape.param(`w${to}x${n}`, [to, n], "packed"), tape.param(`b${to}`, [to])], {}),
    ];
    values.push(...pick(calls)());
  }
  const made = values.slice(3);
  return { tape, outputs: [made[made.length - 1], pick(made)].filter((v, i, a) => a.indexOf(v) === i) };
}

describe("plan", () => {
  it.each(Array.from({ length: rounds(100) }, (_, i) => i + 1))(
    "keeps what is alive apart: random graph %i",
    (seed) => {
      const { tape, outputs } = randomTape(seed);
      const p = plan(tape.calls, outputs);
      for (const call of p.calls) {
        const slot = p.slotOf.get(call.outputs[0]);
        for (const input of call.inputs) expect(p.slotOf.get(input)).not.toBe(slot);
        expect(p.slots[slot!]).toBeGreaterThanOrEqual(size(call.outputs[0].shape));
      }
      expect(runInSlots(p)).toEqual(runPlan(p, numbers));
    },
  );

  it("runs ViT inference in three slots, with the bits of a run without reuse", () => {
    const { tape, outputs } = trace("features", config, { images: [2, 3, 56, 56] }, { outIndices: [0, 1] });
    const p = plan(fuse(tape.calls, outputs), outputs);
    expect(runInSlots(p)).toEqual(runPlan(p, numbers));
    const last = trace("features", config, { images: [2, 3, 56, 56] });
    expect(plan(fuse(last.tape.calls, last.outputs), last.outputs).slots.length).toBe(3);
  });

  it("drops what no output needs", () => {
    const tape = new Tape(ops);
    const x = tape.input("x", [1, 4]);
    tape.call("gelu", "", [x], {});
    const [y] = tape.call("add", "", [x, x], {});
    expect(plan(tape.calls, [y]).calls.map((c) => c.op)).toEqual(["add"]);
  });
});

describe("fuse", () => {
  it("changes no number of a masked forward", () => {
    const { tape, outputs } = trace("loss", config, inputs(56, 56), predicted);
    const fused = plan(fuse(tape.calls, outputs), outputs);
    const plain = plan(tape.calls, outputs);
    expect(fused.calls.length).toBe(plain.calls.length - 3 * tiny.numLayers);
    expect(runPlan(fused, numbers)).toEqual(runPlan(plain, numbers));
  });

  it("normalises the class token alone where nothing else of the norm is read", () => {
    const o = { outType: "cls_token", outIndices: [0, 1] } as const;
    const { tape, outputs } = trace("features", config, { images: [2, 3, 56, 56] }, o);
    const fused = plan(fuse(tape.calls, outputs), outputs);
    expect(fused.calls.at(-1)).toMatchObject({ op: "layerNorm", outputs: [{ shape: [2, 48] }] });
    expect(runPlan(fused, numbers)).toEqual(runPlan(plan(tape.calls, outputs), numbers));
  });

  it.each(Array.from({ length: rounds(50) }, (_, i) => i + 1))("changes no number of random graph %i", (seed) => {
    const { tape, outputs } = randomTape(seed);
    expect(runPlan(plan(fuse(tape.calls, outputs), outputs), numbers)).toEqual(
      runPlan(plan(tape.calls, outputs), numbers),
    );
  });

  it("leaves a product alone that others read too", () => {
    const tape = new Tape(ops);
    const x = tape.input("x", [1, 4]);
    const [y] = tape.call("linear", "", [x, tape.param("w", [4, 4], "packed"), tape.param("b", [4])], {});
    const [g] = tape.call("gelu", "", [y], {});
    expect(fuse(tape.calls, [y, g]).map((c) => c.op)).toEqual(["linear", "gelu"]);
  });
});

describe("shape errors", () => {
  it("name the op, its place and every parameter with its shape", () => {
    const tape = new Tape(ops);
    const x = tape.input("x", [2, 5, 768]);
    const weight = tape.param("backbone.layers.3.attn.qkv.weight", [2304, 512]);
    const bias = tape.param("backbone.layers.3.attn.qkv.bias", [2304]);
    const call = () => tape.call("linear", "backbone.layers.3.attn.qkv", [x, weight, bias], {});
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(
      'linear at backbone.layers.3.attn.qkv: weight must be [N, 768]; given x "x" [2,5,768], ' +
        'weight "backbone.layers.3.attn.qkv.weight" [2304,512], bias "backbone.layers.3.attn.qkv.bias" [2304]',
    );
  });

  it("refuse one name for two shapes, and a wrong number of inputs", () => {
    const tape = new Tape(ops);
    const x = tape.param("x", [2]);
    expect(tape.param("x", [2])).toBe(x);
    expect(() => tape.param("x", [3])).toThrow(/param "x" is \[2\] and cannot also be \[3\]/);
    expect(() => tape.param("x", [2], "packed")).toThrow(/param "x" lies rows and cannot also lie packed/);
    expect(() => tape.call("add", "", [x], {})).toThrow(/add: takes \(a, b\)/);
  });

  it("say what the masked forward takes", () => {
    expect(() => trace("masked", config, inputs(60, 56), predicted)).toThrow(/mask must be/);
  });
});
