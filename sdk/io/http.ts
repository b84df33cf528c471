/** The HTTP client of the package: URLs, requests, redirects, retries, silent connections, and answers that are not the file. */

import { FileError } from "../../gpu/errors.js";
import { onAbort } from "../base/abort.js";
import { pause } from "../base/pause.js";
import { describeMagic } from "./magic.js";
import { message } from "./source.js";
import type { IoPlatform, Version } from "./types.js";

const MAX_REDIRECTS = 8;
/** Tries in a row that bring no new byte. */
const TRIES = 5;
const MAX_TRIES = 100;
/** Milliseconds before the second try, doubled each time. */
const FIRST_PAUSE = 500;
/** Milliseconds without a byte after which a connection counts as broken. */
const SILENCE = 60_000;
/** So many bytes tell what a file is. */
const HEAD = 512;
/** States of a server that is busy or not well at the moment. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Whether `from` is a http or https URL. The only place that decides it. */
export const isUrl = (from: unknown): boolean =>
  (typeof from === "string" || from instanceof URL) && /^https?:/i.test(String(from));

/** What fetch takes, and the URL as messages show it: without query, which may hold secrets. @throws FileError FILE_READ */
export function checkedUrl(url: string | URL): { href: string; name: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const http = isUrl(parsed);
  if (parsed && http && !parsed.username && !parsed.password) {
    return { href: parsed.href, name: parsed.origin + parsed.pathname };
  }
  const name = parsed ? (http ? parsed.origin + parsed.pathname : `${parsed.protocol}...`) : String(url);
  const what = http ? "the URL holds a user name or password, which fetch refuses" : "not a http or https URL";
  throw new FileError("FILE_READ", `${name}: ${what}`);
}

/** What `work` gives. @throws DOMException AbortError if `signal` aborted, whatever its reason; else what `work` throws */
export async function abortable<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    if (signal?.aborted) throw new DOMException(`${name}: aborted`, "AbortError");
    throw error;
  }
}

/** A file behind a URL, and how it is asked for. */
export interface Remote {
  readonly platform: IoPlatform;
  readonly signal?: AbortSignal;
  readonly href: string;
  /** The URL as messages and records show it. */
  readonly name: string;
  /** "no-store" by default: a second copy in the browser's cache would only take space, and might be old. */
  readonly cache?: RequestCache;
}

/** A good answer, or one that the range is empty (416). */
export interface Answer extends Version {
  readonly status: number;
  /** The first byte of the file that the body has, and the one behind the last. */
  readonly start?: number;
  readonly end?: number;
  /** Bytes of the body, for progress: a guess if the answer hides whether it is compressed. */
  readonly length?: number;
  readonly compressed: boolean;
  /** A cross-origin answer in a browser: it hides headers, Content-Encoding always. */
  readonly hidden: boolean;
  /** No byte comes of something that is certainly not the file. @throws FileError NET_STATUS; whatever breaks the connection */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What is asked of a server, perhaps several times. */
export interface Exchange<T> {
  /** Headers of the next request: the range. */
  headers(): Record<string, string> | Promise<Record<string, string>>;
  /** Uses the answer. Throws Broken if the next one may be better. */
  take(answer: Answer): Promise<T>;
  /** A number that grows as new bytes come. */
  reached(): number;
}

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

export function broken(name: string, what: string, cause?: unknown): Broken {
  return new Broken(new FileError("NET_FAILED", `${name}: ${what}; try again`, { cause }));
}

export function notTheFile(name: string, found: string): FileError {
  return new FileError("NET_STATUS", `${name}: the server answered with something else than the file: ${found}`);
}

/**
 * Makes the request of `exchange` and has it take the answer; again and again while connections break or the server is busy.
 * @throws FileError FILE_NOT_FOUND (404, 410), NET_STATUS (other states, a web page, a redirect that is not followed), NET_FAILED (no
 * answer, or the connection breaks); the reason of `signal`; what `take` throws
 */
export async function ask<T>(remote: Remote, exchange: Exchange<T>): Promise<T> {
  const { signal } = remote;
  for (let failed = 0, tries = 1; ; tries++) {
    const before = exchange.reached();
    try {
      return await askOnce(remote, exchange);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Broken)) throw error;
      failed = exchange.reached() > before ? 1 : failed + 1;
      if (failed >= TRIES || tries >= MAX_TRIES) throw error.error;
      await pause(Math.max(FIRST_PAUSE * 2 ** (failed - 1), 1000 * error.wait), signal);
    }
  }
}

