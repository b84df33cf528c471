/** What the page asks of the worker, and what comes back. */

import type { DeviceChoice, DeviceInfo, Image } from "../entries/browser.js";

/** About a loaded model. */
export interface Facts {
  readonly name: string;
  readonly weights: string;
  readonly trained: boolean;
  readonly device: DeviceInfo;
  readonly runtime: string;
}

/** An image and all that is computed of it. */
export interface Embedded {
  readonly width: number;
  readonly height: number;
  /** Shape of the embedding. */
  readonly shape: readonly number[];
  /** From file to embedding. */
  readonly ms: number;
  /** The decoded image, made smaller. */
  readonly picture: Image;
  /** The pixels that the model sees. */
  readonly seen: Image;
  readonly thumbnail: Image;
  readonly hogPicture: Image;
  readonly embedding: Float32Array;
  readonly hog: Float32Array;
}

/** A mask drawn over an image. */
export interface Masked {
  readonly picture: Image;
  /** Patches that the mask hides, and all of them. */
  readonly hidden: number;
  readonly patches: number;
}

/** What can be asked: name -> argument and result. */
export interface Calls {
  /** Loads the model; calls under way for the model before it end with an AbortError. */
  load: { argument: DeviceChoice; result: Facts };
  embed: { argument: Blob; result: Embedded };
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

/** Any number of `progress`, then one of the others. */
export type Reply = { readonly id: number } & (
  | { readonly progress: number }
  | { readonly result: Calls[keyof Calls]["result"] }
  | { readonly failure: Failure }
);

/** The first message of a worker that has started. */
export const STARTED = "started";
