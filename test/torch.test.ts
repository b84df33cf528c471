/** Checkpoints as torch writes them (scripts/golden/checkpoints.py): every tensor, every layout, and PyTorch's logits. */

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { openSafetensors } from "../sdk/checkpoint/safetensors.js";
import type { PlainMap } from "../sdk/checkpoint/types.js";
import {
  bf16ToF32,
  classNames,
  f16ToF32,
  f32ToBf16,
  f32ToF16,
  getModel,
  type Tensor,
  tensor,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { bytesSource } from "../sdk/io/source.js";
import { fnv1a32, proceduralFill, u32 } from "../sdk/model/fill.js";
import { describeChromium } from "./chromium.js";
import { codeOf } from "./helpers.js";
import { tiny } from "./tiny.js";

const FOLDER = "conformance/golden/full/checkpoints";
const bytesOf = (name: string) => new Uint8Array(readFileSync(`${FOLDER}/${name}`));
const open = (name: string) => openCheckpoint(bytesSource(bytesOf(name), name));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".pth"));

/** All tensors of a safetensors file by name: F64 ones, too. */
async function tensorsOf(name: string): Promise<Map<string, Tensor>> {
  const checkpoint = await openSafetensors(bytesSource(bytesOf(name), name));
  const entries = checkpoint.names.map(async (key) => [key, await checkpoint.get(key)] as const);
  return new Map(await Promise.all(entries));
}

const bits = (x: Float32Array) => [...new Uint32Array(x.slice().buffer)];

describe("tensors", () => {
  let expected: Map<string, Tensor>;
  beforeAll(async () => {
    expected = await tensorsOf("tensors.safetensors");
  });

  it.each(files.filter((name) => !/^(pretrain|classifier)/.test(name)))("%s holds what torch holds", async (name) => {
    const checkpoint = await open(name);
    const group = name.replace(/(-legacy)?\.pth$/, "").replace("bare-protocol5", "bare-protocol4");
    const wanted = [...expected].filter(([key]) => key.startsWith(`${group}/`));
    expect(wanted.length).toBeGreaterThan(0);
    expect([...checkpoint.names].sort()).toEqual(wanted.map(([key]) => key.slice(group.length + 1)).sort());
    for (const [key, { data, shape }] of wanted) {
      const own = key.slice(group.length + 1);
      // torch makes infinity of the numbers that f32 does not hold
      if (own === "f64") {
        await expect(checkpoint.get(own)).rejects.toMatchObject({ code: "CKPT_RANGE" });
        continue;
      }
      const found = await checkpoint.get(own);
      // The golden's writer knows no tensors of no dimensions.
      const scalar = /scalar|num_batches/.test(key);
      expect(found.shape, key).toEqual(scalar ? [] : shape);
      expect(bits(found.data), key).toEqual(bits(data));
    }
    expect(checkpoint.format).toBe(name.endsWith("-legacy.pth") ? "torch-legacy" : "torch");
    expect(checkpoint.opaque).toEqual([]);
  });

  it("keeps dtypes as safetensors spells them", async () => {
    const checkpoint = await open("numbers.pth");
    const spelled = checkpoint.names.map((name) => checkpoint.info(name).dtype).sort();
    expect(spelled).toEqual(["BF16", "BOOL", "F16", "F32", "F64", "I16", "I32", "I64", "I64", "I8", "U8"].sort());
  });

  it("knows no other names", async () => {
    const checkpoint = await open("numbers.pth");
    expect(await codeOf(() => checkpoint.get("valueOf"))).toBe("CKPT_MISMATCH");
    expect(await codeOf(() => checkpoint.info("__proto__"))).toBe("CKPT_MISMATCH");
  });
});

/** A value of nested Maps. */
const at = (map: PlainMap, ...keys: string[]): unknown =>
  keys.reduce<unknown>((value, key) => (value as ReadonlyMap<string, unknown>).get(key), map);