/** @throws Broken if the connection breaks, or nothing comes for a minute */
async function askOnce<T>(remote: Remote, exchange: Exchange<T>): Promise<T> {
  const { name, signal } = remote;
  const stop = new AbortController();
  const abort = () => stop.abort();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let forget = () => {};
  const touch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(SILENCE), SILENCE);
  };
  try {
    const asked = await exchange.headers();
    signal?.throwIfAborted();
    forget = onAbort(signal, abort);
    touch();
    // Ranges count the bytes as sent; compressed, they would not be those of the file. Browsers set this header themselves.
    const response = await follow(remote, new Headers({ "Accept-Encoding": "identity", ...asked }), stop.signal);
    // The range is empty if the file became shorter; the caller begins again.
    if (!response.ok && response.status !== 416) throw refusal(response, name);
    return await exchange.take(answerOf(response, name, touch));
  } catch (error) {
    if (stop.signal.reason === SILENCE) throw broken(name, `nothing came for ${SILENCE / 1000} seconds`);
    if (error instanceof FileError || error instanceof Broken || signal?.aborted) throw error;
    throw broken(name, `the connection broke at byte ${exchange.reached()}: ${message(error)}`, error);
  } finally {
    clearTimeout(timer);
    forget();
    // Drops what is still open.
    abort();
  }
}

async function follow(remote: Remote, headers: Headers, signal: AbortSignal): Promise<Response> {
  let at = remote.href;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await get(remote, at, { headers, signal, redirect: "manual" });
    // Browsers show no redirects, follow 20 of them, and keep pages of https from http.
    if (response.type === "opaqueredirect") return get(remote, at, { headers, signal, redirect: "follow" });
    const to = response.headers.get("location");
    if (response.status < 301 || response.status > 308 || response.status === 304 || to === null) return response;
    await response.body?.cancel();
    const target = URL.canParse(to, at) ? new URL(to, at) : undefined;
    const [from, into] = [new URL(at).protocol, target?.protocol ?? "something that is no URL:"];
    if (!target || !isUrl(target) || (from === "https:" && into === "http:")) {
      const what = `redirected from ${from.slice(0, -1)} to ${into.slice(0, -1)}, which is not followed`;
      throw new FileError("NET_STATUS", `${remote.name}: ${what}`);
    }
    at = target.href;
  }
  throw new FileError("NET_STATUS", `${remote.name}: redirected more than ${MAX_REDIRECTS} times`);
}

async function get(remote: Remote, url: string, init: RequestInit, again = true): Promise<Response> {
  const { platform, name, cache = "no-store" } = remote;
  try {
    const headers = new Headers(init.headers);
    // asked for each hop of a redirect, so that no other origin sees it
    const authorization = platform.authorization?.(url);
    if (authorization) headers.set("Authorization", authorization);
    return await fetch(url, { ...init, headers, cache });
  } catch (cause) {
    const signal = init.signal as AbortSignal;
    signal.throwIfAborted();
    const why = await platform.whyNoAnswer?.(url, signal);
    // The reason was found out by another request: the first may have failed for a passing one.
    if (why && again) return get(remote, url, init, false);
    const error = new FileError("NET_FAILED", `${name}: cannot be fetched: ${why ?? message(cause)}`, { cause });
    throw why ? error : new Broken(error);
  }
}

function refusal({ status, statusText, headers }: Response, name: string): Error {
  const what = `${name}: the server answered ${status} ${statusText}`.trimEnd();
  if (status === 404 || status === 410) return new FileError("FILE_NOT_FOUND", what);
  const error = new FileError("NET_STATUS", what);
  const wait = Number(headers.get("retry-after") ?? 0);
  return PASSING.includes(status) ? new Broken(error, wait >= 0 && wait <= 30 ? wait : 0) : error;
}

const numberOf = (digits: string | null | undefined) =>
  digits && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;

function answerOf(response: Response, name: string, touch: () => void): Answer {
  const { headers, status, type } = response;
  if (response.ok && /^text\/html\b/i.test(headers.get("content-type") ?? ""))
    throw notTheFile(name, "this is an HTML page");
  const partial = status === 206;
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  const length = numberOf(headers.get("content-length"));
  const compressed = headers.has("content-encoding");
  const start = partial ? numberOf(first) : 0;
  const etag = headers.get("etag");
  return {
    status,
    start,
    end: partial && last ? Number(last) + 1 : undefined,
    length,
    // The length of a compressed answer is not that of the file.
    size: partial ? numberOf(size) : compressed ? undefined : length,
    etag: etag && !etag.startsWith("W/") ? etag : undefined,
    modified: headers.get("last-modified") ?? undefined,
    compressed,
    hidden: type === "cors",
    body: bodyOf(response, name, start === 0, touch),
  };
}

async function* bodyOf(response: Response, name: string, begins: boolean, touch: () => void) {
  const reader = (response.body ?? new Blob().stream()).getReader();
  let head = begins ? new Uint8Array(0) : undefined;
  for (;;) {
    const { done, value = new Uint8Array(0) } = await reader.read();
    touch();
    const bytes = head ? new Uint8Array(await new Blob([head, value]).arrayBuffer()) : value;
    if (head && bytes.length < HEAD && !done) {
      head = bytes;
      continue;
    }
    // What a server gives in place of a file, if that is certain: a web page, an error in XML, a Git LFS pointer.
    const what = head ? describeMagic(bytes) : "";
    if (/HTML|XML|LFS/.test(what)) throw notTheFile(name, what);
    head = undefined;
    if (bytes.length > 0) yield bytes;
    if (done) return;
  }
}
