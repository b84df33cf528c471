/** Whole models on the WASM device: against float64, and the promises of the API around them. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { noiseImage } from "../conformance/images.js";
import { uniform } from "../conformance/ops/define.js";
import { runPlan } from "../conformance/reference.js";
import { fuse } from "../gpu/graph/fuse.js";
import { size } from "../gpu/graph/op.js";
import { plan } from "../gpu/graph/plan.js";
import { type Traced, trace } from "../gpu/models/functions.js";
import { ownParams } from "../sdk/config/traced.js";
import {
  blockMask,
  completeConfig,
  extractFeat,
  getModel,
  hog,
  type Model,
  type ModelOptions,
  normalize,
  type Tensor,
  tensor,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { initFill, proceduralFill } from "../sdk/model/fill.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { tiny } from "./tiny.js";

const config = completeConfig(tiny);
const classifier = completeConfig({ ...tiny, kind: "classifier", numClasses: 10 });

const load = (options: ModelOptions = {}) => getModel(tiny, { weights: "procedural", threads: 1, ...options });

function images(B: number, H = 56, W = 56): Tensor {
  const draw = uniform(B * 1000 + H * 10 + W);
  return tensor(
    new Float32Array(B * 3 * H * W).map(() => 2 * draw()),
    [B, 3, H, W],
  );
}

/** The trace's outputs in float64 with procedural weights. */
function inFloat64({ tape, outputs }: Traced, inputs: Record<string, Tensor>): Float64Array[] {
  return runPlan(plan(fuse(tape.calls, outputs), outputs), (value) =>
    Float64Array.from(inputs[value.name]?.data ?? proceduralFill(value.name, value.shape)!),
  );
}

function largestDifference(actual: Tensor, expected: Float64Array): number {
  expect(actual.data.length).toBe(expected.length);
  return actual.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i])), 0);
}

const bits = (t: Tensor) => new Uint32Array(t.data.buffer, t.data.byteOffset, t.data.length);

describe("extractFeat agrees with float64", () => {
  const shapes = {
    raw: [2, 197, 48],
    cls_token: [2, 48],
    featmap: [2, 48, 14, 14],
    avg_featmap: [2, 48],
  } as const;
  const x = images(2);

  it.each(Object.entries(shapes))("%s", async (outType, shape) => {
    using model = await load();
    const feats = await model.extractFeat(x, { outType: outType as keyof typeof shapes, outIndices: [0, -1] });
    const options = { outType: outType as keyof typeof shapes, outIndices: [0, 1] };
    const expected = inFloat64(trace("features", config, { images: [2, 3, 56, 56] }, options), { images: x });
    expect(feats.map((f) => f.shape)).toEqual([shape, shape]);
    for (const [i, feat] of feats.entries()) expect(largestDifference(feat, expected[i])).toBeLessThan(1e-5);
  });

  it.each([
    [56, 56],
    [57, 40],
    [33, 90],
    [3, 2],
  ])("images of %i x %i pixels", async (H, W) => {
    using model = await load();
    const odd = images(1, H, W);
    const [feat] = await model.extractFeat(odd);
    const [expected] = inFloat64(trace("features", config, { images: [1, 3, H, W] }), { images: odd });
    expect(feat.shape).toEqual([1, 1 + Math.ceil(H / 4) * Math.ceil(W / 4), 48]);
    expect(largestDifference(feat, expected)).toBeLessThan(1e-5);
  });

  it("without the final norm, and for a classifier's features and logits", async () => {
    using plain = await load({ finalNorm: false, outType: "cls_token" });
    const [feat] = await plain.extractFeat(x);
    const shape = { images: [2, 3, 56, 56] };
    const without = { ...config, outType: "cls_token", finalNorm: false } as const;
    const [expected] = inFloat64(trace("features", without, shape), { images: x });
    expect(largestDifference(feat, expected)).toBeLessThan(1e-5);

    using model = await getModel(
      { ...tiny, kind: "classifier", numClasses: 10 },
      { weights: "procedural", threads: 1 },
    );
    const [logits] = await model.forward(x);
    const [wanted] = inFloat64(trace("logits", classifier, shape), { images: x });
    expect(logits.shape).toEqual([2, 10]);
    expect(largestDifference(logits, wanted)).toBeLessThan(1e-5);
    expect((await model.extractFeat(x))[0].shape).toEqual([2, 48]);
    await expect(model.forward(x, { mode: "predict" })).rejects.toMatchObject({ code: "OPT_VALUE" });
  });
});

