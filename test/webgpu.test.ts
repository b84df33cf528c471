/** Whole models on WebGPU, the choice among devices, and what happens on bad days; on Dawn with the software adapter. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { OutOfMemoryError } from "../gpu/errors.js";
import { fuse } from "../gpu/graph/fuse.js";
import { plan } from "../gpu/graph/plan.js";
import type { Value } from "../gpu/graph/tape.js";
import { type Shapes, trace } from "../gpu/models/functions.js";
import { direct } from "../gpu/ops/linear.js";
import { selfTest } from "../gpu/selftest.js";
import { openWebGpu, WebGpuDevice } from "../gpu/webgpu.js";
import { completeConfig } from "../sdk/config/config.js";
import { getModel, type Model, type ModelOptions, type Progress, type Tensor, tensor } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { loadModel } from "../sdk/model/load.js";
import { upload } from "../sdk/model/parameters.js";
import { Runner, type Work } from "../sdk/model/runner.js";
import { cli, json, noGpu, samples, smallModel, temporaryFolder } from "./cli.js";
import { adapterOf, altered, onDestroy, realAdapter, replacing, withAdapter, withSource } from "./fake-gpu.js";
import { some } from "./helpers.js";
import { describeOn } from "./needs.js";
import { tiny } from "./tiny.js";

/** Two models' features may differ by this much: each is within half of it of the float64 run (test/model.test.ts). */
const BOUND = 2e-5;

function images(B: number, H = 56, W = 56): Tensor {
  const draw = uniform(B * 1000 + H * 10 + W);
  return tensor(
    new Float32Array(B * 3 * H * W).map(() => 2 * draw()),
    [B, 3, H, W],
  );
}

function expectClose(a: Tensor, b: Tensor): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b.data[i])), 0)).toBeLessThan(BOUND);
  expect(b.data.some((v) => Math.abs(v) > 0.1)).toBe(true);
}

const load = (options: ModelOptions = {}) =>
  getModel(tiny, { weights: "procedural", device: "webgpu", selfTest: "off", ...options });

