/** Chooses the device that runs a model, tests it, and says why it was chosen. */

import type { Device, WeightType } from "../../gpu/device.js";
import { DeviceError, MaskFeatError, OptionError } from "../../gpu/errors.js";
import { lackingLimit } from "../../gpu/limits.js";
import { direct, tiled } from "../../gpu/ops/linear.js";
import { type SelfTest, selfTest } from "../../gpu/selftest.js";
import { openWebGpu, WebGpuDevice, type WebGpuOptions } from "../../gpu/webgpu.js";
import { checkChoice, checkInteger } from "../base/check.js";
import { hasWasm } from "../wasm/core.js";
import { f16ToF32, f32ToF16 } from "../wasm/half.js";
import { bestBuild, type KernelBuild } from "./builds.js";
import type { DevicePlatform } from "./platform.js";
import { WasmDevice } from "./wasm.js";

/** "auto": WebGPU on a real GPU, else WASM. Or a `GPUDevice` of the caller's, which stays the caller's. */
export type DeviceChoice = "auto" | "webgpu" | "wasm" | CallerDevice;

/** A `GPUDevice`, as much of it as tells it from other things: so these types need none of WebGPU's. */
export interface CallerDevice {
  readonly features: { has(name: never): boolean };
  readonly limits: object;
  readonly queue: object;
  readonly lost: Promise<unknown>;
  createShaderModule(descriptor: never): object;
}

const matmuls = { tiled, direct };

const deviceChoices = ["auto", "webgpu", "wasm"] as const;

/**
 * How values are stored. "f16": weights and activations on WebGPU, weights on WASM; arithmetic is in f32. "int8": matmul in 8-bit
 * integers on WASM, faster, in a quarter of the memory, and approximate.
 */
export type Dtype = WeightType;

const dtypes: readonly Dtype[] = ["f32", "f16", "int8"];

/** Which device runs a model, and why. */
export interface DeviceInfo {
  readonly kind: "webgpu" | "wasm";
  /** Name of the GPU; null on WASM. */
  readonly adapter: string | null;
  /** The adapter is a software one. */
  readonly isFallback: boolean;
  readonly reason: string;
  /** Threads of the WASM device; 1 on WebGPU. */
  readonly threads: number;
  /** Which kernels run: the build on WASM ("simd", "relaxed", "turbo"), `matmul` on WebGPU; then how weights are stored, if not as f32. */
  readonly variant: string;
  /** Null where it was turned off. */
  readonly selfTest: SelfTest | null;
}

export interface DeviceOptions {
  readonly device?: DeviceChoice;
  readonly dtype?: Dtype;
  /** Threads of the WASM device. */
  readonly threads?: number;
  /**
   * The compiled module `maskfeat-wgpu/maskfeat.wasm`, for runtimes that compile no WebAssembly at run time: the same as `useWasm(wasm)`, for
   * all that is computed from then on.
   */
  readonly wasm?: object;
  /**
   * Lets V8 make 256-bit vectors of pairs of 128-bit ones on the WASM device, which nearly doubles its speed. Only on Node 24 or newer
   * on x64: it is an experimental switch of V8, which is on only while these kernels compile.
   */
  readonly turbo?: boolean;
  /**
   * How WebGPU multiplies matrices, to compare on a GPU: "tiled", through workgroup memory (default on GPUs); "direct", straight from storage
   * (default on software adapters).
   */
  readonly matmul?: keyof typeof matmuls;
  /** "quick" (default): a dozen small answers are compared before the device is used. */
  readonly selfTest?: "quick" | "off";
}

/** A device and what `model.device` says about it. */
export interface OpenDevice {
  readonly device: Device;
  readonly info: DeviceInfo;
}

const MAX_THREADS = 64;

/** Threads that are taken unless the caller says else: beyond this many, memory bandwidth is the limit. */
const AUTO_THREADS = 8;

/** Converts f32 to f16 and back, if the dtype is f16. */
const halvesFor = ({ dtype }: DeviceOptions) => (dtype === "f16" ? { to: f32ToF16, from: f16ToF32 } : undefined);

/** What an adapter says of itself. */
interface Adapter {
  readonly name: string;
  readonly isFallback: boolean;
}

