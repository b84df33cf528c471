/** Where a model's numbers come from, and their way onto the device. */

import type { Device, ParamUse } from "../gpu/device.js";
import { CheckpointError, OptionError } from "../gpu/errors.js";
import { size } from "../gpu/graph/ops.js";
import type { AnyCall, Value } from "../gpu/graph/tape.js";
import { openCheckpoint } from "./checkpoint/index.js";
import type { Checkpoint } from "./checkpoint/types.js";
import { classesIn } from "./classes.js";
import { openWeights, type WeightsOptions } from "./download/weights.js";
import type { Platform } from "./platform/types.js";
import { checkFinite } from "./tensor.js";
import { initFill, proceduralFill } from "./weights.js";

/**
 * Weights of a model: "embedded", "procedural" (filled from the names alone; untrained), "init:SEED" or `{ init: seed }` (as the
 * reference's training begins; untrained), "pretrained" (the published checkpoint, which is downloaded), or a `.safetensors` file as path,
 * URL (downloaded once), bytes or Blob.
 */
export type Weights = string | URL | Uint8Array | ArrayBuffer | Blob | { readonly init: number };

export const weightChoices = "procedural, init:SEED, pretrained, or a .safetensors file as path, URL, bytes or Blob";

/** Gives parameters by name. */
export interface ParameterSource {
  /** For people: "procedural", "init:7", or the file. */
  readonly label: string;
  readonly trained: boolean;
  /** The names of the classes that it was trained on, where it says them. */
  readonly classes?: readonly string[];
  /** Row-major numbers, or undefined where the source has none for this parameter. */
  get(name: string, shape: readonly number[]): Promise<Float32Array | undefined>;
  /** @throws CheckpointError where the source does not fit a model with these parameters. */
  check(params: readonly Value[]): void;
  close(): Promise<void>;
}

/** Parameters that a checkpoint may lack, with what they then are: the norm after pooling is the identity, as in the reference. */
function fresh(name: string, shape: readonly number[]): Float32Array | undefined {
  if (name === "backbone.ln2.weight") return new Float32Array(size(shape)).fill(1);
  if (name === "backbone.ln2.bias") return new Float32Array(size(shape));
  return undefined;
}

/** Buffers that the reference's checkpoints carry beside the parameters; their values follow from the configuration. */
const buffers = /^(target_generator|data_preprocessor)\./;

/** A source that computes every parameter from its name. */
function filled(
  label: string,
  fill: (name: string, shape: readonly number[]) => Float32Array | undefined,
): ParameterSource {
  return {
    label,
    trained: false,
    get: async (name, shape) => fill(name, shape),
    check: () => {},
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

function checkpointSource(checkpoint: Checkpoint): ParameterSource {
  return {
    label: checkpoint.source,
    trained: true,
    classes: classesIn(checkpoint.extra),
    async get(name) {
      if (!checkpoint.names.includes(name)) return undefined;
      const { data } = await checkpoint.get(name);
      checkFinite(`${checkpoint.source}: ${name}`, data);
      return data;
    },
    check: (params) => checkNames(checkpoint, params),
    close: () => checkpoint.close(),
  };
}

/** The first few of a list, for a message of one line. */
function some(kind: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > 8 ? `, and ${items.length - 8} more` : "";
  return [`${kind}: ${items.slice(0, 8).join(", ")}${more}`];
}

/** @throws CheckpointError naming all missing, unexpected and wrongly shaped tensors at once. */
function checkNames(checkpoint: Checkpoint, params: readonly Value[]): void {
  const known = new Set(checkpoint.names);
  const wanted = new Set(params.map((p) => p.name));
  const missing = params.filter((p) => !known.has(p.name) && !fresh(p.name, p.shape)).map((p) => p.name);
  const unexpected = checkpoint.names.filter((name) => {
    return !wanted.has(name) && !buffers.test(name) && !fresh(name, [1]);
  });
  const wrong = params.flatMap((p) => {
    const found = known.has(p.name) ? checkpoint.info(p.name).shape : p.shape;
    return String(found) === String(p.shape) ? [] : [`${p.name} expected [${p.shape}], found [${found}]`];
  });
  const problems = [...some("missing", missing), ...some("unexpected", unexpected), ...some("wrong shape", wrong)];
  if (problems.length === 0) return;
  const hint = "is this the checkpoint of another model?";
  throw new CheckpointError("CKPT_MISMATCH", `${checkpoint.source}: ${problems.join("; ")}; ${hint}`);
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes on the device, and bytes of all parameters asked for. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

/** Opens `weights` for a model with these parameters; `name` is that of a registered one. @throws OptionError, FileError, CheckpointError */
export async function openParameters(
  platform: Platform,
  weights: Weights,
  params: readonly Value[],
  options: WeightsOptions,
  name?: string,
): Promise<ParameterSource> {
  if (weights === "procedural") return filled(weights, proceduralFill);
  if (typeof weights === "string" && weights.startsWith("init:")) {
    return initSource(weights === "init:" ? Number.NaN : Number(weights.slice(5)), params);
  }
  if (typeof weights === "object" && "init" in weights) return initSource(weights.init, params);
  return checkpointSource(await openCheckpoint(await openWeights(platform, weights, options, name)));
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
    let loaded = 0;
    for (const value of params) {
      signal?.throwIfAborted();
      const buffer = this.buffers.get(value.name) ?? (await this.upload(value, uses.get(value.name) ?? "plain"));
      this.buffers.set(value.name, buffer);
      bound.set(value, buffer);
      loaded += 4 * size(value.shape);
      onProgress?.(loaded, total);
    }
    return bound;
  }

  private async upload(value: Value, use: ParamUse): Promise<B> {
    const found = await this.source.get(value.name, value.shape);
    if (!found) this.fresh.push(value.name);
    const data = found ?? fresh(value.name, value.shape);
    if (!data) throw new CheckpointError("CKPT_MISMATCH", `${this.source.label}: missing: ${value.name}`);
    return this.device.param(value, data, use);
  }
}
