/** The suite in Node: the package's own functions, and goldens and samples from folders. */

import { join } from "node:path";
import { FileError } from "../gpu/errors.js";
import * as api from "../sdk/entries/node.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { readBytes } from "../sdk/platform/node-files.js";
import type { Host } from "./suite.js";

export { conformance } from "./run.js";

/** A file, or undefined if there is none. */
async function found(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(path);
  } catch (error) {
    if (error instanceof FileError && error.code === "FILE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** `golden`: conformance/golden/ of the package or of the repository; `samples`: the folder of the sample images. */
export function nodeHost(golden: string, samples: string): Host {
  return {
    api,
    platform: nodePlatform,
    golden: (name) => found(join(golden, name)),
    sample: (name) => readBytes(join(samples, name)),
  };
}