/** Names by which software adapters go where they do not say that they are. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;

function describe(info: GPUAdapterInfo | undefined): Adapter {
  const { vendor = "", architecture = "", device = "", description = "" } = info ?? {};
  const name = [vendor, architecture || description || device].filter(Boolean).join(" / ") || "unnamed";
  const isFallback = info?.isFallbackAdapter === true || SOFTWARE.test(`${architecture} ${device} ${description}`);
  return { name, isFallback };
}

const absent = (what: string, cause?: unknown) => new DeviceError("DEVICE_ABSENT", what, { cause });

/** The adapter of this runtime that is best for computing. @throws DeviceError DEVICE_ABSENT with the reason */
async function findAdapter(platform: DevicePlatform): Promise<{ adapter: GPUAdapter } & Adapter> {
  const gpu = await platform.gpu();
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw absent("WebGPU finds no GPU here");
  // Dawn's null backend accepts all work and does none
  if (adapter.info.device === "null-backend")
    throw absent("WebGPU's only adapter is Dawn's null backend, which computes nothing");
  const lacking = lackingLimit(adapter.limits);
  if (lacking) throw absent(`the GPU is too small: ${lacking}`);
  return { adapter, ...describe(adapter.info) };
}

/**
 * Opens and tests a device.
 * @throws OptionError; DeviceError DEVICE_ABSENT if the device asked for is not there, DEVICE_SELF_TEST if it computes wrongly
 */
export async function openDevice(platform: DevicePlatform, options: DeviceOptions): Promise<OpenDevice> {
  const { device: choice = "auto", dtype = "f32" } = options;
  checkChoice("dtype", dtype, dtypes);
  checkChoice("selfTest", options.selfTest ?? "quick", ["quick", "off"]);
  if (options.threads !== undefined) checkThreads(platform, options.threads);
  if (options.turbo) checkTurbo(platform, options);
  if (options.matmul !== undefined) checkMatmul(options);
  if (dtype === "int8" && choice !== "auto" && choice !== "wasm") {
    throw new OptionError("OPT_VALUE", "dtype: int8 belongs to device wasm; a GPU takes f32 or f16");
  }
  if (typeof choice === "object") return borrow(checkGpuDevice(choice), options);
  checkChoice("device", choice, deviceChoices);
  if (choice === "wasm") return openWasm(platform, options, "asked for");
  if (choice === "webgpu") {
    const { adapter, ...about } = await findAdapter(platform).catch((error) => {
      throw error instanceof MaskFeatError && error.code === "DEVICE_ABSENT"
        ? absent(`device webgpu: ${error.message}; or use device wasm or auto`, error)
        : error;
    });
    return openGpu(adapter, about, options, "asked for");
  }
  return openBest(platform, options);
}

/** Why there can be only one thread; undefined if there can be more. */
const whyOneThread = ({ oneThread }: DevicePlatform): string | undefined =>
  oneThread ?? (hasWasm() ? "the module given as wasm is for one" : undefined);

/** @throws OptionError; DeviceError DEVICE_ABSENT if several threads are asked for and there can be but one. */
function checkThreads(platform: DevicePlatform, threads: number): void {
  checkInteger("threads", threads, 1, MAX_THREADS);
  const oneThread = whyOneThread(platform);
  if (threads > 1 && oneThread) throw absent(`threads: ${threads} asked for, but ${oneThread}; leave threads out`);
}

/** @throws OptionError; DeviceError DEVICE_ABSENT if this engine has no such thing */
function checkTurbo({ turbo }: DevicePlatform, { device = "auto" }: DeviceOptions): void {
  if (device !== "auto" && device !== "wasm") throw new OptionError("OPT_VALUE", "turbo belongs to device wasm");
  const lacking = turbo ? turbo.lacking : "only Node has it";
  if (lacking) throw absent(`turbo: ${lacking}; leave turbo out`);
}

/** @throws OptionError */
function checkMatmul({ matmul, device }: DeviceOptions): void {
  checkChoice("matmul", String(matmul), Object.keys(matmuls));
  if (device === "wasm") throw new OptionError("OPT_VALUE", "matmul belongs to device webgpu");
}

/** WebGPU on a real GPU that passes its test; else WASM, with the reason. */
async function openBest(platform: DevicePlatform, options: DeviceOptions): Promise<OpenDevice> {
  if (options.turbo) return openWasm(platform, options, "turbo asked for");
  if (options.dtype === "int8") return openWasm(platform, options, "int8 asked for");
  let why: string;
  try {
    const { adapter, ...about } = await findAdapter(platform);
    if (!about.isFallback) return await openGpu(adapter, about, options, "a GPU is here");
    why = `WebGPU has only a software adapter (${about.name}), which is slower`;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    why = error.message;
  }
  return openWasm(platform, options, why);
}

async function openWasm(platform: DevicePlatform, options: DeviceOptions, why: string): Promise<OpenDevice> {
  const oneThread = whyOneThread(platform);
  const threads = options.threads ?? (oneThread ? 1 : Math.min(platform.parallelism, AUTO_THREADS));
  const parts = [why];
  if (oneThread) parts.push(`1 thread: ${oneThread}`);
  const reason = parts.join("; ");
  const build = options.turbo ? turboBuild(platform) : bestBuild();
  const { dtype = "f32" } = options;
  const variant = dtype === "f32" ? build.name : `${build.name} ${dtype}`;
  const about = { kind: "wasm", adapter: null, isFallback: false, reason, threads, variant } as const;
  return tested(new WasmDevice(platform, threads, build, dtype), about, options);
}

