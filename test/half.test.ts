import { describe, expect, it } from "vitest";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "../sdk/wasm/half.js";

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
const bitsOf = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];
const floatOf = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];

/** The value of a format with `m` fraction bits and exponent bias `bias`, from its definition. */
function decode(h: number, m: number, bias: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const fraction = h & (2 ** m - 1);
  const exponent = (h & 0x7fff) >> m;
  if (exponent === 0x7fff >> m) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - m);
  return sign * (1 + fraction / 2 ** m) * 2 ** (exponent - bias);
}

/** The nearest pattern to `x`, ties to the even one, by bisection over the finite non-negative patterns. */
function encode(x: number, m: number, bias: number): number {
  const infinity = (0x7fff >> m) << m;
  const value = (h: number) => (h === infinity ? 2 ** (0x7fff >> m) * 2 ** -bias : decode(h, m, bias));
  let low = 0;
  let high = infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value(middle) <= Math.abs(x)) low = middle;
    else high = middle;
  }
  const toLow = Math.abs(x) - value(low);
  const toHigh = value(high) - Math.abs(x);
  const nearest = toLow < toHigh || (toLow === toHigh && low % 2 === 0) ? low : high;
  return nearest | (Object.is(x, -0) || x < 0 ? 0x8000 : 0);
}

const formats = [
  { name: "f16", m: 10, bias: 15, widen: f16ToF32, narrow: f32ToF16 },
  { name: "bf16", m: 7, bias: 127, widen: bf16ToF32, narrow: f32ToBf16 },
];

describe.each(formats)("$name", ({ m, bias, widen, narrow }) => {
  it("widens all 65,536 patterns as the format defines them", () => {
    const got = widen(all);
    const wrong = Array.from(all).filter((h) => !Object.is(got[h], decode(h, m, bias)));
    expect(wrong).toEqual([]);
  });

  it("gives every pattern back; a NaN stays a NaN", () => {
    const back = narrow(widen(all));
    const wrong = Array.from(all).filter((h) => {
      if (!Number.isNaN(decode(h, m, bias))) return back[h] !== h;
      return !Number.isNaN(decode(back[h], m, bias));
    });
    expect(wrong).toEqual([]);
  });

  it("rounds to nearest even at, just below and just above every midpoint", () => {
    const inputs: number[] = [];
    for (let h = 0; h < (0x7fff >> m) << m; h++) {
      const next = h + 1 === (0x7fff >> m) << m ? 2 ** (0x7fff >> m) * 2 ** -bias : decode(h + 1, m, bias);
      const midpoint = bitsOf((decode(h, m, bias) + next) / 2);
      for (const bits of [midpoint - 1, midpoint, midpoint + 1]) inputs.push(floatOf(bits), -floatOf(bits));
    }
    const finite = inputs.filter(Number.isFinite);
    const got = narrow(Float32Array.from(finite));
    const wrong = finite.filter((x, i) => got[i] !== encode(x, m, bias));
    expect(finite.length).toBeGreaterThan(180_000);
    expect(wrong).toEqual([]);
  });

  it("keeps a NaN whatever its payload", () => {
    const payloads = Uint32Array.of(0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff, 0x7fc00000, 0x7f808000);
    expect(Array.from(widen(narrow(new Float32Array(payloads.buffer))), Number.isNaN)).toEqual(new Array(6).fill(true));
  });

  it("sends overflow to infinity and the smallest numbers to a zero of their sign", () => {
    const got = narrow(Float32Array.of(3.4028235e38, -3.4028235e38, Number.POSITIVE_INFINITY, 1e-45, -1e-45, -0));
    const infinity = (0x7fff >> m) << m;
    expect([...got]).toEqual([infinity, infinity | 0x8000, infinity, 0, 0x8000, 0x8000]);
  });

  it.each([0, 1, 7, 8, 9, 262_143, 262_145])("converts arrays of %i elements", (n) => {
    const bits = Uint16Array.from({ length: n }, (_, i) => (i * 7) % 30_000);
    const back = narrow(widen(bits));
    expect(back.length).toBe(n);
    expect(bits.findIndex((h, i) => back[i] !== h)).toBe(-1);
  });
});
