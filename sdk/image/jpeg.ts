/** The segments of a JPEG file (ITU T.81, B.1.1), and the file with nothing but its picture. */

const [SOS, EOI, APP1, COM] = [0xda, 0xd9, 0xe1, 0xfe];

/** A marker and its data, which begin with their length in two bytes: `start` is where the marker begins, `at` where the data do. */
export interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly at: number;
  readonly end: number;
}

/** SOF0 to SOF15, and that of JPEG-LS; DHT, JPG and DAC lie in the same range and are none. */
export function isFrame(marker: number): boolean {
  return marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
}

export const endsHeader = (marker: number) => marker === SOS || marker === EOI;

/**
 * The segments and EOI of a file, up to its first EOI: another picture may follow. Like libjpeg it passes over bytes before a marker and fill
 * bytes 0xFF in front of its code; so it does over coded data. Each step moves forward, so the file's length bounds the loop.
 */
export function* segments(bytes: Uint8Array): Generator<Segment> {
  for (let at = 2, marker = 0; marker !== EOI; ) {
    const start = bytes.indexOf(0xff, at);
    if (start < 0) return;
    at = start;
    while (bytes[at] === 0xff) at++;
    marker = bytes[at++] ?? EOI;
    // stuffed zeros, TEM, RSTn and SOI have no data
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = marker === EOI ? 0 : 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);
    yield { marker, start, at, end: at + length };
    at += length;
  }
}

/** Segments that say how the colours are stored: JFIF and Adobe. */
const COLOURS = [0xe0, 0xee];
const isExtra = (marker: number) => (marker >= 0xe0 && marker <= 0xef && !COLOURS.includes(marker)) || marker === COM;

/**
 * The file with only its picture, up to its end: without orientation, colour profile, gain map, comments and further pictures, of which
 * decoders apply some. What stands behind the start of the first scan stays. `sniffImage` has taken the file.
 */
export function bareJpeg(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  let [from, size, scans] = [0, 0, false];
  const keep = (end: number) => {
    out.set(bytes.subarray(from, end), size);
    size += Math.max(0, Math.min(end, bytes.length) - from);
  };
  for (const { marker, start, at, end } of segments(bytes)) {
    scans ||= marker === SOS;
    if (marker === EOI) bytes = bytes.subarray(0, at);
    if (scans || !isExtra(marker)) continue;
    keep(start);
    from = end;
  }
  keep(bytes.length);
  return out.subarray(0, size);
}

/** The data of the first APP1 segment before the first scan: OpenCV looks at no other. */
export function firstApp1(bytes: Uint8Array): Uint8Array | undefined {
  for (const { marker, at, end } of segments(bytes)) {
    if (marker === APP1) return bytes.subarray(at + 2, end);
    if (marker === SOS) return;
  }
  return;
}
