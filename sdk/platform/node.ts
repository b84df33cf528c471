/** The platform in Node: files through `node:fs`, images through `sharp`, threads through `node:worker_threads`. */

import { createHash } from "node:crypto";
import os from "node:os";
import { MaskFeatError } from "../../gpu/errors.js";
import { engines } from "../../package.json";
import { openBytes } from "../io/open.js";
import type { Hasher } from "../io/types.js";
import type { Platform } from "../model/platform.js";
import { decodeImage } from "./node-decode.js";
import { hub, hubAuthorization } from "./node-hub.js";
import { isFolderAt, openFile } from "./node-source.js";
import { folderStore } from "./node-store.js";
import { startThreads } from "./node-threads.js";
import { nodeTurbo } from "./node-turbo.js";
import { openGpu } from "./node-webgpu.js";

/** Others that run Node's programs say who they are. @throws MaskFeatError RUNTIME_OLD, when the package is imported */
function runtimeName(): string {
  const { deno, bun, node } = process.versions as NodeJS.ProcessVersions & Partial<Record<"deno" | "bun", string>>;
  if (deno) return `deno ${deno}`;
  if (bun) return `bun ${bun}`;
  checkNode(node);
  return `node ${node}`;
}

/** @throws MaskFeatError RUNTIME_OLD below the major version that package.json asks for */
export function checkNode(version: string): void {
  const [needed] = /\d+/.exec(engines.node)!;
  if (Number.parseInt(version, 10) >= Number(needed)) return;
  throw new MaskFeatError("RUNTIME_OLD", `maskfeat-wgpu needs Node ${engines.node}, and this is Node ${version}`);
}

function sha256(): Hasher {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}

/** Node's files, decoder and threads. */
export const nodePlatform: Platform = {
  runtime: runtimeName(),
  // Node before 18.14 has no such function; as a named import it would fail before the version is told
  parallelism: os.availableParallelism(),
  openFile,
  isFolder: isFolderAt,
  hub,
  authorization: hubAuthorization,
  sha256,
  openStore: async () => folderStore(),
  decode: (bytes, name, formats) => decodeImage(bytes, name, { formats }),
  imagenetClasses: async () => (await import("../config/imagenet.js")).imagenetClasses,
  startThreads,
  turbo: nodeTurbo,
  gpu: openGpu,
};

/** All bytes behind a URL. @throws FileError; AbortError */
export async function readUrl(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  const source = await openBytes(nodePlatform, url, { signal });
  return source.read(0, source.size).finally(() => source.close());
}
