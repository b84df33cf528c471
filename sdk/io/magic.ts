/** Names what a file is by its first bytes, for the message that says why it cannot be used. */

/** Kind -> first bytes, `?` for any. */
const SIGNATURES: readonly (readonly [string, ...string[]])[] = [
  ["a JPEG image", "\xff\xd8\xff"],
  ["a PNG image", "\x89PNG\r\n\x1a\n"],
  ["a WebP image", "RIFF????WEBP"],
  ["a GIF image", "GIF87a", "GIF89a"],
  ["a BMP image", "BM????\0\0\0\0"],
  ["a TIFF image", "II*\0", "II+\0", "MM\0*", "MM\0+"],
  ["a Photoshop document (PSD)", "8BPS"],
  ["an AVIF image", "????ftypavi"],
  ["a HEIC image", "????ftyphei", "????ftyphev"],
  ["a HEIC or AVIF image", "????ftypmif1", "????ftypmsf1"],
  ["a video or audio file (MP4)", "????ftyp"],
  ["a JPEG XL image", "\xff\x0a", "\0\0\0\x0cJXL "],
  ["a JPEG 2000 image", "\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"],
  ["a Windows icon (ICO)", "\0\0\x01\0?\0"],
  ["a Radiance HDR image", "#?RADIANCE"],
  ["an OpenEXR image", "\x76\x2f\x31\x01"],
  ["a QOI image", "qoif"],
  ["a PDF document", "%PDF"],
  ["a NumPy array (.npy)", "\x93NUMPY"],
  ["a zip archive", "PK\x03\x04"],
  ["a gzip archive", "\x1f\x8b"],
  ["a Python pickle", "\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"],
  ["an HDF5 file", "\x89HDF"],
  ["a GGUF file", "GGUF"],
  ["a Git LFS pointer, not the file itself", "version https://git-lfs"],
];

/** Kinds of text that say what they are behind any amount of white space. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^<(!doctype html|html|head|body)/i, "an HTML page"],
  [/^(<\?xml|<!--|<!doctype svg|<svg)[\s\S]*<svg|^<svg/i, "an SVG image"],
  [/^<\?xml/, "an XML document"],
  [/^P[1-7]\s/, "a Netpbm image (PNM)"],
];

/** Whether `bytes` begin with the characters of `signature` (codes below 256), where `?` stands for any byte. */
export function startsWith(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length < signature.length) return false;
  for (let i = 0; i < signature.length; i++) {
    if (signature[i] !== "?" && signature.charCodeAt(i) !== bytes[i]) return false;
  }
  return true;
}

function kindOf(bytes: Uint8Array): string | undefined {
  const found = SIGNATURES.find(([, ...signatures]) => signatures.some((first) => startsWith(bytes, first)));
  if (found) return found[0];
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 512)).replace(/^(ï»¿)?\s*/, "");
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

/** "this is a GIF image", "this is an HTML page" ...; for unknown files their first bytes in hexadecimal. */
export function describeMagic(bytes: Uint8Array): string {
  const kind = kindOf(bytes);
  if (kind) return `this is ${kind}`;
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `the file begins with the bytes ${hex}`;
}