describe("masked forward", () => {
  it("predicts, and gives the loss over the masked patches", async () => {
    using model = await load();
    const x = images(2);
    const drawn = blockMask({ seed: 3, grid: [14, 14], count: 2 });
    const mask = tensor(Float32Array.from(drawn.data), [2, 196]);
    const target = hog(x, { ...config.hog, patchSize: 4 });
    const shapes = { images: x.shape, mask: mask.shape, target: target.shape };
    const predicted = { target: { width: 108, loss: "mse" } } as const;
    const [pred, sums] = inFloat64(trace("loss", config, shapes, predicted), { images: x, mask, target });

    const result = await model.forward(x, { mask: { seed: 3 }, mode: "loss" });
    expect(largestDifference(result.pred, pred)).toBeLessThan(1e-5);
    expect(result.target).toEqual(target);
    expect(result.loss).toBeCloseTo(sums[0] / sums[1], 6);
    expect(sums[1]).toBe(2 * 78);
    expect(await model.forward(x, { mask, mode: "predict" })).toEqual(result.pred);
  });

  it("says what a mask must be", async () => {
    using model = await load();
    const x = images(1);
    const mode = "loss" as const;
    await expect(model.forward(x, { mode })).rejects.toMatchObject({ code: "OPT_MISSING" });
    const none = tensor(new Float32Array(196), [1, 196]);
    await expect(model.forward(x, { mode, mask: none })).rejects.toThrow(/hides no patch/);
    const half = tensor(new Float32Array(196).fill(0.5), [1, 196]);
    await expect(model.forward(x, { mode, mask: half })).rejects.toThrow(/only 0 and 1/);
    const wrong = tensor(new Float32Array(49), [1, 49]);
    await expect(model.forward(x, { mode, mask: wrong })).rejects.toThrow(/must be \[1,196\], got \[1,49\]/);
    await expect(model.forward(images(1, 60, 56), { mode, mask: { seed: 0 } })).rejects.toThrow(
      /56x56 pixels, got 56x60/,
    );
    await expect(model.forward(x, { mode: "train" as never })).rejects.toThrow(/mode: expected one of tensor/);
  });
});

