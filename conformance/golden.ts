/** The goldens: what the reference computed, each file checked against the manifest that is part of this code. */

import { MaskFeatError } from "../gpu/errors.js";
import type { OutType } from "../gpu/models/vit.js";
import type { Tensor } from "../sdk/base/tensor.js";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import type { PartialConfig } from "../sdk/config/config.js";
import { bytesSource } from "../sdk/io/source.js";
import type { Level, Scope } from "./case.js";
import manifest from "./golden/manifest.json";

const files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>> = manifest.files;

/** Why a file of goldens is not here. */
export const ABSENCE = "these goldens are only in the repository: name its folder conformance/golden by --golden";

/** Names of the files that begin with `folder`. */
export const goldenNames = (folder: string): string[] => Object.keys(files).filter((name) => name.startsWith(folder));

/** In hexadecimal. @throws MaskFeatError if the runtime has no SHA-256: a page that was not loaded by HTTPS or from this machine */
export async function sha256(data: Uint8Array | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  if (!globalThis.crypto?.subtle) {
    const what = "this page can compute no SHA-256 (crypto.subtle): open it by https, or from localhost";
    throw new MaskFeatError("GOLDEN_CHANGED", what);
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of the manifest, and so of all files that it lists. */
export const manifestHash = (): Promise<string> => sha256(JSON.stringify(manifest));

/** Returns `data`. @throws MaskFeatError GOLDEN_CHANGED unless it is the file of this name that the manifest lists */
export async function checkGolden(name: string, data: Uint8Array): Promise<Uint8Array> {
  const listed = files[name];
  const found = await sha256(data);
  if (listed?.sha256 === found) return data;
  const what = `conformance/golden/${name}: expected ${listed?.bytes ?? "no"} bytes with SHA-256 ${listed?.sha256 ?? "(not listed)"}`;
  throw new MaskFeatError(
    "GOLDEN_CHANGED",
    `${what}, found ${data.length} with ${found}; get the file of this release again`,
  );
}

/** Numbers that follow from a name. */
export interface Filled {
  readonly fill: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly scale: number;
}

/** How far float32 takes a tensor from float64: limits of the largest error and of the length of all errors. */
export interface Envelope {
  readonly max: number;
  readonly norm: number;
}

/** What a model gave, and how far a correct device may be from it. */
export interface GoldenTensor {
  /** Its name in the file. */
  readonly tensor: string;
  readonly form: "full" | "sketch";
  /** Shape of the model's tensor, also if only a sketch of it is stored. */
  readonly shape: readonly number[];
  /** The shape that it is viewed as before it is sketched; default: its own. */
  readonly rows?: readonly number[] | null;
  readonly envelope: { readonly f32: Envelope; readonly f16?: Envelope };
  /** Errors of PyTorch's own float32, by number of threads. */
  readonly torch?: Readonly<Record<string, Envelope>>;
}

/** What a model gave, and from what. */
export interface GoldenCase extends GoldenTensor {
  readonly id: string;
  readonly level: Level;
  readonly scope: Scope;
  readonly call: "features" | "logits" | "pred" | "loss" | "block" | "module";
  readonly model: PartialConfig;
  /** "user": of the checkpoint that the file was made for. */
  readonly weights: "procedural" | "user";
  readonly input: Filled;
  readonly mask?: { readonly bits: string; readonly shape: readonly number[] };
  readonly outType?: OutType;
  readonly outIndices?: readonly number[];
  readonly finalNorm?: boolean;
  /** Which of `outIndices`. */
  readonly stage?: number;
  /** Which block. */
  readonly layer?: number;
  /** The module whose output it is, by the name of its parameters. */
  readonly module?: string;
}

/** A file of cases, open. */
export interface GoldenFile<C = GoldenCase> {
  readonly cases: readonly C[];
  tensor(name: string): Promise<Tensor>;
}

/** Opens a safetensors file of cases. @throws CheckpointError if it is none */
export async function openGolden<C = GoldenCase>(name: string, data: Uint8Array): Promise<GoldenFile<C>> {
  const checkpoint = await openCheckpoint(bytesSource(data, name));
  const cases = JSON.parse(checkpoint.metadata.get("cases") ?? "null");
  if (!Array.isArray(cases)) {
    const what = "expected the goldens of a model (npm run golden), found a safetensors file without cases";
    throw new MaskFeatError("CKPT_FORMAT", `${name}: ${what}`);
  }
  return { cases, tensor: (tensor) => checkpoint.get(tensor) };
}
