// What a good web server answers for one file: whole, or the range asked for where the file is still the same.
import { createHash } from "node:crypto";
import { dice } from "./random.mjs";

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Bytes that look like nothing known. */
export function content(size, seed = 1) {
  const draw = dice(seed);
  return Uint8Array.from({ length: size }, (_, i) => (i < 8 ? 0xf0 : draw(256)));
}

/** A name as OpenMMLab gives it. */
export const hashedName = (bytes) => `model_20221101-${sha256(bytes).slice(0, 8)}.pth`;

/** The first byte that a Range header asks for, and the one behind the last. */
export function rangeOf(header, size) {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? "") ?? [];
  return { from: Number(from ?? 0), to: last ? Math.min(size, Number(last) + 1) : size, ranged: from !== undefined };
}

/** Answers a request for `file`: `{ bytes, etag, headers }`, whose `sent` counts the bytes of bodies. */
export function answer(file, { headers }, response) {
  const { bytes, etag } = file;
  const { from, to, ranged } = rangeOf(headers.range, bytes.length);
  const same = headers["if-range"] === undefined || headers["if-range"] === etag;
  const common = { ...(etag ? { ETag: etag } : {}), ...file.headers };
  if (ranged && from >= bytes.length && same) {
    response.writeHead(416, { ...common, "Content-Range": `bytes */${bytes.length}` }).end();
    return;
  }
  const part = ranged && same;
  const body = part ? bytes.subarray(from, to) : bytes;
  const range = part ? { "Content-Range": `bytes ${from}-${to - 1}/${bytes.length}` } : {};
  file.sent += body.length;
  response.writeHead(part ? 206 : 200, { ...common, ...range, "Content-Length": String(body.length) }).end(body);
}
