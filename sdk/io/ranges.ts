/**
 * Files behind URLs of which only what is read is transferred: by HTTP ranges (RFC 9110, 14), if the server gives them and says which
 * version of the file they are of; else whole. If-Range is not sent: for a file that changed, it would bring the whole new one.
 */

import { FileError } from "../../gpu/errors.js";
import { onAbort } from "../base/abort.js";
import { type Answer, abortable, ask, broken, checkedUrl, type Remote } from "./http.js";
import { source } from "./source.js";
import { inMemory, Transfer } from "./transfer.js";
import type { ByteSource, IoPlatform, UrlOptions, Version } from "./types.js";

/**
 * Shorter reads bring this many bytes, as more of them follow: a file's header; a zip's end, which is looked for in 65,557 bytes; the
 * header of a tensor, and the small tensors behind it.
 */
const BLOCK = 2 ** 17;

/** Some of the file's bytes, there or on their way. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * Opens a http or https URL. `signal` ends reading from it, too.
 * @throws FileError as `ask`, FILE_READ (no such URL; when it is read: the file has changed); AbortError
 */
export async function openRanges(
  platform: IoPlatform,
  url: string | URL,
  { signal }: UrlOptions = {},
): Promise<ByteSource> {
  // Ends what is under way, and keeps no hold of the caller's signal.
  const closed = new AbortController();
  const close = () => {
    forget();
    closed.abort();
  };
  const remote: Remote = { platform, ...checkedUrl(url), signal: closed.signal };
  const { name } = remote;
  const forget = onAbort(signal, close);
  const guarded = <T>(work: () => Promise<T>) =>
    abortable(name, signal, () =>
      abortable(name, closed.signal, work).catch((error) => {
        if (!closed.signal.aborted || signal?.aborted) throw error;
        throw new FileError("FILE_READ", `${name}: already closed`);
      }),
    );
  const opened = await guarded(() => open(remote)).catch((error) => {
    close();
    throw error;
  });
  if (!("head" in opened)) {
    close();
    return opened;
  }
  const read = readingOn(remote, opened.version, opened.head);
  const readGuarded = (...part: Parameters<typeof read>) => guarded(() => read(...part));
  return source(name, opened.version.size, readGuarded, async () => close());
}

/** What must be the same in every answer. */
type Known = Version & { readonly size: number };

/** The first block of a file of a known version; or all of it, if the server gives no ranges or does not say which version they are of. */
async function open(remote: Remote): Promise<ByteSource | { version: Known; head: Uint8Array }> {
  const file = inMemory(remote.name);
  const whole = new Transfer(file, remote);
  const asked = ask(remote, {
    headers: () => ({ Range: `bytes=0-${BLOCK - 1}` }),
    reached: () => whole.reached(),
    async take(answer) {
      if (answer.status === 206) return headOf(remote.name, answer);
      return answer.status === 416 ? undefined : whole.take(answer).then(() => file.source());
    },
  });
  const opened = await asked.catch((error) => {
    // A browser that asks the server's leave to send Range to another origin may not get it.
    if (error.code === "NET_FAILED" && remote.platform.whyNoAnswer) return undefined;
    throw error;
  });
  return opened ?? whole.run().then(() => file.source());
}

/** Undefined if the answer does not tell all that is needed to read on; browsers may hide it of other origins. */
async function headOf(name: string, answer: Answer): Promise<{ version: Known; head: Uint8Array } | undefined> {
  const { start, end, size, etag, modified, compressed } = answer;
  if (size === undefined || (etag ?? modified) === undefined || compressed) return undefined;
  if (start !== 0 || end !== Math.min(BLOCK, size)) return undefined;
  const head = new Uint8Array(end);
  await fill(name, answer, head);
  return { version: { size, etag, modified }, head };
}

/** Reads bytes `begin` to `end - 1`, into `into` if it is given: from the first block, from the last one that was read, or by a request. */
function readingOn(remote: Remote, version: Known, head: Uint8Array) {
  const first = { start: 0, end: head.length, bytes: Promise.resolve(head) };
  let blocks: readonly Block[] = [first];
  const load = (start: number): Block => {
    const end = Math.min(version.size, start + BLOCK);
    const block = { start, end, bytes: fetchPart(remote, version, start, new Uint8Array(end - start)) };
    blocks = [first, block];
    block.bytes.catch(() => {
      blocks = blocks.filter((other) => other !== block);
    });
    return block;
  };
  return async (begin: number, end: number, into: Uint8Array = new Uint8Array(end - begin)): Promise<Uint8Array> => {
    if (begin === end) return into;
    const there = blocks.find((block) => begin >= block.start && end <= block.end);
    const block = there ?? (end - begin < BLOCK ? load(begin) : undefined);
    if (!block) return fetchPart(remote, version, begin, into);
    into.set((await block.bytes).subarray(begin - block.start, end - block.start));
    return into;
  };
}

/** Fills `into` with the bytes from `offset` on. @throws FileError as `ask`, FILE_READ if the server has another version of the file */
async function fetchPart(remote: Remote, version: Known, offset: number, into: Uint8Array): Promise<Uint8Array> {
  const { name } = remote;
  let done = 0;
  await ask(remote, {
    headers: () => ({ Range: `bytes=${offset + done}-${offset + into.length - 1}` }),
    reached: () => offset + done,
    async take(answer) {
      checkVersion(name, answer, version);
      const { status, start, end = 0, compressed } = answer;
      const from = done;
      const to = end - offset;
      if (status !== 206 || compressed || start !== offset + from || to <= from || to > into.length) {
        throw broken(name, "the server answered with something else than the part of the file that was asked for");
      }
      await fill(name, answer, into.subarray(from, to), (came) => {
        done = from + came;
      });
      if (done < into.length) throw broken(name, "the server gave a part of what was asked for");
    },
  });
  return into;
}

function checkVersion(name: string, { status, size, etag, modified }: Answer, version: Known): void {
  const same = version.etag === undefined ? modified === version.modified : etag === version.etag;
  const sized = status !== 206 || size === undefined || size === version.size;
  if (status !== 416 && same && sized) return;
  const what = "the file has changed on the server since it was opened, or the server no longer says that it has not";
  throw new FileError("FILE_READ", `${name}: ${what}; open it again`);
}

/** Fills `into` with the body, which has to be as long; `came` is called with the bytes that are there and right. */
async function fill(name: string, answer: Answer, into: Uint8Array, came = (_count: number) => {}): Promise<void> {
  let count = 0;
  for await (const bytes of answer.body) {
    if (count + bytes.length > into.length) {
      came(0);
      throw broken(name, `the server sent more than the ${into.length} bytes that it announced`);
    }
    into.set(bytes, count);
    count += bytes.length;
    // For cross-origin responses browsers hide Content-Encoding: only the length shows that the body was compressed.
    if (!answer.hidden) came(count);
  }
  if (count < into.length) throw broken(name, `the connection ended after ${count} of ${into.length} bytes`);
  came(count);
}
