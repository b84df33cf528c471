/** Where a model's numbers come from, and their way onto the device. */

import type { Device, ParamUse } from "../../gpu/device.js";
import { CheckpointError, OptionError } from "../../gpu/errors.js";
import { size } from "../../gpu/graph/ops.js";
import type { AnyCall, Value } from "../../gpu/graph/tape.js";
import { openCheckpoint } from "../checkpoint/index.js";
import type { Staging } from "../checkpoint/types.js";
import { isQkvBias } from "../config/config.js";
import { besideOf } from "../io/open.js";
import { openWeights, type WeightsOptions } from "./files.js";
import { initFill, proceduralFill } from "./fill.js";
import { fitCheckpoint, identity, type ParameterSource, type Wanted } from "./fit.js";
import type { Platform } from "./platform.js";

/**
 * Weights of a model: "embedded", "procedural" (filled from the names alone; untrained), "init:SEED" or `{ init: seed }` (as the
 * reference's training begins; untrained), "pretrained" (the published checkpoint, which is downloaded), or a `.safetensors`, `.pth` or
 * `.npz` file as path, URL (downloaded once), bytes or Blob; the index of a sharded one (`.safetensors.index.json`) as path or URL.
 */
export type Weights = string | URL | Uint8Array | ArrayBuffer | Blob | { readonly init: number };

export const weightChoices =
  "procedural, init:SEED, pretrained, or a .safetensors, .safetensors.index.json, .pth or .npz file as path, URL, bytes or Blob";

/** A source that computes every parameter from its name. */
function filled(
  label: string,
  fill: (name: string, shape: readonly number[]) => Float32Array | undefined,
): ParameterSource {
  return {
    label,
    trained: false,
    get: async (name, shape) => fill(name, shape),
    warnings: [],
    close: async () => {},
  };
}

function initSource(seed: number, params: readonly Value[]): ParameterSource {
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new OptionError(
      "OPT_VALUE",
      `weights: the seed of init must be a whole number from 0 to 4294967295, got ${seed}`,
    );
  }
  const shapes = new Map(params.map((value) => [value.name, value.shape]));
  return filled(`init:${seed}`, (name) => (shapes.has(name) ? initFill(seed, name, shapes) : undefined));
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes on the device, and bytes of all parameters asked for. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

/** Opens `weights` for a model; `name` is that of a registered one. @throws OptionError, FileError, CheckpointError where they do not fit it */
export async function openParameters(
  platform: Platform,
  weights: Weights,
  wanted: Wanted,
  options: WeightsOptions,
  name?: string,
): Promise<ParameterSource> {
  const source = await openSource(platform, weights, wanted, options, name);
  return wanted.config.qkvBias ? source : withoutQkvBias(source);
}

/** The biases that the model does not have are zeros to the graph. */
function withoutQkvBias(source: ParameterSource): ParameterSource {
  const { label, trained, warnings, classes } = source;
  return {
    label,
    trained,
    warnings,
    classes,
    get: async (name, shape, staging) =>
      isQkvBias(name) ? new Float32Array(size(shape)) : source.get(name, shape, staging),
    close: () => source.close(),
  };
}

async function openSource(
  platform: Platform,
  weights: Weights,
  wanted: Wanted,
  options: WeightsOptions,
  name?: string,
): Promise<ParameterSource> {
  if (weights === "procedural") return filled(weights, proceduralFill);
  if (typeof weights === "string" && weights.startsWith("init:")) {
    return initSource(weights === "init:" ? Number.NaN : Number(weights.slice(5)), wanted.params);
  }
  if (typeof weights === "object" && "init" in weights) return initSource(weights.init, wanted.params);
  // the hash of one file says nothing of those beside it
  const beside = (file: string) => openWeights(platform, besideOf(weights, file), { ...options, integrity: undefined });
  return fitCheckpoint(await openCheckpoint(await openWeights(platform, weights, options, name), beside), wanted);
}

/** How calls read each parameter: those that only matrix products read may lie in a layout of the device's own. */
export function paramUses(calls: readonly AnyCall[]): Map<string, ParamUse> {
  const uses = new Map<string, ParamUse>();
  for (const call of calls) {
    call.inputs.forEach((value, i) => {
      const asWeight = call.op.startsWith("linear") && i === 1;
      uses.set(value.name, asWeight && uses.get(value.name) !== "plain" ? "weight" : "plain");
    });
  }
  return uses;
}

/** One buffer for all tensors of up to `most` numbers: the next tensor is read over the last one, which is on the device by then. */
function stagingFor(most: number): Staging {
  let buffer: Float32Array | undefined;
  return {
    take(count) {
      if (count > most) return new Float32Array(count);
      buffer ??= new Float32Array(most);
      return buffer.subarray(0, count);
    },
  };
}

/** The parameters of one model on one device, shared by all its programs. */
export class Parameters<B> {
  /** Parameters that the source lacked and that were set to the identity. */
  readonly fresh: string[] = [];
  private readonly buffers = new Map<string, B>();

  constructor(
    private readonly device: Device<B>,
    private readonly source: ParameterSource,
  ) {}

  /** The buffer of every value in `params`, loading what is not there yet, one tensor in host memory at a time. */
  async load(
    params: readonly Value[],
    uses: ReadonlyMap<string, ParamUse>,
    { signal, onProgress }: LoadOptions = {},
  ): Promise<Map<Value, B>> {
    const total = params.reduce((sum, value) => sum + 4 * size(value.shape), 0);
    const bound = new Map<Value, B>();
    const staging = stagingFor(Math.max(0, ...params.map((value) => size(value.shape))));
    let loaded = 0;
    for (const value of params) {
      signal?.throwIfAborted();
      const buffer =
        this.buffers.get(value.name) ?? (await this.upload(value, uses.get(value.name) ?? "plain", staging));
      this.buffers.set(value.name, buffer);
      bound.set(value, buffer);
      loaded += 4 * size(value.shape);
      onProgress?.(loaded, total);
    }
    return bound;
  }

  private async upload(value: Value, use: ParamUse, staging: Staging): Promise<B> {
    const found = await this.source.get(value.name, value.shape, staging);
    if (!found) this.fresh.push(value.name);
    const data = found ?? identity(value.name, value.shape);
    if (!data) throw new CheckpointError("CKPT_MISMATCH", `${this.source.label}: missing: ${value.name}`);
    return this.device.param(value, data, use);
  }
}