describeOn("Dawn", "models on WebGPU", () => {
  let gpu: Model;
  let cpu: Model;
  const x = images(3);

  beforeAll(async () => {
    gpu = await load({ selfTest: "quick" });
    cpu = await load({ device: "wasm", threads: 1 });
  });
  afterAll(() => {
    gpu.dispose();
    cpu.dispose();
  });

  it("say what they run on", () => {
    expect(gpu.device).toMatchObject({ kind: "webgpu", adapter: "google / swiftshader", isFallback: true });
    expect(gpu.device).toMatchObject({ reason: "asked for", variant: "direct", threads: 1 });
    expect(gpu.device.selfTest).toMatchObject({ passed: true, cases: 6 });
    expect(gpu.device.selfTest?.worst).toBeGreaterThan(0);
    expect(cpu.device.selfTest).toBe(null);
  });

  it.each(["raw", "cls_token", "featmap", "avg_featmap"] as const)("give the features of WASM: %s", async (outType) => {
    const options = { outType, outIndices: [0, 1] };
    const [a, b] = [await gpu.extractFeat(x, options), await cpu.extractFeat(x, options)];
    for (const i of [0, 1]) expectClose(a[i], b[i]);
  });

  it("give the features of images of another size", async () => {
    const odd = images(1, 33, 90);
    expectClose((await gpu.extractFeat(odd))[0], (await cpu.extractFeat(odd))[0]);
  });

  it("give prediction, loss and logits of WASM", async () => {
    const options = { mode: "loss", mask: { seed: 3 } } as const;
    const [a, b] = [await gpu.forward(x, options), await cpu.forward(x, options)];
    expectClose(a.pred, b.pred);
    expect(a.loss).toBeCloseTo(b.loss, 6);
    const config = { ...tiny, kind: "classifier", numClasses: 10 } as const;
    using onGpu = await getModel(config, { weights: "procedural", device: "webgpu", selfTest: "off" });
    using onCpu = await getModel(config, { weights: "procedural", device: "wasm", threads: 1 });
    expectClose((await onGpu.forward(x))[0], (await onCpu.forward(x))[0]);
  });

  it("answer overlapping calls in order, with the same bits each time, and allocate nothing after the first", async () => {
    const [first] = await gpu.extractFeat(x);
    const before = gpu.memory();
    expect(before.used).toBeGreaterThan(0);
    const answers = await Promise.all(Array.from({ length: 8 }, () => gpu.extractFeat(x)));
    for (const [feat] of answers) expect(feat).toEqual(first);
    expect(gpu.memory()).toEqual(before);
  });

  it("profile every op", async () => {
    const rows = await gpu.profile(images(1));
    const { tape, outputs } = trace("features", gpu.config, { images: [1, 3, 56, 56] });
    const calls = plan(fuse(tape.calls, outputs), outputs).calls.length;
    expect(rows.reduce((sum, row) => sum + row.dispatches, 0)).toBe(calls);
    for (const row of rows) expect(row.bytes).toBeGreaterThan(0);
    expect(rows.find((row) => row.op === "linear")).toMatchObject({ calls: 3, dispatches: 3 });
  });

  it("stop when aborted", async () => {
    const abort = new AbortController();
    const call = gpu.extractFeat(x, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect((await gpu.extractFeat(x))[0].shape).toEqual([3, 197, 48]);
  });
});

describeOn("Dawn", "memory", () => {
  const source = { read: async ({ name, shape }: Value) => proceduralFill(name, shape)! };
  const work: Work = { name: "features" };
  const traceWork = ({ name, ...options }: Work, shapes: Shapes) => trace(name, completeConfig(tiny), shapes, options);
  const largest = 4 * 197 * 144; // qkv of one image

  it("is split into micro-batches under the binding limit, which changes no bit", async () => {
    const { tape } = traceWork(work, { images: [1, 3, 56, 56] });
    const run = async (maxValueBytes?: number) => {
      const device = await openWebGpu(await realAdapter(), { maxValueBytes });
      const runner = new Runner(device, await upload(device, tape, source), traceWork);
      const parts = await runner.run(work, { images: images(5) });
      device.destroy();
      return parts.map(([feat]) => feat);
    };
    const [whole] = await run();
    const parts = await run(2 * largest);
    expect(parts.map((feat) => feat.shape[0])).toEqual([2, 2, 1]);
    expect(parts.flatMap((feat) => [...feat.data])).toEqual([...whole.data]);
    await expect(run(largest - 4)).rejects.toThrow("use an image with at most 99 % of its pixels");
  });

  it("is not allocated by calls after the first, each of which is one submit and one readback", async () => {
    const made: string[] = [];
    const own = await (await realAdapter()).requestDevice();
    const count = <T>(what: string, call: () => T) => {
      made.push(what);
      return call();
    };
    const device = altered(own, {
      createBuffer: (d: GPUBufferDescriptor) =>
        count("buffer", () => {
          const buffer = own.createBuffer(d);
          const map = buffer.mapAsync.bind(buffer);
          return Object.assign(buffer, { mapAsync: (mode: number) => count("readback", () => map(mode)) });
        }),
      createBindGroup: (d: GPUBindGroupDescriptor) => count("group", () => own.createBindGroup(d)),
      createComputePipelineAsync: (d: GPUComputePipelineDescriptor) =>
        count("pipeline", () => own.createComputePipelineAsync(d)),
      queue: altered(own.queue, {
        submit: (buffers: GPUCommandBuffer[]) => count("submit", () => own.queue.submit(buffers)),
      }),
    });
    const model = await load({ device });
    await model.extractFeat(images(1), { outIndices: [0, 1] });
    expect(made).toContain("pipeline");
    made.length = 0;
    await model.extractFeat(images(1), { outIndices: [0, 1] });
    expect(made).toEqual(["submit", "readback"]);
    model.dispose();
    own.destroy();
  });

  it("is freed by dispose, every buffer of it, and the device too", async () => {
    const created: GPUBuffer[] = [];
    let destroyed = 0;
    const adapter = adapterOf(await realAdapter(), (device) => ({
      createBuffer(descriptor: GPUBufferDescriptor) {
        const buffer = device.createBuffer(descriptor);
        created.push(buffer);
        expect(descriptor.label).toMatch(/\S/);
        return onDestroy(buffer, () => created.splice(created.indexOf(buffer), 1));
      },
      destroy() {
        destroyed++;
        device.destroy();
      },
    }));
    const model = await loadModel(withAdapter(adapter), tiny, { weights: "procedural", selfTest: "off" });
    expect(model.device).toMatchObject({ kind: "webgpu", adapter: "test / gpu", reason: "a GPU is here" });
    await model.extractFeat(images(1));
    expect(created.length).toBeGreaterThan(30);
    model.dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([created.length, destroyed]).toEqual([0, 1]);
  });

  it("is not kept by a listener, whatever ended the model: Dawn frees no device that has one", async () => {
    const left: number[] = [];
    const heard = (device: GPUDevice) => {
      let count = 0;
      return {
        addEventListener: (...args: [never, never]) => device.addEventListener(...args, void count++),
        removeEventListener: (...args: [never, never]) => device.removeEventListener(...args, void count--),
        destroy() {
          left.push(count);
          device.destroy();
        },
      };
    };
    const open = async (options: ModelOptions, change: typeof heard = heard) =>
      loadModel(withAdapter(adapterOf(await realAdapter(), change)), tiny, {
        weights: "procedural",
        device: "webgpu",
        selfTest: "off",
        ...options,
      });
    const abort = new AbortController();
    const onProgress = ({ phase }: Progress) => phase === "load" && abort.abort();
    await expect(open({ signal: abort.signal, onProgress })).rejects.toMatchObject({ name: "AbortError" });
    const broken = (device: GPUDevice) => ({ ...heard(device), ...withSource(device, () => "no kernel") });
    await expect(open({}, broken)).rejects.toMatchObject({ code: "DEVICE_FAILED" });
    await expect(open({ selfTest: "quick" }, broken)).rejects.toMatchObject({ code: "DEVICE_FAILED" });
    (await open({})).dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(left).toEqual([0, 0, 0, 0]);
  });

  it("is not kept by a caller's device, which gets one handler for all models, and tells later ones that it is lost", async () => {
    let lose = (_: unknown) => {};
    const lost = new Promise((resolve) => {
      lose = resolve;
    });
    const calls = vi.spyOn(lost, "then");
    const own = await (await realAdapter()).requestDevice();
    const listen = vi.fn();
    const device = altered(own, { lost, addEventListener: listen });
    for (let i = 0; i < 6; i++) new WebGpuDevice(device, { borrowed: true }).destroy();
    expect([calls.mock.calls.length, listen.mock.calls.length]).toEqual([1, 0]);
    lose({ reason: "unknown", message: "test" });
    await lost;
    const late = new WebGpuDevice(device, { borrowed: true });
    await expect(late.buffer(4, "late")).rejects.toMatchObject({ code: "DEVICE_LOST" });
    own.destroy();
  });

  it.each(some([100], 0))("stays flat over %i models in a process", async (count) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "test/models-in-turn.mjs",
      `${count}`,
    ]);
    const megabytes: number[] = JSON.parse(stdout);
    expect(megabytes).toHaveLength(count);
    expect(Math.max(...megabytes.slice(count / 2))).toBeLessThan(1.25 * Math.max(...megabytes.slice(0, count / 2)));
  });

  it("of a caller's own device is freed, and the device lives on", async () => {
    const own = await (await realAdapter()).requestDevice();
    for (let i = 0; i < 2; i++) {
      const model = await load({ device: own });
      expect(model.device.reason).toBe("the caller's own device");
      const [feat] = await model.extractFeat(images(1));
      // without timestamps each dispatch is waited for
      expect((await model.profile(images(1))).every(({ ms }) => ms > 0)).toBe(true);
      expect(await model.extractFeat(images(1))).toEqual([feat]);
      model.dispose();
    }
    const buffer = own.createBuffer({ size: 16, usage: 8 });
    own.queue.writeBuffer(buffer, 0, new Float32Array(4));
    await own.queue.onSubmittedWorkDone();
    own.destroy();
  });

  it("is written from shared memory too", async () => {
    const device = new WebGpuDevice(await (await realAdapter()).requestDevice());
    const shared = new Float32Array(new SharedArrayBuffer(16)).fill(2);
    const buffer = await device.buffer(4, "shared");
    await device.write(buffer, shared);
    expect([...(await device.read(buffer, 4))]).toEqual([2, 2, 2, 2]);
    device.destroy();
  });
});

