/** JPEG files without what a browser would apply and OpenCV does not. */

import { hasLength } from "./sniff.js";

const SOS = 0xda;
const EOI = 0xd9;
/** The segment of colour profiles. */
const APP2 = 0xe2;

/** The file without colour profiles (ITU T.81, B.1.1.4): WebKit applies them even where it is asked not to. `sniffImage` has taken it. */
export function bareJpeg(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  let [from, at, size] = [0, 2, 0];
  const keep = (end: number) => {
    out.set(bytes.subarray(from, end), size);
    size += end - from;
  };
  while (at < bytes.length) {
    const start = at;
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === SOS || marker === EOI) break;
    if (marker !== undefined && hasLength(marker)) at += 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);
    if (marker !== APP2) continue;
    keep(start);
    from = Math.min(at, bytes.length);
  }
  keep(bytes.length);
  return out.subarray(0, size);
}
