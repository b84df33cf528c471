/** The result of a run of the suite, as `conformance --json` prints it and reports and comparisons read it. */

import type { DeviceInfo } from "../sdk/device/open.js";
import type { CaseResult, Level, Scope } from "./case.js";

export interface LevelSummary {
  readonly level: Level;
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The case that comes closest to its bound; null if none ran. */
  readonly worst: { readonly case: string; readonly use: number } | null;
}

export interface Failed extends Pick<CaseResult, "use" | "maxAbs" | "bound"> {
  readonly case: string;
  readonly reason: string;
}

/** A case, or a file of cases, that is not run. */
export interface Skipped {
  readonly id: string;
  readonly reason: string;
}

/** Which code and which references were compared: SHA-256, in hexadecimal. */
export interface Hashes {
  readonly wasm: string;
  readonly wgsl: string;
  /** SHA-256 of the goldens' manifest. */
  readonly golden: string;
}

export interface Report {
  readonly command: "conformance";
  /** Version of this format. */
  readonly schema: 1;
  /** Version of the package. */
  readonly version: string;
  readonly scope: Scope;
  /** ISO 8601. */
  readonly date: string;
  /** For example "node 20.20.2". */
  readonly runtime: string;
  readonly device: DeviceInfo;
  /** How values are stored: "f32" or "f16". */
  readonly dtype: string;
  /** What the device says of itself: features, limits, driver. Names for people, in the order of showing. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly hashes: Hashes;
  readonly levels: readonly LevelSummary[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  readonly cases: readonly CaseResult[];
  readonly passed: boolean;
  readonly ms: number;
}
