/** The platform in Node: files through `node:fs`, images through `sharp`, threads through `node:worker_threads`. */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Hasher } from "../io/types.js";
import type { Platform } from "../model/platform.js";
import { decodeImage } from "./node-decode.js";
import { hub, hubAuthorization } from "./node-hub.js";
import { isFolderAt, openFile } from "./node-source.js";
import { folderStore } from "./node-store.js";
import { startThreads } from "./node-threads.js";
import { nodeTurbo } from "./node-turbo.js";
import { openGpu } from "./node-webgpu.js";

/** Others that run Node's programs say who they are. */
function runtimeName(): string {
  const { deno, bun, node } = process.versions as NodeJS.ProcessVersions & Partial<Record<"deno" | "bun", string>>;
  if (deno) return `deno ${deno}`;
  return bun ? `bun ${bun}` : `node ${node}`;
}

function sha256(): Hasher {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}

/** Node's files, decoder and threads. */
export const nodePlatform: Platform = {
  runtime: runtimeName(),
  parallelism: availableParallelism(),
  openFile,
  isFolder: isFolderAt,
  hub,
  authorization: hubAuthorization,
  sha256,
  openStore: async () => folderStore(),
  decode: (bytes, name) => decodeImage(bytes, name),
  imagenetClasses: async () => (await import("../config/imagenet.js")).imagenetClasses,
  startThreads,
  turbo: nodeTurbo,
  gpu: openGpu,
};
