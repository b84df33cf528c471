/** The platform in browsers, in a window and in a worker: files only by fetch, images through the browser's own decoder. */

import { sha256 } from "@noble/hashes/sha2.js";
import { DeviceError, FileError } from "../../gpu/errors.js";
import { toHex } from "../io/hashes.js";
import { isUrl } from "../io/http.js";
import { openBytes } from "../io/open.js";
import type { ByteSource, Hasher, OpenOptions } from "../io/types.js";
import type { Platform } from "../model/platform.js";
import { pixelsOf } from "./browser-canvas.js";
import { decodeImage } from "./browser-decode.js";
import { browserStore } from "./browser-store.js";
import { startThreads, whyOneThread } from "./browser-threads.js";

/** A brand of User-Agent Client Hints, which TypeScript's DOM lacks. */
interface UserAgentData {
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
}

/** "Google Chrome 143" where the browser says so, else "browser". */
function runtimeName(): string {
  const { userAgentData } = (globalThis.navigator ?? {}) as { userAgentData?: UserAgentData };
  // One brand is made up on purpose (GREASE); Chromium is what the others are made from.
  const brands = (userAgentData?.brands ?? []).filter(({ brand }) => !/not.*brand/i.test(brand));
  const own = brands.find(({ brand }) => brand !== "Chromium") ?? brands[0];
  return own ? `${own.brand} ${own.version}` : "browser";
}

/** Fetches what a URL relative to the page (in a worker: to its script) leads to. */
async function openFile(path: string | URL, options?: OpenOptions): Promise<ByteSource> {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const url = URL.canParse(path, base) ? new URL(path, base) : undefined;
  if (url && isUrl(url)) return openBytes(browserPlatform, url, options);
  const where = url ? `a ${url.protocol} URL` : "no URL here";
  throw new FileError(
    "FILE_READ",
    `${path}: ${where}; a page has no files: pass a http or https URL, a relative one, bytes or a Blob`,
  );
}

async function gpu(): Promise<GPU> {
  const found = globalThis.navigator?.gpu;
  if (!found) throw new DeviceError("DEVICE_ABSENT", "this browser has no WebGPU on this page");
  return found;
}

/**
 * The browser's own hashes only what is in memory whole, and is not always faster: part by part it took 7 s for 343 MB, this 4 s
 * (Chromium 143, 2 busy cores).
 */
function hasher(): Hasher {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => toHex(hash.digest()),
  };
}

/** Browsers hide from a page whether another origin is silent or forbids reading; an opaque response shows it. */
async function whyNoAnswer(url: string, signal: AbortSignal): Promise<string | undefined> {
  const { origin } = globalThis.location ?? {};
  if (origin === undefined) return undefined;
  const answers = await fetch(url, { method: "HEAD", mode: "no-cors", cache: "no-store", signal }).catch(
    () => undefined,
  );
  if (!answers) return undefined;
  return `the server does not allow pages of ${origin} to read it (CORS): it must send Access-Control-Allow-Origin`;
}

const oneThread = /* @__PURE__ */ whyOneThread();

export const runtime = /* @__PURE__ */ runtimeName();

/** The browser's. */
export const browserPlatform: Platform = {
  runtime,
  get parallelism() {
    return oneThread ? 1 : navigator.hardwareConcurrency;
  },
  oneThread,
  openFile,
  sha256: hasher,
  openStore: browserStore,
  whyNoAnswer,
  decode: decodeImage,
  pixelsOf,
  startThreads,
  gpu,
};
