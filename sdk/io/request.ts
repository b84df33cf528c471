/** One request for a file or its rest: redirects, states, and what the answer says of the file. */

import { FileError } from "../../gpu/errors.js";
import type { IoPlatform } from "./platform.js";
import { message } from "./source.js";
import type { Kept } from "./store.js";

const MAX_REDIRECTS = 8;

/** Something that a second try may mend. */
export class Broken extends Error {
  constructor(
    readonly error: FileError,
    /** Seconds that the server asks for. */
    readonly wait = 0,
  ) {
    super(error.message);
  }
}

export interface Answer {
  readonly response: Response;
  /** Where the body begins in the file; undefined for a range that was not asked for. */
  readonly start: number | undefined;
  readonly kept: Kept;
  /** Bytes of the body, for progress: a guess where the answer hides whether it is compressed. */
  readonly length?: number;
}

/**
 * Asks for the bytes of `url`, all of them unless `asked` has a Range. `name` is the URL as messages and records show it.
 * @throws FileError; Broken
 */
export async function request(
  platform: IoPlatform,
  url: string,
  name: string,
  asked: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  // Ranges count the bytes as sent; compressed, they would not be those of the file. Browsers set this header themselves.
  const headers = new Headers({ "Accept-Encoding": "identity", ...asked });
  const response = await follow(platform, url, name, headers, signal);
  const answer = read(response, name);
  // The range is empty where the file became shorter; whoever asked begins again.
  if (response.ok || response.status === 416) return answer;
  await response.body?.cancel();
  throw refusal(response, name);
}

async function follow(
  platform: IoPlatform,
  url: string,
  name: string,
  headers: Headers,
  signal: AbortSignal,
): Promise<Response> {
  let at = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await get(platform, at, name, { headers, signal, redirect: "manual" });
    // Browsers show no redirects, follow 20 of them, and keep pages of https from http.
    if (response.type === "opaqueredirect") {
      return get(platform, at, name, { headers, signal, redirect: "follow" });
    }
    const to = response.headers.get("location");
    if (response.status < 301 || response.status > 308 || response.status === 304 || to === null) return response;
    await response.body?.cancel();
    at = redirected(at, to, name);
  }
  throw new FileError("NET_STATUS", `${name}: redirected more than ${MAX_REDIRECTS} times`);
}

function redirected(from: string, to: string, name: string): string {
  const target = URL.canParse(to, from) ? new URL(to, from) : undefined;
  const secure = from.startsWith("https:");
  if (target?.protocol === "https:" || (target?.protocol === "http:" && !secure)) return target.href;
  const where = target ? `${target.protocol.slice(0, -1)}` : "something that is no URL";
  throw new FileError(
    "NET_STATUS",
    `${name}: redirected from ${secure ? "https" : "http"} to ${where}, which is not followed`,
  );
}

async function get(
  platform: IoPlatform,
  url: string,
  name: string,
  init: RequestInit,
  again = true,
): Promise<Response> {
  try {
    // The store is the cache: a second copy in the browser's would only take space, and might be old.
    return await fetch(url, { ...init, cache: "no-store" });
  } catch (cause) {
    const signal = init.signal as AbortSignal;
    signal.throwIfAborted();
    const why = await platform.whyNoAnswer?.(url, signal);
    // The reason was found out by another request: the first may have failed for a passing one.
    if (why && again) return get(platform, url, name, init, false);
    const error = new FileError("NET_FAILED", `${name}: cannot be fetched: ${why ?? message(cause)}`, { cause });
    throw why ? error : new Broken(error);
  }
}

function read(response: Response, name: string): Answer {
  const { headers, status } = response;
  const range = status === 206 ? rangeOf(headers) : undefined;
  const length = number(headers.get("content-length"));
  const start = status === 206 ? range?.start : 0;
  // Of a compressed answer the length is another, and its ranges are of no use. From other origins browsers hide whether it was.
  if (response.type === "cors" || headers.has("content-encoding"))
    return { response, start, length, kept: { url: name } };
  const kept = { url: name, size: status === 206 ? range?.size : length, ...versionOf(headers) };
  return { response, start, length, kept };
}

/** What tells this version of a file from others. */
export function versionOf(headers: Headers): Pick<Kept, "etag" | "modified"> {
  const etag = headers.get("etag");
  // A weak one is the same for files that differ.
  return {
    etag: etag && !etag.startsWith("W/") ? etag : undefined,
    modified: headers.get("last-modified") ?? undefined,
  };
}

/** Which bytes of the file a body has, the last one included, and how many the file has, where Content-Range says it. */
export function rangeOf(headers: Headers): { start: number; last: number; size?: number } | undefined {
  const [, start, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  return start === undefined ? undefined : { start: Number(start), last: Number(last), size: number(size) };
}

/** @throws FileError NET_STATUS where the server says that it sends a web page */
export function refuseHtml({ headers }: Response, name: string): void {
  if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) throw somethingElse(name, "this is an HTML page");
}

export function somethingElse(name: string, found: string): FileError {
  return new FileError("NET_STATUS", `${name}: the server answered with something else than the file: ${found}`);
}

function number(digits: string | null | undefined): number | undefined {
  return digits && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** States of a server that is busy or not well at the moment. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

function refusal({ status, statusText, headers }: Response, name: string): Error {
  const what = `${name}: the server answered ${status} ${statusText}`.trimEnd();
  if (status === 404 || status === 410) return new FileError("FILE_NOT_FOUND", what);
  const error = new FileError("NET_STATUS", what);
  const wait = Number(headers.get("retry-after") ?? 0);
  return PASSING.includes(status) ? new Broken(error, wait >= 0 && wait <= 30 ? wait : 0) : error;
}