describe("the same bits", () => {
  const x = images(5);

  it("for any number of threads, batch and company", async () => {
    using one = await load();
    const [whole] = await one.extractFeat(x);
    for (const threads of [2, 3]) {
      using model = await load({ threads });
      expect(bits((await model.extractFeat(x))[0])).toEqual(bits(whole));
    }
    const single = tensor(x.data.slice(3 * 3 * 56 * 56, 4 * 3 * 56 * 56), [1, 3, 56, 56]);
    const [third] = await one.extractFeat(single);
    expect(bits(third)).toEqual(bits({ ...third, data: whole.data.slice(3 * 197 * 48, 4 * 197 * 48) }));
  });

  it("when a batch is split", async () => {
    using model = await load();
    const many = images(150); // 64 MiB of temporaries hold fewer
    const [whole] = await model.extractFeat(many, { outType: "cls_token" });
    const [last] = await model.extractFeat(tensor(many.data.slice(-3 * 56 * 56), [1, 3, 56, 56]), {
      outType: "cls_token",
    });
    expect(whole.shape).toEqual([150, 48]);
    expect([...whole.data.slice(-48)]).toEqual([...last.data]);
  });

  it("from overlapping calls, which are answered in order", async () => {
    using model = await load({ threads: 2 });
    const [alone] = await model.extractFeat(x);
    const order: number[] = [];
    const calls = Array.from({ length: 8 }, async (_, i) => {
      const [feat] = await model.extractFeat(x);
      order.push(i);
      return feat;
    });
    for (const feat of await Promise.all(calls)) expect(bits(feat)).toEqual(bits(alone));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("from a stream, an array and one batch", async () => {
    using model = await load();
    const list = Array.from({ length: 5 }, (_, i) => tensor(x.data.slice(i * 9408, (i + 1) * 9408), [1, 3, 56, 56]));
    const [whole] = await model.extractFeat(x);
    expect((await model.extractFeat(list))[0]).toEqual(whole);
    const streamed: Tensor[] = [];
    for await (const [feat] of model.extractFeatStream(list, { batchSize: 2 })) streamed.push(feat);
    expect(streamed.map((f) => f.shape[0])).toEqual([2, 2, 1]);
    expect(streamed.flatMap((f) => [...f.data])).toEqual([...whole.data]);
  });
});

describe("inputs", () => {
  it("may be raw pixels, which are resized, cropped and normalised", async () => {
    using model = await load();
    const image = noiseImage("model", 64, 64);
    const crop = Uint8Array.from({ length: 56 * 56 * 3 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / 168), Math.floor(i / 3) % 56, i % 3];
      return image.data[((y + 4) * 64 + x + 4) * 3 + c];
    });
    const [fromPixels] = await model.extractFeat(image);
    const [fromTensor] = await model.extractFeat(normalize({ data: crop, width: 56, height: 56 }));
    expect(fromPixels).toEqual(fromTensor);
  });

  it("that cannot be used are named", async () => {
    using model = await load();
    const bad = tensor(new Float32Array(3 * 4 * 4).fill(1).fill(Number.NaN, 7, 8), [1, 3, 4, 4]);
    await expect(model.extractFeat(bad)).rejects.toThrow("image tensor: element 7 is NaN; all numbers must be finite");
    await expect(model.extractFeat(tensor(new Float32Array(16), [1, 1, 4, 4]))).rejects.toMatchObject({
      name: "ShapeError",
    });
    await expect(model.extractFeat([images(1), images(1, 60, 56)])).rejects.toThrow(
      /one size, got \[3,56,56\] and \[3,60,56\]/,
    );
    await expect(model.extractFeat([])).rejects.toMatchObject({ code: "OPT_MISSING" });
    await expect(model.extractFeat(7 as never)).rejects.toMatchObject({ code: "IMG_FORMAT" });
    await expect(model.extractFeat("/no/such/file.jpg")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(model.extractFeat(images(1), { outIndices: [2] })).rejects.toThrow(/from -2 to 1, got \[2\]/);
    await expect(model.extractFeat(images(1), { outType: "nonsense" as never })).rejects.toThrow(
      /one of raw, cls_token/,
    );
    expect((await model.extractFeat(images(1)))[0].shape).toEqual([1, 197, 48]);
  });
});

describe("normalize", () => {
  it.each(["raw", "cls_token", "featmap", "avg_featmap"] as const)(
    "scales every vector of %s to length 1",
    async (outType) => {
      using model = await load();
      const [feat] = await model.extractFeat(images(2), { outType, normalize: true });
      const [plain] = await model.extractFeat(images(2), { outType });
      const stride = outType === "featmap" ? 196 : 1;
      const block = 48 * stride;
      for (let b = 0; b < feat.data.length; b += block) {
        for (let i = b; i < b + stride; i++) {
          const vector = (t: Tensor) => Array.from({ length: 48 }, (_, c) => t.data[i + c * stride]);
          const length = Math.hypot(...vector(plain));
          expect(Math.hypot(...vector(feat))).toBeCloseTo(1, 6);
          expect(vector(feat)[5]).toBeCloseTo(vector(plain)[5] / length, 6);
        }
      }
    },
  );
});

describe("weights", () => {
  const params = ownParams(config);
  const entries = params.map((p) => [p.name, { data: proceduralFill(p.name, p.shape)!, shape: p.shape }] as const);
  const warnings = [
    "bytes: not in the file, set to gain 1 and bias 0 as mmpretrain does: backbone.ln2.weight, backbone.ln2.bias",
  ];
  const fromBytes = (bytes: Uint8Array) => getModel(tiny, { weights: bytes, threads: 1 });

  it("from safetensors give the features of the same numbers", async () => {
    using procedural = await load();
    using loaded = await fromBytes(writeSafetensors(entries));
    expect(await loaded.extractFeat(images(1))).toEqual(await procedural.extractFeat(images(1)));
    expect(loaded).toMatchObject({
      weights: "bytes",
      trained: true,
      warnings,
      fresh: ["backbone.ln2.weight", "backbone.ln2.bias"],
    });
    expect(procedural).toMatchObject({ weights: "procedural", trained: false, warnings: [], fresh: [] });
    const pool = Buffer.concat([Buffer.alloc(5), writeSafetensors(entries)]);
    using fromBuffer = await fromBytes(pool.subarray(5));
    expect(await fromBuffer.extractFeat(images(1))).toEqual(await procedural.extractFeat(images(1)));
    const blob = new Blob([writeSafetensors(entries) as Uint8Array<ArrayBuffer>]);
    using fromBlob = await getModel(tiny, { weights: blob, threads: 1 });
    expect(await fromBlob.extractFeat(images(1))).toEqual(await procedural.extractFeat(images(1)));
  });

  it("that lack the pooling norm begin as the reference and say so", async () => {
    using loaded = await fromBytes(writeSafetensors(entries));
    const [avg] = await loaded.extractFeat(images(1), { outType: "avg_featmap" });
    expect(loaded.fresh).toEqual(["backbone.ln2.weight", "backbone.ln2.bias"]);
    expect(loaded.warnings).toEqual(warnings);
    const mean = avg.data.reduce((a, b) => a + b, 0) / 48;
    const variance = avg.data.reduce((s, v) => s + (v - mean) ** 2, 0) / 48;
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 3);
  });

  it("are read while the model loads, whatever it is asked for later, and their file is closed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "maskfeat-weights-"));
    const path = join(folder, "w.safetensors");
    writeFileSync(path, writeSafetensors(entries));
    const closed: unknown[] = [];
    const { openFile } = nodePlatform;
    const opening = vi.spyOn(nodePlatform, "openFile").mockImplementation(async (from, options) => {
      const source = await openFile(from, options);
      const { close } = source;
      source.close = () => close.call(source).then(() => void closed.push(from));
      return source;
    });
    using loaded = await getModel(tiny, { weights: path, threads: 1 });
    opening.mockRestore();
    expect(closed).toEqual([path]);
    rmSync(folder, { recursive: true });
    for (const outType of ["raw", "cls_token", "featmap", "avg_featmap"] as const)
      await loaded.extractFeat(images(1), { outType });
    await loaded.forward(images(1), { mask: { seed: 1 }, mode: "loss" });
  });

  it("that do not fit are told in one error", async () => {
    const wrong = entries.slice(1).map(([name, t]) => {
      return name === "neck.fc.bias"
        ? ([name, { data: new Float32Array(7), shape: [7] }] as const)
        : ([name, t] as const);
    });
    const extra = ["head.extra", { data: new Float32Array(1), shape: [1] }] as const;
    const failed = fromBytes(writeSafetensors([...wrong, extra]));
    await expect(failed).rejects.toMatchObject({ name: "CheckpointError", code: "CKPT_MISMATCH" });
    const message = await failed.catch((e: Error) => e.message);
    expect(message).toContain(`missing: ${entries[0][0]}`);
    expect(message).toContain("unexpected: head.extra");
    expect(message).toContain("wrong shape: neck.fc.bias expected [108], found [7]");
    expect(message).not.toContain("\n");
  });

  it("that are not finite are named", async () => {
    const poisoned = entries.map(
      ([name, t], i) => [name, i === 4 ? { ...t, data: t.data.slice().fill(Number.NaN, 2, 3) } : t] as const,
    );
    await expect(fromBytes(writeSafetensors(poisoned))).rejects.toMatchObject({ code: "NON_FINITE", index: 2 });
  });

  it("from a seed are the reference's initialisation", async () => {
    using a = await load({ weights: { init: 7 } });
    using b = await load({ weights: "init:7" });
    using c = await load({ weights: "init:8" });
    const [x, y, z] = await Promise.all([a, b, c].map((m) => m.extractFeat(images(1))));
    expect(x).toEqual(y);
    expect(x).not.toEqual(z);
    expect(a).toMatchObject({ weights: "init:7", trained: false });
    const shapes = new Map(params.map((p) => [p.name, p.shape]));
    expect(initFill(7, "backbone.ln1.weight", shapes)).toEqual(new Float32Array(48).fill(1));
  });

  it.each(["init:", "init:-1", "init:x", "init:4294967296"])("refuse %s", async (weights) => {
    await expect(load({ weights })).rejects.toMatchObject({ code: "OPT_VALUE" });
  });
});