describe("the tiny models", () => {
  it.each(["pretrain.pth", "classifier.pth", "classifier-legacy.pth"])("%s holds the fill's bits", async (name) => {
    const checkpoint = await open(name);
    for (const key of checkpoint.names) {
      const { data, shape } = await checkpoint.get(key);
      const filled = proceduralFill(key, shape);
      if (filled) expect(bits(data), key).toEqual(bits(filled));
      else expect(key).toMatch(/^target_generator\./);
    }
    expect(checkpoint.names.length).toBe(name.startsWith("pretrain") ? 38 : 32);
  });

  it.each(["pretrain.pth", "classifier.pth", "classifier-legacy.pth"])(
    "%s has meta, and markers for objects",
    async (name) => {
      const { extra, opaque } = await open(name);
      expect(at(extra, "meta", "dataset_meta", "classes")).toEqual(Array.from({ length: 10 }, (_, i) => `class ${i}`));
      expect(at(extra, "meta", "mmengine_version")).toBe("0.10.7");
      expect(at(extra, "meta", "epoch")).toBe(2);
      expect(at(extra, "meta", "cfg")).toMatch(/^model = dict\(type=/);
      expect(at(extra, "message_hub", "runtime_info", "epoch")).toBe(2);
      expect(new Set(opaque.map(({ global }) => global))).toContain("mmengine.logging.history_buffer.HistoryBuffer");
      for (const { path } of opaque) expect(path).toMatch(/^message_hub/);
      expect(extra.has("optimizer")).toBe(name !== "classifier-legacy.pth");
      if (name === "classifier-legacy.pth") return;
      const { shape, dtype } = Object.fromEntries(
        (at(extra, "optimizer", "state") as ReadonlyMap<number, ReadonlyMap<string, ReadonlyMap<string, unknown>>>)
          .get(0)!
          .get("exp_avg")!,
      );
      expect({ shape, dtype }).toEqual({ shape: [1, 1, 48], dtype: "F32" });
      expect((at(extra, "optimizer", "param_groups") as PlainMap[])[0].get("betas")).toEqual([0.9, 0.95]);
    },
  );

  it("reads numpy's scalars, texts and large integers of meta", async () => {
    const { extra } = await open("parameters.pth");
    const meta = extra.get("meta") as PlainMap;
    expect(Object.fromEntries(meta)).toEqual({
      lr: 1.5e-3,
      steps: 7,
      done: true,
      note: "é",
      big: 2n ** 70n,
      none: null,
      raw: Uint8Array.of(0, 255),
    });
  });
});

const classifier = { kind: "classifier", ...tiny, numClasses: 10 } as const;

/** The fill's numbers in [-2, 2). */
function input(): Tensor {
  const key = fnv1a32("golden/x");
  const data = new Float32Array(3 * 56 * 56).map((_, i) => ((u32(key, i) >>> 8) - 2 ** 23) / 2 ** 22);
  return tensor(data, [1, 3, 56, 56]);
}

/** The F64 tensors of the outputs' file. */
function outputs(): (name: string) => number[] {
  const bytes = bytesOf("outputs.safetensors");
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  return (name) => {
    const [begin, end] = header[name].data_offsets;
    return [...new Float64Array(bytes.slice(start + begin, start + end).buffer)];
  };
}

const far = (a: ArrayLike<number>, b: readonly number[]) => Math.max(...b.map((value, i) => Math.abs(value - a[i])));

/** What ours may differ from float64: ten times what torch's own f32 does (the same sums in another order), at least an ulp of 16. */
function check(logits: ArrayLike<number>): void {
  const numbers = outputs();
  const exact = numbers("logits/f64");
  expect(logits.length).toBe(10);
  expect(far(logits, exact)).toBeLessThan(Math.max(10 * far(numbers("logits/f32"), exact), 2 ** -19));
}

describe("getModel", () => {
  it.each(["classifier.pth", "classifier-legacy.pth"])("%s gives PyTorch's logits", async (name) => {
    using model = await getModel(classifier, { weights: `${FOLDER}/${name}`, threads: 1, device: "wasm" });
    expect(model.trained).toBe(true);
    const [logits] = await model.forward(input());
    check(logits.data);
  });

  it.each(["pretrain", "classifier"])(
    "%s.pth gives the bits that the same weights give without a file",
    async (kind) => {
      const config = kind === "pretrain" ? ({ kind, ...tiny } as const) : classifier;
      const run = async (weights: string | Uint8Array) => {
        using model = await getModel(config, { weights, threads: 1, device: "wasm" });
        return bits((await model.extractFeat(input()))[0].data);
      };
      expect(await run(bytesOf(`${kind}.pth`))).toEqual(await run("procedural"));
    },
  );

  it.each([
    ["f16", (x: Float32Array) => f16ToF32(f32ToF16(x))],
    ["bf16", (x: Float32Array) => bf16ToF32(f32ToBf16(x))],
  ] as const)("reads weights in %s", async (dtype, rounded) => {
    const checkpoint = await open(`classifier-${dtype}.pth`);
    for (const key of checkpoint.names) {
      const { data, shape } = await checkpoint.get(key);
      expect(bits(data), key).toEqual(bits(rounded(proceduralFill(key, shape)!)));
    }
    using model = await getModel(classifier, {
      weights: bytesOf(`classifier-${dtype}.pth`),
      threads: 1,
      device: "wasm",
    });
    const [logits] = await model.forward(input());
    expect(far(logits.data, outputs()("logits/f64"))).toBeLessThan(0.05);
  });

  it("names all that differs where the checkpoint is another model's", async () => {
    const work = getModel({ kind: "pretrain", ...tiny }, { weights: `${FOLDER}/classifier.pth` });
    await expect(work).rejects.toMatchObject({
      code: "CKPT_MISMATCH",
      message: expect.stringContaining("neck.fc.weight"),
    });
  });
});

describe("classNames", () => {
  const CLASSES = Array.from({ length: 10 }, (_, i) => `class ${i}`);

  it("reads mmengine's, of both formats of torch", async () => {
    for (const name of ["classifier.pth", "classifier-legacy.pth"])
      expect(classNames(await open(name))).toEqual(CLASSES);
    expect(classNames(await open("numbers.pth"))).toBeUndefined();
  });

  it("reads older and converted ones", async () => {
    const of = (meta: unknown, metadata = new Map<string, string>()) =>
      classNames({ extra: new Map([["meta", meta]]) as PlainMap, metadata });
    expect(of(new Map([["dataset_meta", new Map([["CLASSES", ["a", "b"]]])]]))).toEqual(["a", "b"]);
    expect(of(new Map([["CLASSES", ["a", "b"]]]))).toEqual(["a", "b"]);
    expect(of(new Map([["CLASSES", "ab"]]))).toBeUndefined();
    expect(of("text")).toBeUndefined();
    const meta = JSON.stringify({ dataset_meta: { classes: ["a"] }, lr: 1e-3 });
    const file = writeSafetensors([["w", { data: new Float32Array(1), shape: [1] }]], new Map([["meta", meta]]));
    expect(classNames(await openCheckpoint(bytesSource(file)))).toEqual(["a"]);
  });
});

describeChromium("checkpoints of torch", (chromium) => {
  it.each(["classifier.pth", "classifier-legacy.pth"])("%s gives PyTorch's logits and class names", async (name) => {
    const open = await chromium.open();
    const { data } = input();
    const { logits, classes } = await open.inPage(
      async ({ maskfeat, bytesOf }, { url, config, pixels }) => {
        const weights = new Blob([await bytesOf(url)]);
        const model = await maskfeat.getModel(config, { weights, device: "wasm" });
        const x = maskfeat.tensor(Float32Array.from(pixels), [1, 3, 56, 56]);
        const [logits] = await model.forward(x);
        model.dispose();
        const checkpoint = await maskfeat.openCheckpoint(weights);
        return { logits: [...logits.data], classes: maskfeat.classNames(checkpoint) };
      },
      { url: `/${FOLDER}/${name}`, config: classifier, pixels: [...data] },
    );
    check(logits);
    expect(classes).toEqual(Array.from({ length: 10 }, (_, i) => `class ${i}`));
  });
});

it("reads no more of a file than a tensor needs", async () => {
  const inner = bytesSource(bytesOf("views.pth"));
  let largest = 0;
  let reads = 0;
  const checkpoint = await openCheckpoint({
    ...inner,
    read(offset, length, into) {
      largest = Math.max(largest, length);
      reads++;
      return inner.read(offset, length, into);
    },
  });
  [largest, reads] = [0, 0];
  await checkpoint.get("scalar");
  // its header in the archive, and the number
  expect([largest, reads]).toEqual([44, 2]);
});
