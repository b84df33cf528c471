/** The runtime around the package: everything that differs between Node and browsers. */

import type { ClassPlatform } from "../config/classes.js";
import type { DevicePlatform } from "../device/platform.js";
import type { ImagePlatform } from "../image/image.js";

export interface Platform extends ImagePlatform, DevicePlatform, ClassPlatform {
  /** For example "node 20.20.2". */
  readonly runtime: string;
}