describe("getModel", () => {
  it("without arguments is the embedded model, untrained", async () => {
    using model = await getModel();
    expect(model).toMatchObject({ name: "maskfeat_vit-tiny-p16", weights: "procedural", trained: false });
    expect(model.device).toMatchObject({ kind: "wasm", adapter: null, isFallback: false });
    const [feat] = await model.extractFeat(images(1, 224, 224));
    expect(feat.shape).toEqual([1, 197, 192]);
    const short = await extractFeat([images(1, 224, 224), images(1, 224, 224)], { normalize: true });
    expect(short.shape).toEqual([2, 192]);
    expect(Math.hypot(...short.data.slice(0, 192))).toBeCloseTo(1, 5);
  });

  it.each([
    ["unknown option", {}, { weight: "procedural" }, "OPT_UNKNOWN"],
    ["no weights", "maskfeat_vit-tiny-p16", {}, "OPT_MISSING"],
    ["unknown model", "resnet", { weights: "procedural" }, "MODEL_UNKNOWN"],
    ["embedded weights elsewhere", "maskfeat_vit-small-p16", { weights: "embedded" }, "OPT_VALUE"],
    ["threads", {}, { weights: "procedural", threads: 0 }, "OPT_VALUE"],
    ["device", {}, { weights: "procedural", device: "cuda" }, "OPT_VALUE"],
    ["dtype", {}, { weights: "procedural", dtype: "f64" }, "OPT_VALUE"],
    ["missing file", {}, { weights: "/no/such.safetensors" }, "FILE_NOT_FOUND"],
  ])("refuses: %s", async (_, model, options, code) => {
    await expect(getModel(typeof model === "string" ? model : tiny, options as never)).rejects.toMatchObject({ code });
  });

  it("reports progress that only grows, to the end", async () => {
    const ratios: number[] = [];
    using _model = await load({ onProgress: ({ ratio }) => ratios.push(ratio) });
    expect(ratios.length).toBeGreaterThan(10);
    expect(ratios).toEqual(ratios.toSorted((a, b) => a - b));
    expect(ratios.at(-1)).toBe(1);
  });
});