describeOn("Dawn", "the choice among devices", () => {
  const small = (adapter: GPUAdapter | null, options: ModelOptions = {}) =>
    loadModel(withAdapter(adapter), tiny, { weights: "procedural", threads: 1, ...options });

  it("prefers WASM to a software adapter", async () => {
    using model = await getModel(tiny, { weights: "procedural" });
    expect(model.device.kind).toBe("wasm");
    expect(model.device.reason).toBe("WebGPU has only a software adapter (google / swiftshader), which is slower");
    expect(model.device.selfTest).toMatchObject({ passed: true, cases: 6 });
  });

  it("takes WASM where there is no adapter, and refuses to where WebGPU is asked for", async () => {
    using model = await small(null);
    expect(model.device).toMatchObject({ kind: "wasm", reason: "WebGPU finds no GPU here" });
    await expect(small(null, { device: "webgpu" })).rejects.toMatchObject({
      code: "DEVICE_ABSENT",
      message: "device webgpu: WebGPU finds no GPU here; or use device wasm or auto",
    });
  });

  it("refuses an adapter that is too small", async () => {
    const real = await realAdapter();
    const limits = altered(real.limits, { maxComputeInvocationsPerWorkgroup: 128 });
    const adapter = altered(adapterOf(real), { limits });
    const why = "the GPU is too small: maxComputeInvocationsPerWorkgroup is 128, at least 256 is needed";
    using model = await small(adapter);
    expect(model.device).toMatchObject({ kind: "wasm", reason: why });
    await expect(small(adapter, { device: "webgpu" })).rejects.toMatchObject({ code: "DEVICE_ABSENT" });
  });

  it("refuses Dawn's null backend, and its self-test fails", async () => {
    const { create } = await import("webgpu");
    const none = create(["backend=null"]);
    const adapter = await none.requestAdapter();
    await expect(small(adapter, { device: "webgpu" })).rejects.toMatchObject({ code: "DEVICE_ABSENT" });
    const device = await openWebGpu(adapter as GPUAdapter, {});
    expect(await selfTest(device)).toMatchObject({ passed: false, cases: 6 });
  });

  it("uses f32 where the GPU has no f16, and says so", async () => {
    using model = await load({ dtype: "f16" });
    expect(model.device).toMatchObject({ variant: "direct", reason: "asked for; f32, as the GPU lacks shader-f16" });
    using wasm = await load({ dtype: "f16", device: "wasm" });
    expect(wasm.device).toMatchObject({ variant: expect.stringMatching(/ f16$/), reason: "asked for" });
    await expect(load({ dtype: "int4" as never })).rejects.toMatchObject({ code: "OPT_VALUE" });
    await expect(load({ device: "cuda" as never })).rejects.toThrow(/one of auto, webgpu, wasm/);
    for (const device of [null, {}, { limits: {} }]) {
      const failed = load({ device: device as never });
      await expect(failed).rejects.toMatchObject({
        code: "OPT_VALUE",
        message: expect.stringContaining("or a GPUDevice"),
      });
    }
  });
});

