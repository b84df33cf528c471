/** Checkpoints as torch writes them (scripts/golden/checkpoints.py): every tensor, every layout, and PyTorch's logits. */

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { openSafetensors } from "../sdk/checkpoint/safetensors.js";
import { bytesSource } from "../sdk/checkpoint/source.js";
import type { Checkpoint, PlainMap } from "../sdk/checkpoint/types.js";
import { getModel, type PartialConfig, type Tensor, tensor } from "../sdk/node.js";
import { proceduralFill } from "../sdk/weights.js";
import { describeChromium } from "./chromium.js";
import { codeOf } from "./helpers.js";
import { fill } from "./numbers.js";
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
      const found = await checkpoint.get(key.slice(group.length + 1));
      expect(found.shape, key).toEqual(shape);
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
    expect(checkpoint.names.length).toBe(name.startsWith("pretrain") ? 36 : 32);
  });

  it.each(["pretrain.pth", "classifier.pth", "classifier-legacy.pth"])("%s has meta, and markers for objects", async (name) => {
    const { extra, opaque } = await open(name);
    expect(at(extra, "meta", "dataset_meta", "classes")).toEqual(Array.from({ length: 10 }, (_, i) => `class ${i}`));
    expect(at(extra, "meta", "mmengine_version")).toBe("0.10.7");
    expect(at(extra, "meta", "epoch")).toBe(2);
    expect(at(extra, "meta", "cfg")).toMatch(/^model = dict\(type=/);
    expect(at(extra, "message_hub", "runtime_info", "epoch")).toBe(2);
    expect(new Set(opaque.map(({ global }) => global))).toContain("mmengine.logging.history_buffer.HistoryBuffer");
    for (const { path } of opaque) expect(path).toMatch(/^message_hub/);
    if (!extra.has("optimizer")) return;
    const { shape, dtype } = Object.fromEntries(
      (at(extra, "optimizer", "state") as ReadonlyMap<number, ReadonlyMap<string, ReadonlyMap<string, unknown>>>)
        .get(0)!
        .get("exp_avg")!,
    );
    expect({ shape, dtype }).toEqual({ shape: [1, 1, 48], dtype: "F32" });
    expect((at(extra, "optimizer", "param_groups") as PlainMap[])[0].get("betas")).toEqual([0.9, 0.95]);
  });

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
const x = fill("golden/x", [1, 3, 56, 56]);

/** Outputs in f64, and how far torch's own f32 is from them. */
async function logits(): Promise<{ exact: number[]; bound: number }> {
  const text = bytesOf("outputs.safetensors");
  const start = 8 + Number(new DataView(text.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(text.subarray(8, start)));
  const numbers = (name: string) => {
    const [begin, end] = header[name].data_offsets;
    return [...new Float64Array(text.slice(start + begin, start + end).buffer)];
  };
  const exact = numbers("logits/f64");
  const torch = numbers("logits/f32");
  const far = Math.max(...exact.map((value, i) => Math.abs(value - torch[i])));
  // Another order of the same sums errs as much again, a few times over where torch was lucky.
  return { exact, bound: Math.max(10 * far, 1e-6) };
}
