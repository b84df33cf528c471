/** What the page asks of the worker, and what comes back. */

import { type DeviceChoice, type Image, MaskFeatError } from "../entries/public.js";
import type { About } from "../report/images.js";
import type { Masked, Sample } from "../report/sample.js";

/** What can be asked: name -> argument and result. */
export interface Calls {
  /** Loads the model; calls under way for the model before it end with an AbortError. */
  load: { argument: DeviceChoice; result: About };
  embed: { argument: Blob; result: Sample };
  mask: { argument: { readonly seen: Image; readonly seed: number }; result: Masked };
}

export interface Request<K extends keyof Calls = keyof Calls> {
  readonly id: number;
  readonly name: K;
  readonly argument: Calls[K]["argument"];
}

/** An error as it travels. */
export interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message, code: error instanceof MaskFeatError ? error.code : undefined };
}

/** Any number of `progress`, then one of the others. */
export type Reply = { readonly id: number } & (
  | { readonly progress: number }
  | { readonly result: Calls[keyof Calls]["result"] }
  | { readonly failure: Failure }
);

/** The first message of a worker that has started. */
export const STARTED = "started";
