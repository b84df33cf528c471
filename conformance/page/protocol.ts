/** What the page asks of its worker, and what comes back. */

import type { Failure } from "../../sdk/demo/protocol.js";
import type { DeviceOptions, Dtype } from "../../sdk/device/open.js";
import type { Scope } from "../case.js";
import type { Report } from "../report.js";

/** The choices of a run; the worker's only message from the page. */
export interface Start {
  readonly scope: Scope;
  readonly device: "auto" | "webgpu" | "wasm";
  readonly dtype: Dtype;
  readonly matmul?: DeviceOptions["matmul"];
  /** Only cases whose id matches. */
  readonly cases?: string;
}

/** A case is done. */
export interface Progress {
  readonly kind: "progress";
  readonly id: string;
  readonly status: "passed" | "failed";
  readonly use: number;
  readonly done: number;
  readonly total: number;
}

/** Any number of `progress`, then one of the others. */
export type Message =
  | Progress
  | { readonly kind: "done"; readonly report: Report }
  | { readonly kind: "failed"; readonly failure: Failure };
