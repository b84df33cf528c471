/** The seam of the suite: where it runs, what a case can use, and what a case is. */

import type { Device } from "../gpu/device.js";
import type { DeviceInfo, DeviceOptions, OpenDevice } from "../sdk/device/open.js";
import type * as entry from "../sdk/entries/node.js";
import type { Platform } from "../sdk/model/platform.js";
import type { BoundKind, Finding, Level, Scope } from "./case.js";
import type { Skipped } from "./report.js";

export type { Finding };

/** The runtime that the suite runs in. */
export interface Host {
  /** The package's public functions of `platform`. */
  readonly api: Pick<typeof entry, "getModel" | "decode" | "openCheckpoint">;
  readonly platform: Platform;
  /** How the device under test is opened; default: as the package does it. */
  open?(options: DeviceOptions): Promise<OpenDevice>;
  /** A file of conformance/golden/, for example "quick/tiny.safetensors"; undefined if it is not here. */
  golden(name: string): Promise<Uint8Array | undefined>;
  /** A file of the sample images. */
  sample(name: string): Promise<Uint8Array>;
}

/** Whether a device is a GPU in software, which compiles and computes slowly. */
export const isSoftware = ({ kind, isFallback }: DeviceInfo) => kind === "webgpu" && isFallback;

/** What cases share. */
export interface Env extends Pick<Host, "api" | "sample"> {
  /** The device under test, for what lies below the public functions. */
  readonly device: Device;
  readonly deviceInfo: DeviceInfo;
  /** How `getModel` opens the same device. */
  readonly deviceOptions: DeviceOptions;
  /** A file of conformance/golden/ whose hash is that of the manifest; undefined if it is not here. @throws MaskFeatError GOLDEN_CHANGED */
  golden(name: string): Promise<Uint8Array | undefined>;
}

/** One thing that is measured. */
export interface Case {
  readonly id: string;
  readonly level: Level;
  readonly boundKind: BoundKind;
  /** The smallest scope that has it. */
  readonly scope: Scope;
  /** Why it is not run here, where that is so. */
  readonly skip?: string;
  measure(env: Env): Promise<Finding>;
}

/** What a level is made of: its cases, and the ids of what cannot be listed because its references are not here. */
export interface LevelCases {
  readonly cases: readonly Case[];
  readonly absent: readonly Skipped[];
}