/** `checkTurbo` has found that it is there. */
const turboBuild = ({ turbo }: DevicePlatform): KernelBuild => turbo!.build;

const gpuOptions = ({ isFallback }: Adapter, options: DeviceOptions): WebGpuOptions => ({
  halves: halvesFor(options),
  software: isFallback,
  matmul: options.matmul && matmuls[options.matmul],
});

async function openGpu(adapter: GPUAdapter, about: Adapter, options: DeviceOptions, why: string): Promise<OpenDevice> {
  const device = await openWebGpu(adapter, gpuOptions(about, options));
  return finishGpu(device, about, options, why);
}

/** @throws OptionError */
function checkGpuDevice(device: CallerDevice | null): GPUDevice {
  if (device && "limits" in device && typeof device.createShaderModule === "function") return device as GPUDevice;
  throw new OptionError("OPT_VALUE", `device: expected ${deviceChoices.join(", ")} or a GPUDevice, got ${device}`);
}

/** Uses the caller's own device. @throws DeviceError DEVICE_ABSENT if its limits are too low */
async function borrow(gpu: GPUDevice, options: DeviceOptions): Promise<OpenDevice> {
  const lacking = lackingLimit(gpu.limits);
  if (lacking) throw absent(`device: the GPUDevice was requested with too low limits: ${lacking}`);
  const about = describe(gpu.adapterInfo);
  const device = new WebGpuDevice(gpu, { ...gpuOptions(about, options), borrowed: true });
  return finishGpu(device, about, options, "the caller's own device");
}

async function finishGpu(
  device: WebGpuDevice,
  about: Adapter,
  options: DeviceOptions,
  why: string,
): Promise<OpenDevice> {
  const { weights, matmul } = device;
  const reason = weights === (options.dtype ?? "f32") ? why : `${why}; f32, as the GPU lacks shader-f16`;
  const variant = weights === "f32" ? matmul.name : `${matmul.name} ${weights}`;
  const { name, isFallback } = about;
  return tested(device, { kind: "webgpu", adapter: name, isFallback, reason, threads: 1, variant }, options);
}

/** The device once it has passed its self-test. @throws DeviceError DEVICE_SELF_TEST */
async function tested(
  device: Device,
  about: Omit<DeviceInfo, "selfTest">,
  options: DeviceOptions,
): Promise<OpenDevice> {
  if (options.selfTest === "off") return { device, info: { ...about, selfTest: null } };
  try {
    const result = await selfTest(device);
    if (result.passed) return { device, info: { ...about, selfTest: result } };
    const which = `${about.kind}${about.adapter ? ` on ${about.adapter}` : ""}`;
    const what = `${which} failed its self-test: errors up to ${result.worst.toPrecision(3)} times what is allowed`;
    throw new DeviceError("DEVICE_SELF_TEST", `${what}; update the driver, or use another device`);
  } catch (error) {
    device.destroy();
    throw error;
  }
}

/** A device of this runtime and whether it can be used. */
export interface DeviceReport {
  readonly kind: "webgpu" | "wasm";
  readonly available: boolean;
  readonly adapter: string | null;
  readonly isFallback: boolean;
  readonly features: readonly string[];
  readonly reason: string;
}

/** All devices, usable or not. */
export async function listDevices(platform: DevicePlatform): Promise<DeviceReport[]> {
  const { parallelism } = platform;
  const oneThread = whyOneThread(platform);
  const simd = `128-bit SIMD, ${oneThread ? `1 thread: ${oneThread}` : `up to ${parallelism} threads`}`;
  const wasm = {
    kind: "wasm",
    available: true,
    adapter: null,
    isFallback: false,
    features: [
      "simd128",
      ...(bestBuild().name === "relaxed" ? ["relaxed-simd"] : []),
      ...(platform.turbo && !platform.turbo.lacking ? ["turbo"] : []),
    ],
    reason: simd,
  } as const;
  return [await reportGpu(platform), wasm];
}

async function reportGpu(platform: DevicePlatform): Promise<DeviceReport> {
  try {
    const { adapter, name, isFallback } = await findAdapter(platform);
    const features = ["shader-f16", "timestamp-query", "subgroups"].filter((feature) => adapter.features.has(feature));
    const reason = isFallback ? "a software adapter: auto prefers wasm, which is faster" : "a GPU";
    return { kind: "webgpu", available: true, adapter: name, isFallback, features, reason };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { kind: "webgpu", available: false, adapter: null, isFallback: false, features: [], reason: error.message };
  }
}
