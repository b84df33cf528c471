/** Where a model's numbers come from, and their way onto the device. */

import type { Device } from "../../gpu/device.js";
import { OptionError } from "../../gpu/errors.js";
import { size } from "../../gpu/graph/op.js";
import type { Tape, Value } from "../../gpu/graph/tape.js";
import type { Positions } from "../../gpu/models/vit.js";
import { checkChoice, checkKeys } from "../base/check.js";
import { classNames } from "../checkpoint/classes.js";
import { openCheckpoint } from "../checkpoint/index.js";
import type { CheckpointOptions, Staging } from "../checkpoint/types.js";
import { lacks } from "../config/config.js";
import { besideOf } from "../io/open.js";
import { openWeights, type WeightsOptions } from "./files.js";
import { initFill, proceduralFill } from "./fill.js";
import { fitCheckpoint, readParameter, type Wanted } from "./fit.js";
import type { Platform } from "./platform.js";
import { rangeCheck } from "./range.js";

/**
 * Weights of a model: "embedded", "procedural" (computed from the names; untrained), "init:SEED" or `{ init: seed }` (as the
 * reference's training begins; untrained), "pretrained" (the published checkpoint, which is downloaded), or a `.safetensors`, `.pth` or
 * `.npz` file as path, URL (downloaded once), bytes or Blob; the index of a sharded one (`.safetensors.index.json`) as path or URL.
 */
export type Weights = string | URL | Uint8Array | ArrayBuffer | Blob | { readonly init: number };

export const weightChoices =
  "procedural, init:SEED, pretrained, or a .safetensors, .safetensors.index.json, .pth or .npz file as path, URL, bytes or Blob";

/** Opened weights that fit a model. */
export interface ParameterSource {
  /** For people: "procedural", "init:7", or the file. */
  readonly label: string;
  readonly trained: boolean;
  /** The names of the classes that it was trained on, if it says them. */
  readonly classes?: readonly string[];
  /** Parameters that it lacks and that begin as the reference initialises them. */
  readonly filled: readonly string[];
  /** Human-readable notes: parameters that were skipped, initialised or resized. */
  readonly warnings: readonly string[];
  /** How positions are resized; undefined for what is no file: as the configuration says. */
  readonly positions?: Positions;
  /** The elements of a parameter, row-major, perhaps in memory of `staging`. @throws FileError, CheckpointError, NonFiniteError */
  read(value: Value, staging: Staging): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes on the device, and bytes of all parameters. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

/** Opens `weights` for a model; `name` is that of a registered one. @throws OptionError, FileError, CheckpointError if they do not fit it */
export async function openParameters(
  platform: Platform,
  weights: Weights,
  wanted: Wanted,
  options: WeightsOptions & CheckpointOptions,
  name?: string,
): Promise<ParameterSource> {
  const { config, tape } = wanted;
  const { ema } = options;
  if (ema !== undefined) checkChoice("ema", ema, [true, false]);
  /** A source that computes every parameter from its name. */
  const filled = (label: string, fill: (value: Value) => Float32Array | undefined): ParameterSource => {
    if (ema) throw new OptionError("OPT_VALUE", `ema: ${label} weights are one set: there are no averages of them`);
    return {
      label,
      trained: false,
      filled: [],
      warnings: [],
      read: async (value) =>
        (lacks(config, value.name) ? undefined : fill(value)) ?? new Float32Array(size(value.shape)),
      close: async () => {},
    };
  };
  const seed = seedOf(weights);
  if (options.integrity !== undefined && (weights === "procedural" || seed !== undefined)) {
    throw new OptionError("OPT_VALUE", "integrity: these weights are computed; only a file has a hash");
  }
  if (weights === "procedural") return filled(weights, ({ name, shape }) => proceduralFill(name, shape));
  if (seed !== undefined) {
    const shapes = new Map([...tape.params].map(([name, { shape }]) => [name, shape]));
    return filled(`init:${seed}`, ({ name }) => initFill(seed, name, shapes));
  }
  const file = weights as Exclude<Weights, { init: number }>;
  // the hash of one file says nothing of those beside it
  const beside = (other: string) => openWeights(platform, besideOf(file, other), { ...options, integrity: undefined });
  const checkpoint = await openCheckpoint(await openWeights(platform, file, options, name), beside, options);
  try {
    const { origins, ...told } = fitCheckpoint(checkpoint, wanted);
    return {
      label: checkpoint.source,
      trained: true,
      classes: classNames(checkpoint),
      ...told,
      read: (value, staging) => readParameter(checkpoint, value, origins.get(value.name)!, staging, told.positions),
      close: () => checkpoint.close(),
    };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

/** The seed of a random initialisation; undefined for other weights. @throws OptionError */
function seedOf(weights: Weights): number | undefined {
  let seed: number;
  if (typeof weights === "string" && weights.startsWith("init:")) seed = Number(weights.slice(5) || Number.NaN);
  else if (typeof weights === "object" && "init" in weights) {
    checkKeys("weights", weights, ["init"]);
    seed = weights.init;
  } else return undefined;
  if (Number.isSafeInteger(seed) && seed >= 0 && seed <= 0xffffffff) return seed;
  throw new OptionError(
    "OPT_VALUE",
    `weights: the seed of init must be a whole number from 0 to 4294967295, got ${seed}`,
  );
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

/**
 * Brings the parameters of a tape to the device, one tensor in host memory at a time. Gives the buffer of each by its name.
 * @throws FileError, CheckpointError, NonFiniteError, OutOfMemoryError; AbortError; OptionError DTYPE_RANGE, see `rangeCheck`
 */
export async function upload<B>(
  device: Device<B>,
  tape: Pick<Tape, "params">,
  source: Pick<ParameterSource, "read"> & { readonly label?: string },
  { signal, onProgress }: LoadOptions = {},
): Promise<Map<string, B>> {
  const params = [...tape.params.values()];
  const sizes = params.map(({ shape }) => size(shape));
  const total = sizes.reduce((sum, count) => sum + 4 * count, 0);
  const staging = stagingFor(Math.max(0, ...sizes));
  const check = rangeCheck(device);
  const buffers = new Map<string, B>();
  let loaded = 0;
  for (const [i, value] of params.entries()) {
    signal?.throwIfAborted();
    const data = await source.read(value, staging);
    check(value, source.label, data);
    buffers.set(value.name, await device.param(value, data));
    loaded += 4 * sizes[i];
    onProgress?.(loaded, total);
  }
  return buffers;
}
