/** Names what a file is by its first bytes, for the message that says why it cannot be used. */

/** First bytes, `?` for any. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ["\xff\xd8\xff", "a JPEG image"],
  ["\x89PNG\r\n\x1a\n", "a PNG image"],
  ["RIFF????WEBP", "a WebP image"],
  ["GIF87a", "a GIF image"],
  ["GIF89a", "a GIF image"],
  ["BM????\0\0\0\0", "a BMP image"],
  ["II*\0", "a TIFF image"],
  ["II+\0", "a TIFF image"],
  ["MM\0*", "a TIFF image"],
  ["MM\0+", "a TIFF image"],
  ["8BPS", "a Photoshop document (PSD)"],
  ["????ftypavi", "an AVIF image"],
  ["????ftyphei", "a HEIC image"],
  ["????ftyphev", "a HEIC image"],
  ["????ftypmif1", "a HEIC or AVIF image"],
  ["????ftypmsf1", "a HEIC or AVIF image"],
  ["????ftyp", "a video or audio file (MP4)"],
  ["\xff\x0a", "a JPEG XL image"],
  ["\0\0\0\x0cJXL ", "a JPEG XL image"],
  ["\0\0\0\x0cjP  ", "a JPEG 2000 image"],
  ["\xff\x4f\xff\x51", "a JPEG 2000 image"],
  ["\0\0\x01\0?\0", "a Windows icon (ICO)"],
  ["#?RADIANCE", "a Radiance HDR image"],
  ["\x76\x2f\x31\x01", "an OpenEXR image"],
  ["qoif", "a QOI image"],
  ["%PDF", "a PDF document"],
  ["\x93NUMPY", "a NumPy array (.npy)"],
  ["PK\x03\x04", "a zip archive"],
  ["\x1f\x8b", "a gzip archive"],
  ["\x80\x02", "a Python pickle"],
  ["\x80\x03", "a Python pickle"],
  ["\x80\x04", "a Python pickle"],
  ["\x80\x05", "a Python pickle"],
  ["\x89HDF", "an HDF5 file"],
  ["GGUF", "a GGUF file"],
  ["version https://git-lfs", "a Git LFS pointer, not the file itself"],
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
  const signature = SIGNATURES.find(([first]) => startsWith(bytes, first));
  if (signature) return signature[1];
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
