/** Small helpers that several tests share. */

import { MaskFeatError } from "../gpu/errors.js";

/** The code of the typed error that `work` throws, "none" where it throws nothing. Any other error fails the test. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "none";
  } catch (error) {
    if (error instanceof MaskFeatError) return error.code;
    throw error;
  }
}

/** How often a random test is repeated: `count` times in `npm test`, 50 times as often in `npm run soak`. */
export const rounds = (count: number): number => (process.env.MASKFEAT_SOAK ? 50 : 1) * count;

/** The first `count` of a list in `npm test`, all of it in `npm run soak`. */
export const some = <T>(all: readonly T[], count: number): readonly T[] =>
  process.env.MASKFEAT_SOAK ? all : all.slice(0, count);

/** ASCII or Latin-1 text as bytes. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Small deterministic generator (mulberry32) of integers below `n`, for mutations. */
export function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

export const opaque = () => 255;

/** RGBA bytes that look like noise; `alpha` draws the fourth of a pixel. */
export function noise(width: number, height: number, alpha = (draw: (n: number) => number) => draw(256)): Uint8Array {
  const draw = dice(width);
  return Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? alpha(draw) : draw(256)));
}
