/** Images and numbers that follow from a name, and what the reference libraries compute from them (scripts/golden/data.py). */

import { createHash } from "node:crypto";
import fixture from "./fixtures/data.json" with { type: "json" };

export { fixture };

export interface TestImage {
  data: Uint8Array;
  width: number;
  height: number;
}

/** The first 16 hex digits of the SHA-256 of the bytes. */
export function digest(data: ArrayBufferView): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

/** u32(name, i): FNV-1a of the name, mixed with the index by an integer hash (lowbias32). */
function hashOf(name: string): (index: number) => number {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return (index) => {
    let x = (Math.imul(index, 0x9e3779b9) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (x ^ (x >>> 16)) >>> 0;
  };
}

/** f32(offset + scale * s), s in [-1, 1). */
export function fill(name: string, count: number, offset: number, scale: number): Float32Array {
  const u32 = hashOf(name);
  return Float32Array.from({ length: count }, (_, i) => offset + scale * (((u32(i) >>> 8) - 2 ** 23) / 2 ** 23));
}

export function noise(name: string, width: number, height: number): TestImage {
  const u32 = hashOf(name);
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => u32(i) >>> 24);
  return { data, width, height };
}

/** Value noise on a grid of 32 pixels, with grain. */
export function smooth(name: string, width: number, height: number): TestImage {
  const control = hashOf(`${name}/ctrl`);
  const grain = hashOf(`${name}/n`);
  const columns = (width >> 5) + 2;
  const data = new Uint8ClampedArray(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const c = i % 3;
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    const corner = (dy: number, dx: number) => control((((y >> 5) + dy) * columns + (x >> 5) + dx) * 3 + c) >>> 24;
    const [fx, fy] = [x & 31, y & 31];
    const top = corner(0, 0) * (32 - fx) + corner(0, 1) * fx;
    const bottom = corner(1, 0) * (32 - fx) + corner(1, 1) * fx;
    data[i] = ((top * (32 - fy) + bottom * fy + 512) >> 10) + (grain(i) >>> 28) - 8;
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

/** The image that the fixture's rows name by kind and size. */
export function testImage(kind: string, width: number, height: number): TestImage {
  return (kind === "noise" ? noise : smooth)(`${kind}${width}x${height}`, width, height);
}