describeOn("Dawn", "the kernel of matrix products", () => {
  const open = (adapter: GPUAdapter, options: ModelOptions) =>
    loadModel(withAdapter(adapter), tiny, { weights: "procedural", ...options });

  it("is the tiled one on a GPU, and what is asked for otherwise", async () => {
    using gpu = await open(adapterOf(await realAdapter()), {});
    expect(gpu.device).toMatchObject({ kind: "webgpu", variant: "tiled", selfTest: { passed: true } });
    using direct = await open(adapterOf(await realAdapter()), { matmul: "direct" });
    expect(direct.device).toMatchObject({ variant: "direct", selfTest: { passed: true } });
    const own = await (await realAdapter()).requestDevice();
    using borrowed = await load({ device: own, matmul: "tiled" });
    expect(borrowed.device.variant).toBe("tiled");
    own.destroy();
  });

  it("belongs to WebGPU", async () => {
    await expect(load({ device: "wasm", matmul: "direct" })).rejects.toMatchObject({ code: "OPT_VALUE" });
    await expect(load({ matmul: "fast" as never })).rejects.toThrow(/matmul: expected one of tiled, direct, got/);
  });
});

describeOn("Dawn", "a device that computes wrongly", () => {
  /** Ways in which kernels go wrong: [what, in the text, its replacement, with this kernel for products]. */
  const mutants: readonly [string, string | RegExp, string, WebGpuDevice["matmul"]?][] = [
    ["drops the last slice of K", "k0 < K; k0 += DEPTH", "k0 + DEPTH < K; k0 += DEPTH"],
    ["drops the last term of K", "k < K; k++", "k + 1u < K; k++"],
    ["skips the bias", "sum + b", "sum"],
    ["takes a row of x for the next", "x[min(row + 2u, last)", "x[min(row + 1u, last)", direct],
    ["drops the second vector of columns", "if (next > column)", "if (next < column)", direct],
    ["forgets eps", "+ EPS)", ")"],
    [
      "takes gelu's tanh form",
      "return max(x, vec4<f32>(0.0)) - half",
      "return 0.5 * x * (1.0 + tanh(0.7978845608 * (x + 0.044715 * x * x * x))) - 0.0 * half",
    ],
    ["mixes up heads", "* WK + K + head * D)", "* WK + K + (HEADS - 1u - head) * D)"],
    [
      "skips the last keys",
      "key0 < LK; key0 += KEYS) {\n    let key",
      "key0 + KEYS < LK; key0 += KEYS) {\n    let key",
    ],
    ["gives zeros", /= vec4<Real>\(finish\(/, "= 0.0 * vec4<Real>(finish("],
  ];

  it.each(mutants)("%s: fails the self-test", async (_, text, replacement, matmul) => {
    const mutant = replacing(text, replacement);
    const adapter = adapterOf(await realAdapter(), (device) => withSource(device, mutant.edit));
    const device = await openWebGpu(adapter, { matmul });
    const result = await selfTest(device);
    device.destroy();
    expect(mutant.edits).toBeGreaterThan(0);
    expect(result.passed).toBe(false);
  });

  it("is not used: auto goes to WASM with the reason, an explicit device throws", async () => {
    const [, text, replacement] = mutants[0];
    // an adapter gives one device only
    const wrong = async () =>
      withAdapter(
        adapterOf(await realAdapter(), (device) => withSource(device, (code) => code.replace(text, replacement))),
      );
    using model = await loadModel(await wrong(), tiny, { weights: "procedural", threads: 1 });
    expect(model.device.kind).toBe("wasm");
    expect(model.device.reason).toMatch(/^webgpu on test \/ gpu failed its self-test: errors up to .* what is allowed/);
    const failed = loadModel(await wrong(), tiny, { weights: "procedural", device: "webgpu" });
    await expect(failed).rejects.toMatchObject({ name: "DeviceError", code: "DEVICE_SELF_TEST" });
  });
});

describeOn("Dawn", "on bad days", () => {
  const open = async (change: Parameters_<typeof adapterOf>[1], options: ModelOptions = {}) =>
    loadModel(withAdapter(adapterOf(await realAdapter(), change)), tiny, {
      weights: "procedural",
      device: "webgpu",
      selfTest: "off",
      ...options,
    });
  type Parameters_<F extends (...args: never[]) => unknown> = F extends (...args: infer A) => unknown ? A : never;

  it("a kernel that does not compile is an error with the compiler's words; auto goes to WASM", async () => {
    const broken = (device: GPUDevice) => withSource(device, (code) => code.replace("fn main(", "fn main(nonsense "));
    await expect(open(broken)).rejects.toMatchObject({ code: "DEVICE_FAILED" });
    await expect(open(broken)).rejects.toThrow(/\.wgsl .*nonsense|\.wgsl .*rror/s);
    using other = await open(broken, { device: "auto", selfTest: "quick" });
    expect(other.device.kind).toBe("wasm");
    expect((await other.extractFeat(images(1)))[0].shape).toEqual([1, 197, 48]);
  });

  it("a device lost before a call, or during it, is an error and no result", async () => {
    let lose = () => {};
    const model = await open((device) => {
      lose = () => device.destroy();
      return {};
    });
    await model.extractFeat(images(1));
    const during = model.extractFeat(images(2));
    setTimeout(lose, 1);
    await expect(during).rejects.toMatchObject({ name: "DeviceLostError", code: "DEVICE_LOST" });
    await expect(model.extractFeat(images(1))).rejects.toMatchObject({ code: "DEVICE_LOST" });
    model.dispose();
  });

  it("refused memory is an OutOfMemoryError that says how much, and everything is freed", async () => {
    let allowed = 1e9;
    let refused = false;
    let live = 0;
    const change = (device: GPUDevice): Partial<Record<keyof GPUDevice, unknown>> => {
      const scopes: string[] = [];
      return {
        createBuffer(descriptor: GPUBufferDescriptor) {
          refused = allowed-- <= 0;
          live++;
          return onDestroy(device.createBuffer(descriptor), () => live--);
        },
        pushErrorScope(filter: GPUErrorFilter) {
          scopes.push(filter);
          device.pushErrorScope(filter);
        },
        async popErrorScope() {
          const isMemory = scopes.pop() === "out-of-memory";
          const fails = isMemory && refused;
          if (isMemory) refused = false;
          const error = await device.popErrorScope();
          return fails ? { message: "test" } : error;
        },
      };
    };
    const model = await open(change);
    const held = live;
    for (const k of [0, 1, 2, 3]) {
      allowed = k;
      const failed = model.extractFeat(images(2));
      await expect(failed).rejects.toBeInstanceOf(OutOfMemoryError);
      await expect(failed).rejects.toMatchObject({ code: "DEVICE_MEMORY", hint: /smaller batch/ });
      expect(live).toBe(held);
    }
    allowed = 1e9;
    expect((await model.extractFeat(images(2)))[0].shape).toEqual([2, 197, 48]);
    model.dispose();
    allowed = 7;
    await expect(open(change)).rejects.toMatchObject({ code: "DEVICE_MEMORY" });
  });

  it("an error outside of any call fails the next one", async () => {
    let spoil = () => {};
    using model = await open((device) => {
      spoil = () => device.createBuffer({ size: 16, usage: 1 | 128 });
      return {};
    });
    await model.extractFeat(images(1));
    spoil();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const failed = model.extractFeat(images(1));
    await expect(failed).rejects.toMatchObject({ name: "DeviceError", code: "DEVICE_FAILED" });
  });
});

describeOn("Dawn", "the command line", () => {
  const folder = temporaryFolder();
  const image = `${samples}/wood-oak.jpg`;

  it("runs on WebGPU where it is asked to, and the process ends by itself", async () => {
    const model = smallModel(folder);
    const gpu = await json(["extract", image, ...model, "--device", "webgpu"], folder);
    const cpu = await json(["extract", image, ...model, "--device", "wasm"], folder);
    expect(gpu.device).toMatchObject({ kind: "webgpu", adapter: "google / swiftshader", selfTest: { passed: true } });
    for (const [i, v] of gpu.outputs[0].first.entries()) expect(v).toBeCloseTo(cpu.outputs[0].first[i], 4);
  });

  it("tells the truth where there is no GPU", async () => {
    // without Vulkan, and with its loader alone
    for (const env of [noGpu, { VK_ICD_FILENAMES: noGpu.VK_ICD_FILENAMES }]) {
      const { stdout, stderr } = await cli(["info", "--json"], folder, { env });
      expect(stderr).toBe("");
      const info = JSON.parse(stdout);
      expect(info.devices[0]).toMatchObject({ kind: "webgpu", available: false, adapter: null });
      expect(info.devices[0].reason).toMatch(/Vulkan.*: install the driver of the GPU$/);
      expect(info.devices[1]).toMatchObject({ kind: "wasm", available: true });
    }
  });
});
