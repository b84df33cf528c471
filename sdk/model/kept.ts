/** Models that the functions without a model keep for their next call: the embedded one, and the last that was asked for by name. */

import { onAbort } from "../base/abort.js";
import { loadModel, type ModelOptions } from "./load.js";
import type { Model } from "./model.js";
import type { Platform } from "./platform.js";

interface Kept {
  readonly name: string;
  readonly options: ModelOptions;
  readonly model: Promise<Model>;
  /** Calls that need it. */
  users: number;
}

let embedded: Promise<Model> | undefined;
let named: Kept | undefined;

/** The embedded model. */
export async function embeddedModel(platform: Platform): Promise<Model> {
  embedded ??= loadModel(platform);
  try {
    return await embedded;
  } catch (error) {
    embedded = undefined;
    throw error;
  }
}

/**
 * Runs `work` with a model that is loaded by name, or with the one of the call before if name and options are the same. A model that is
 * not the last any more is disposed when its calls are done.
 * @throws as `getModel`, and what `work` throws
 */
export async function withNamed<T>(
  platform: Platform,
  name: string | URL,
  options: ModelOptions,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  const before = named;
  if (!before || before.name !== String(name) || !isSame(before.options, options)) {
    named = { name: String(name), options, model: loadModel(platform, name, options), users: 0 };
  }
  const mine = named as Kept;
  if (before) release(before);
  mine.users++;
  try {
    const model = await unlessAborted(loadedOf(mine), options.signal);
    if (model) return await work(model);
  } finally {
    mine.users--;
    release(mine);
  }
  options.signal?.throwIfAborted();
  return withNamed(platform, name, options, work);
}

/** Nothing if the call that had begun to load the model was aborted. */
async function loadedOf(kept: Kept): Promise<Model | undefined> {
  try {
    return await kept.model;
  } catch (error) {
    if (named === kept) named = undefined;
    if (!kept.options.signal?.aborted) throw error;
  }
}

/** What `work` gives; a call that is aborted does not wait for it. */
function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal?.reason));
    work.then(resolve, reject).finally(forget);
  });
}

function release(kept: Kept): void {
  if (kept === named || kept.users > 0) return;
  // the call that asked for it has reported why it could not be loaded
  kept.model.then((model) => model.dispose()).catch(() => {});
}

/** Options of a single call; all others make another model. */
const ofCall = new Set<keyof ModelOptions>(["signal", "onProgress", "onWarning"]);

function isSame(a: ModelOptions, b: ModelOptions): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof ModelOptions)[]);
  return [...keys].every((key) => ofCall.has(key) || shown(a[key]) === shown(b[key]));
}

/** What tells values apart: the text of plain ones, all others themselves. */
function shown(value: unknown): unknown {
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;
  return isPlain ? JSON.stringify(value) : value;
}