describe("life cycle", () => {
  const gone = { code: "MODEL_DISPOSED" };

  it("frees what it held, after the calls under way; later calls say so", async () => {
    const model: Model = await load({ threads: 2 });
    const pending = model.extractFeat(images(1));
    const { used, allocated, peak } = model.memory();
    expect(used).toBeGreaterThan(100_000);
    expect(allocated).toBeGreaterThanOrEqual(used);
    expect(peak).toBeGreaterThanOrEqual(used);
    model.dispose();
    model.dispose();
    expect((await pending)[0].shape).toEqual([1, 197, 48]);
    await expect(model.extractFeat(images(1))).rejects.toMatchObject(gone);
    expect(model.memory()).toEqual({ used: 0, allocated: 0, peak: 0 });
  });

  it("allocates nothing on calls after the first", async () => {
    using model = await load();
    await model.extractFeat(images(2));
    const first = model.memory();
    for (let i = 0; i < 5; i++) await model.extractFeat(images(2));
    expect(model.memory()).toEqual(first);
  });

  it("keeps memory bounded over many image sizes", async () => {
    using model = await load();
    let allocated = 0;
    for (let i = 0; i < 40; i++) {
      await model.extractFeat(images(1, 20 + i, 30));
      if (i === 20) allocated = model.memory().allocated;
    }
    expect(model.memory().allocated).toBeLessThan(allocated * 1.5);
  });

  it("stops on a signal, before and during the work, and goes on afterwards", async () => {
    using model = await load();
    await expect(model.extractFeat(images(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    const controller = new AbortController();
    const call = model.extractFeat(images(64), { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await expect(load({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect((await model.extractFeat(images(1)))[0].shape).toEqual([1, 197, 48]);
  });

  it("gives the event loop its turn", async () => {
    using model = await load();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await model.extractFeat(images(64));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it("profiles every op", async () => {
    using model = await load();
    const rows = await model.profile(images(1));
    expect(rows.map((r) => r.op).sort()).toEqual([
      "attention",
      "layerNorm",
      "linear",
      "linear gelu",
      "linear residual",
      "tokens",
      "unfold",
    ]);
    const gelu = rows.find((r) => r.op === "linear gelu")!;
    expect(gelu).toMatchObject({
      calls: 2,
      dispatches: 4,
      flops: 2 * 2 * 197 * 48 * 96,
      bytes: 2 * 4 * (197 * 48 + 96 * 48 + 96 + 197 * 96),
    });
    expect(rows.every((r) => r.ms >= 0 && r.bytes > 0 && size([r.calls]) > 0)).toBe(true);
  });
});

describe("a misspelt option", () => {
  const x = images(1);
  it.each([
    ["extractFeat", (m: Model) => m.extractFeat(x, { outtype: "raw" } as never)],
    ["forward", (m: Model) => m.forward(x, { masks: { seed: 0 } } as never)],
    ["predict", (m: Model) => m.predict(x, { top: 5 } as never)],
    ["profile", (m: Model) => m.profile(x, { outtype: "raw" } as never)],
    ["hog", async () => hog(x, { nBins: 9 } as never)],
    ["blockMask", async () => blockMask({ seed: 0, grids: [14, 14] } as never)],
    ["normalize", async () => normalize(noiseImage("a", 2, 2), { means: [0, 0, 0] } as never)],
  ])("of %s is named", async (name, call) => {
    using model = await load();
    await expect(call(model)).rejects.toMatchObject({
      code: "OPT_UNKNOWN",
      message: expect.stringMatching(`^${name}: unknown `),
    });
  });
});

describe("over HTTP", () => {
  const params = ownParams(config);
  const file = writeSafetensors(
    params.map((p) => [p.name, { data: proceduralFill(p.name, p.shape)!, shape: p.shape }]),
  );
  const served: Record<string, Uint8Array> = {
    "/weights.safetensors": file,
    "/bird.png": readFileSync("sdk/demo/samples/city-day.png"),
  };
  const server = createServer(({ url = "" }, response) => {
    response.writeHead(served[url] ? 200 : 404).end(served[url]);
  });
  beforeAll(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening())));
  afterAll(() => server.close());
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "maskfeat-home-"));
    vi.stubEnv("MASKFEAT_HOME", home);
    return () => {
      vi.unstubAllEnvs();
      rmSync(home, { recursive: true, force: true });
    };
  });
  const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  it("weights and images load from URLs, with progress", async () => {
    const phases = new Set<string>();
    const onProgress = ({ phase }: { phase: string }) => phases.add(phase);
    using model = await load({ weights: at("/weights.safetensors"), onProgress });
    using procedural = await load();
    expect(phases).toEqual(new Set(["open", "load", "compile", "ready"]));
    const [feat] = await model.extractFeat(new URL(at("/bird.png")));
    expect(feat).toEqual((await procedural.extractFeat("sdk/demo/samples/city-day.png"))[0]);
    await expect(model.extractFeat(at("/none.png"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
