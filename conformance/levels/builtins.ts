/**
 * C1: the functions that our kernels build on, each reached through the op that uses it: gelu as it is, exp and division through a softmax
 * over two, the inverse square root through a norm whose sums are exact, f16 through storing. Points are spread over all f32 bit patterns;
 * at scope exhaustive gelu and exp are asked for every one of them.
 */

import type { Device } from "../../gpu/device.js";
import { f16ToF32, f32ToF16 } from "../../sdk/wasm/half.js";
import { HISTOGRAM, type Measured } from "../case.js";
import { callOf, measureCall, runCall } from "../ops.js";
import { geluOf } from "../reference.js";
import { exactly, measure } from "../score.js";
import type { Case, Finding } from "../suite.js";

const U = 2 ** -24;
const TINY = 2 ** -126;
const POINTS = 2 ** 14;

/** f32 numbers with these bit patterns. */
function patterns(count: number, bit: (i: number) => number): Float32Array {
  return new Float32Array(Uint32Array.from({ length: count }, (_, i) => bit(i)).buffer);
}

const bitsOf = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];

/** Evenly spaced bit patterns from `low` to `high`, both of one sign: as many between 1 and 2 as between 2 and 4. */
function spread(low: number, high: number, count = POINTS): Float32Array {
  const [first, last] = [bitsOf(low), bitsOf(high)];
  return patterns(count, (i) => Math.round(first + ((last - first) * i) / (count - 1)));
}

/** gelu(x) = x Phi(x): the declared accuracy is 6 units of |x|, its constant factors and its flushed steps included. */
const geluBound = (x: number) => 6 * U * Math.abs(x) + 20 * TINY;

function geluCall(device: Device, x: Float32Array): Promise<Float32Array> {
  return runCall(device, callOf("gelu", [[x.length]], {}), [x]);
}

async function gelu(device: Device, x: Float32Array): Promise<Measured> {
  return measure(await geluCall(device, x), Float64Array.from(x, geluOf), Float64Array.from(x, geluBound));
}

const D = 4;
/** Rows that one workgroup computes: points side by side, so that a software GPU starts few of them. */
const L = 16;
/** A score beside which 0 has all the weight. */
const FAR = -1e4;

/** Through a softmax over the scores 0 and t <= 0, whose values are 0 and 1: e^t / (1 + e^t). All other scores are far below. */
async function softmaxOf(device: Device, t: Float32Array): Promise<Float32Array> {
  const B = Math.ceil(t.length / L);
  const qkv = new Float32Array(B * L * 3 * D);
  for (let i = 0; i < B * L; i++) {
    const [token, key, value] = [i * 3 * D, i * 3 * D + D, i * 3 * D + 2 * D];
    // q = sqrt(D) (t, FAR, 0, 0), keys (0, 0), (1, 0), (0, 1) ..., so that the scores are 0, t, FAR ... exactly
    qkv[token] = (t[i] ?? 0) * Math.sqrt(D);
    qkv[token + 1] = FAR * Math.sqrt(D);
    qkv[key] = Number(i % L === 1);
    qkv[key + 1] = Number(i % L > 1);
    qkv[value] = Number(i % L === 1);
  }
  const output = await runCall(device, callOf("attention", [[B, L, 3 * D]], { heads: 1 }), [qkv]);
  return t.map((_, i) => output[i * D]);
}

/**
 * e^t costs 2 units and what rounding the exponent does, 4 u |t|; the sum and the quotient 5 units more. e^t below e^-87 may be flushed.
 */
function softmaxBound(t: number): number {
  const floor = Math.exp(-87) + TINY;
  const e = Math.exp(t);
  return e === 0 ? floor : (e / (1 + e)) * (Math.expm1(4 * U * Math.abs(t)) + 8 * U) + floor;
}

async function exp(device: Device, t: Float32Array): Promise<Measured> {
  const exact = Float64Array.from(t, (v) => Math.exp(v) / (1 + Math.exp(v)));
  return measure(await softmaxOf(device, t), exact, Float64Array.from(t, softmaxBound));
}

/** Rows (a, -a, a, -a): their mean is 0 and their variance a^2, exactly, so that what is left is 1 / sqrt(a^2 + eps). */
function inverseSqrt(device: Device): Promise<Finding> {
  const a = spread(2 ** -30, 2 ** 40, POINTS / 4);
  const rows = new Float32Array(4 * a.length).map((_, i) => (i % 2 ? -1 : 1) * a[i >> 2]);
  const [ones, zeros] = [new Float32Array(4).fill(1), new Float32Array(4)];
  return measureCall(device, callOf("layerNorm", [[a.length, 4], [4], [4]], { eps: 1e-6 }), [rows, ones, zeros]);
}

/** The mean of `n` equal numbers. */
function division(device: Device, n: number): Promise<Finding> {
  const a = spread(2 ** -60, 2 ** 60, POINTS / 4);
  const x = new Float32Array((1 + n) * a.length).map((_, i) => a[i % a.length]);
  return measureCall(device, callOf("meanTokens", [[1, 1 + n, a.length]], {}), [x]);
}

