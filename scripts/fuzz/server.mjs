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

/** Answers a request for `file`: `{ bytes, etag, headers }`. */
export function answer({ bytes, etag, headers: more }, { headers }, response) {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  const same = headers["if-range"] === undefined || headers["if-range"] === etag;
  const common = { ...(etag ? { ETag: etag } : {}), ...more };
  if (from >= bytes.length && same) {
    response.writeHead(416, { ...common, "Content-Range": `bytes */${bytes.length}` }).end();
  } else if (from > 0 && same) {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const length = String(bytes.length - from);
    response.writeHead(206, { ...common, "Content-Range": range, "Content-Length": length }).end(bytes.subarray(from));
  } else {
    response.writeHead(200, { ...common, "Content-Length": String(bytes.length) }).end(bytes);
  }
}
