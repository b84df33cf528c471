/** Weights and activations that the dtype asked for does not hold: told by name, never NaN or infinity in an answer. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Device } from "../gpu/device.js";
import { size } from "../gpu/graph/op.js";
import type { Value } from "../gpu/graph/tape.js";
import { completeConfig } from "../sdk/config/config.js";
import { traceAll } from "../sdk/config/traced.js";
import { type Dtype, getModel, tensor, writeSafetensors } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { upload } from "../sdk/model/parameters.js";
import { Runner } from "../sdk/model/runner.js";
import { codeOf, some } from "./helpers.js";
import { tiny } from "./tiny.js";

/** By scripts/golden/peers/half.py; `half` is null for what becomes infinite. */
const { members }: { members: { given: number; half: number | null }[] } = JSON.parse(
  readFileSync("test/fixtures/peers/half.json", "utf8"),
);
const tape = traceAll(completeConfig(tiny));
const params = [...tape.params.values()];
const isWeight = ({ layout }: Value) => layout === "packed";

/** Procedural weights, but element `at` of `name`. */
function fill({ name, shape }: Value, changed: string, value: number): Float32Array {
  const data = proceduralFill(name, shape)!;
  return name === changed ? data.with(data.length - 1, value) : data;
}

/** A device that keeps nothing, and stores numbers so. */
const storing = (numberBytes: 2 | 4, weights: "f32" | "f16") =>
  ({ numberBytes, weights, param: async () => ({}) }) as unknown as Device;

/** The code with which weights of which one is `value` are refused. */
const uploaded = (device: Device, changed: string, value: number) =>
  codeOf(() => upload(device, tape, { read: async (param) => fill(param, changed, value) }));

const [weight] = params.filter(isWeight);

it.each(members)("a weight of $given is refused in f16 only if torch makes it infinite", async ({ given, half }) => {
  const code = half === null ? "DTYPE_RANGE" : "none";
  expect(await uploaded(storing(2, "f16"), weight.name, given)).toBe(code);
  expect(await uploaded(storing(4, "f16"), weight.name, given)).toBe(code);
  expect(await uploaded(storing(4, "f32"), weight.name, given)).toBe("none");
});

describe.each(params)("$name with an element of 1e5", (param) => {
  it("is refused by a device that stores it as f16, and by no other", async () => {
    expect(await uploaded(storing(2, "f16"), param.name, 1e5)).toBe("DTYPE_RANGE");
    expect(await uploaded(storing(4, "f16"), param.name, 1e5)).toBe(isWeight(param) ? "DTYPE_RANGE" : "none");
  });
});

/** First a parameter of every kind: class token, positions, mask token, a norm, a matmul. */
const kinds = /token|pos_embed|layers\.0\.(ln1|attn\.qkv)/;
const byKind = [...params].sort((a, b) => Number(kinds.test(b.name)) - Number(kinds.test(a.name)));

it.each(some(byKind, 7))("$name with an element of 1e5 gives a finite answer on WASM, or is refused", async (param) => {
  const weights = writeSafetensors(
    params.map((p) => [p.name, { data: fill(p, param.name, 1e5), shape: p.shape }] as const),
  );
  const images = tensor(new Float32Array(3 * 56 * 56).fill(0.5), [1, 3, 56, 56]);
  const run = async (dtype: Dtype) => {
    using model = await getModel(tiny, { weights, dtype, device: "wasm", threads: 1, selfTest: "off" });
    const [{ data }] = await model.extractFeat(images);
    expect(data.every(Number.isFinite), dtype).toBe(true);
  };
  await run("f32");
  for (const dtype of ["f16", "int8"] as const) {
    expect(await codeOf(() => run(dtype)), dtype).toBe(isWeight(param) ? "DTYPE_RANGE" : "none");
  }
});

it("the error names file, tensor, element and number, and what to do", async () => {
  const source = { label: "a.pth", read: async (param: Value) => fill(param, weight.name, -1e5) };
  const message = `a.pth: ${weight.name}: the largest number, element ${size(weight.shape) - 1}, is -100000; f16 holds numbers up to 65504: use dtype "f32"`;
  await expect(upload(storing(2, "f16"), tape, source)).rejects.toMatchObject({ name: "OptionError", message });
});

describe("activations that are not finite", () => {
  const runner = (numberBytes: 2 | 4, value: number) =>
    new Runner(
      {
        ...storing(numberBytes, "f32"),
        maxValueBytes: 2 ** 30,
        tempBytes: 2 ** 30,
        buffer: async () => ({}),
        write: async () => {},
        compile: async ({ outputs }: { outputs: Value[] }) => ({
          run: async () => {},
          read: async () => outputs.map(({ shape }) => new Float32Array(size(shape)).with(5, value)),
        }),
      } as unknown as Device,
      new Map(),
      () => {
        const x = tape.calls[0].outputs[0];
        return { tape, outputs: [x] } as never;
      },
    );
  const images = tensor(new Float32Array(3 * 56 * 56), [1, 3, 56, 56]);

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("are told: %d", async (value) => {
    const failed = runner(2, value).run({ name: "features" }, { images });
    await expect(failed).rejects.toMatchObject({ code: "NON_FINITE", index: 5 });
    await expect(failed).rejects.toThrow(/features \(activations in f16, up to 65504; dtype "f32" holds more\)/);
    await expect(runner(4, value).run({ name: "features" }, { images })).rejects.toThrow(/activations in f32/);
    await expect(runner(4, 0).run({ name: "features" }, { images })).resolves.toHaveLength(1);
  });

  it("come of finite weights that are too large for f32, too", async () => {
    const weights = writeSafetensors(
      params.map(
        (p) =>
          [
            p.name,
            {
              data: isWeight(p) ? proceduralFill(p.name, p.shape)!.map(() => 3e38) : proceduralFill(p.name, p.shape)!,
              shape: p.shape,
            },
          ] as const,
      ),
    );
    using model = await getModel(tiny, { weights, device: "wasm", threads: 1, selfTest: "off" });
    expect(await codeOf(() => model.extractFeat(images))).toBe("NON_FINITE");
  });
});