/** All 65,536 half-precision numbers to f32, and back from there, and from their midpoints. */
function halves(): Finding {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = f16ToF32(all);
  const back = f32ToF16(wide);
  let wrong = 0;
  for (let h = 0; h < 65536; h++) {
    const [sign, exponent, fraction] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
    const value =
      exponent === 31
        ? fraction
          ? Number.NaN
          : sign * Number.POSITIVE_INFINITY
        : sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
    if (!Object.is(wide[h], value)) wrong++;
    if (!Number.isNaN(value) && back[h] !== h) wrong++;
  }
  // halfway between neighbours the even one is taken
  for (let h = 0; h < 0x7bff; h++) {
    const middle = (wide[h] + wide[h + 1]) / 2;
    if (f32ToF16(Float32Array.of(middle))[0] !== (h % 2 ? h + 1 : h)) wrong++;
  }
  return exactly(2 * 65536 + 0x7bff, wrong);
}

/** Every f16 number through a device that stores f16. */
async function stored(device: Device): Promise<Finding> {
  const all = f16ToF32(Uint16Array.from({ length: 65536 }, (_, i) => i)).filter(Number.isFinite);
  const found = await runCall(device, callOf("add", [[all.length], [all.length]], {}), [
    all,
    new Float32Array(all.length),
  ]);
  return exactly(
    all.length,
    all.reduce((wrong, v, i) => wrong + Number(found[i] !== v && Math.abs(v) > 2 ** -14), 0),
  );
}

const CHUNK = 2 ** 20;

/** Joins what parts of a case found. */
function joined(parts: readonly Measured[]): Measured {
  const most = (key: "maxAbs" | "maxRel" | "maxUlp" | "use") =>
    parts.reduce((top, part) => Math.max(top, part[key]), 0);
  const worst = parts.reduce((a, b) => (b.use > a.use ? b : a));
  return {
    n: parts.reduce((sum, part) => sum + part.n, 0),
    maxAbs: most("maxAbs"),
    maxRel: most("maxRel"),
    maxUlp: most("maxUlp"),
    cos: parts.reduce((least, part) => Math.min(least, part.cos), 1),
    use: most("use"),
    bound: worst.bound,
    histogram: Array.from({ length: HISTOGRAM }, (_, i) => parts.reduce((sum, part) => sum + part.histogram[i], 0)),
  };
}

/** All numbers whose bit patterns lie from `first` to before `end`. */
async function everyPattern(
  first: number,
  end: number,
  ask: (x: Float32Array) => Promise<Measured>,
): Promise<Measured> {
  let found: Measured | undefined;
  for (let at = first; at < end; at += CHUNK) {
    const part = await ask(patterns(Math.min(CHUNK, end - at), (i) => at + i));
    found = found ? joined([found, part]) : part;
  }
  return found as Measured;
}

/** Bit patterns below this are finite; from 2^31 on they are negative. */
const INFINITE = 0x7f800000;
const NEGATIVE = 0x80000000;

const both = (x: Float32Array) => Float32Array.from([...x, ...x.map((v) => -v)]);

export function builtinCases(device: Device): Case[] {
  const base = { level: "C1", boundKind: "closed", scope: "quick" } as const;
  const skip = device.numberBytes === 2 ? "stored as f16: C2 holds these ops to the bounds of f16" : undefined;
  const full = { ...base, scope: "full", skip } as const;
  const exhaustive = { ...base, scope: "exhaustive", skip } as const;
  const quick = { ...base, skip };
  const noHalves = device.numberBytes === 2 ? undefined : "this device stores f32";
  const count = 2 ** 20;
  return [
    { ...quick, id: "C1/gelu/2^-6 to 8", measure: (env) => gelu(env.device, both(spread(2 ** -6, 8))) },
    { ...quick, id: "C1/gelu/tails", measure: (env) => gelu(env.device, both(spread(8, 3e38))) },
    { ...quick, id: "C1/gelu/near 0", measure: (env) => gelu(env.device, both(spread(0, 2 ** -6))) },
    { ...quick, id: "C1/exp/-104 to -2^-20", measure: (env) => exp(env.device, spread(-(2 ** -20), -104)) },
    { ...quick, id: "C1/exp/near 0", measure: (env) => exp(env.device, spread(-(2 ** -149), -(2 ** -20))) },
    { ...quick, id: "C1/exp/far below 0", measure: (env) => exp(env.device, spread(-104, -1e30)) },
    { ...quick, id: "C1/inverse square root", measure: (env) => inverseSqrt(env.device) },
    ...[3, 7, 196].map((n) => ({
      ...quick,
      id: `C1/division by ${n}`,
      measure: (env: { device: Device }) => division(env.device, n),
    })),
    { ...base, boundKind: "exact", id: "C1/f16/conversion, all 65,536", measure: async () => halves() },
    { ...base, boundKind: "exact", id: "C1/f16/storing", skip: noHalves, measure: (env) => stored(env.device) },
    { ...full, id: "C1/gelu/2^20 points", measure: (env) => gelu(env.device, both(spread(2 ** -30, 20, count))) },
    { ...full, id: "C1/exp/2^20 points", measure: (env) => exp(env.device, spread(-(2 ** -30), -104, count)) },
    {
      ...exhaustive,
      id: "C1/gelu/every positive number",
      measure: (env) => everyPattern(0, INFINITE, (x) => gelu(env.device, x)),
    },
    {
      ...exhaustive,
      id: "C1/gelu/every negative number",
      measure: (env) => everyPattern(NEGATIVE, NEGATIVE + INFINITE, (x) => gelu(env.device, x)),
    },
    {
      ...exhaustive,
      // beyond, q = t sqrt(D) is no f32 number
      id: "C1/exp/every negative number to -1e38",
      measure: (env) => everyPattern(NEGATIVE, bitsOf(-1e38), (t) => exp(env.device, t)),
    },
  ];
}
