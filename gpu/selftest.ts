/**
 * Whether a device computes what it should: one small answer for each mechanism of its kernels (vectors of four and other widths,
 * epilogues, norm, attention), worked out here in float64 from random elements that are new each time, so that neither a stale buffer nor
 * zeros can look right. Drivers that compute wrongly without an error are the reason; conformance/ measures everything else.
 */

import type { Device } from "./device.js";
import { fuse } from "./graph/fuse.js";
import { size } from "./graph/op.js";
import { plan } from "./graph/plan.js";
import { Tape, type Value } from "./graph/tape.js";
import { add, dense, gelu, layerNorm, Scope, selfAttention } from "./models/nn.js";
import { type Ops, ops } from "./ops/index.js";

/** The result of a device's self-test. */
export interface SelfTest {
  readonly passed: boolean;
  /** Answers that were compared. */
  readonly cases: number;
  /** The largest error in units of what is allowed; above 1 the device is wrong. */
  readonly worst: number;
}

/** A result in float64, and how large the terms are that went into its elements. */
interface Answer {
  readonly y: readonly number[];
  readonly scale: number;
}

/**
 * Roundings of the largest term that a correct kernel may be off by, in units of its storage: f32 sums of up to 67 terms, each of which may
 * round; f16 stores.
 */
const ALLOWED = { 4: 64 * 2 ** -24, 2: 16 * 2 ** -11 } as const;

/** Runs all cases as one plan. @throws DeviceError if the device does not run it at all */
export async function selfTest(device: Device): Promise<SelfTest> {
  const { tape, questions } = ask();
  const outputs = questions.map(({ output }) => output);
  const data = new Map([...tape.params.values()].map((value) => [value, drawn(value)]));
  const buffers = new Map<Value, unknown>();
  try {
    for (const [value, elements] of data) buffers.set(value, await device.param(value, elements));
    const program = await device.compile(plan(fuse(tape.calls, outputs), outputs), buffers);
    try {
      await program.run();
      const answers = await program.read();
      const given = (name: string) => data.get(tape.params.get(name) as Value) as Float32Array;
      const uses = questions.map(({ solve }, i) => useOf(answers[i], solve(given), ALLOWED[device.numberBytes]));
      const worst = uses.reduce((a, b) => Math.max(a, b));
      return { passed: worst <= 1, cases: uses.length, worst };
    } finally {
      program.destroy();
    }
  } finally {
    for (const buffer of buffers.values()) device.release(buffer);
  }
}

/** The largest error in units of the allowed one; NaN is beyond all. */
function useOf(answer: Float32Array, { y, scale }: Answer, allowed: number): number {
  const uses = y.map((v, i) => Math.abs(answer[i] - v) / (allowed * scale));
  return uses.reduce((worst, use) => (use <= worst ? worst : Number.isFinite(use) ? use : 1e9), 0);
}

/**
 * Multiples of 1/128 from -1 to 1; every second one is 127/128, the largest, so that each row has it: weights in f16 and matmuls of 8-bit
 * integers then round nothing.
 */
function drawn({ shape }: Value): Float32Array {
  const draw = () => 2 * Math.random() - 1;
  return new Float32Array(size(shape)).map(
    (_, i) => (i % 2 ? Math.round(127 * draw()) : 127 * Math.sign(draw())) / 128,
  );
}

interface Question {
  readonly output: Value;
  solve(given: (param: string) => Float32Array): Answer;
}

/** Large beside the variance of a row, so that an answer without it is far off. */
const EPS = 0.5;

function ask(): { tape: Tape<Ops>; questions: Question[] } {
  const tape = new Tape(ops);
  const s = new Scope(tape);
  const x = (name: string, shape: readonly number[]) => s.param(`${name}.x`, shape);
  /** The elements of a dense layer from K to N, before the epilogue. */
  const sums = (name: string, K: number, N: number) => (given: (param: string) => Float32Array) =>
    product(given(`${name}.x`), given(`${name}.weight`), given(`${name}.bias`), K, N);
  const bare = (name: string, M: number, K: number, N: number): Question => ({
    output: dense(s.at(name), x(name, [M, K]), N),
    solve: (given) => ({ y: sums(name, K, N)(given), scale: K + 1 }),
  });
  const branch = x("branch", [5, 8]);
  const questions: Question[] = [
    // rows beyond a tile, a tail of K and of N; then widths that vectors of four do not divide
    bare("four", 37, 36, 40),
    bare("any", 3, 67, 5),
    {
      output: gelu(s, dense(s.at("bent"), x("bent", [5, 12]), 8)),
      solve: (given) => ({ y: sums("bent", 12, 8)(given).map(geluOf), scale: 13 }),
    },
    {
      output: add(s, branch, dense(s.at("sum"), x("sum", [5, 12]), 8)),
      solve: (given) => ({ y: sums("sum", 12, 8)(given).map((v, i) => v + given("branch.x")[i]), scale: 14 }),
    },
    {
      output: layerNorm(s.at("norm"), x("norm", [3, 67]), EPS),
      solve: (given) => ({ y: normOf(given("norm.x"), given("norm.weight"), given("norm.bias")), scale: 4 }),
    },
    // scores are as large as the sum of 8 products
    {
      output: selfAttention(s, x("heads", [1, 67, 3 * 2 * 8]), 2),
      solve: (given) => ({ y: attentionOf(given("heads.x"), 67, 2, 8), scale: 8 }),
    },
  ];
  return { tape, questions };
}

/** x [M,K] times w [N,K] transposed, plus b [N]. */
function product(x: Float32Array, w: Float32Array, b: Float32Array, K: number, N: number): number[] {
  return Array.from({ length: (x.length / K) * N }, (_, i) => {
    const [row, column] = [Math.floor(i / N) * K, (i % N) * K];
    return w.subarray(column, column + K).reduce((sum, v, k) => sum + x[row + k] * v, b[i % N]);
  });
}

/** x Phi(x) with the normal distribution by its series (Marsaglia, 2004): exact to float64 for |x| < 7. */
function geluOf(x: number): number {
  if (Math.abs(x) >= 7) return Math.max(x, 0);
  let [term, sum] = [x, x];
  for (let n = 3; sum !== sum + term; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return x * (0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
}

function normOf(x: Float32Array, weight: Float32Array, bias: Float32Array): number[] {
  const C = weight.length;
  return Array.from(x, (v, i) => {
    const row = x.subarray(i - (i % C), i - (i % C) + C);
    const mean = row.reduce((a, b) => a + b, 0) / C;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / C;
    return ((v - mean) / Math.sqrt(variance + EPS)) * weight[i % C] + bias[i % C];
  });
}

/** qkv [L,3,heads,D] -> [L,heads,D]. */
function attentionOf(qkv: Float32Array, L: number, heads: number, D: number): number[] {
  const part = (token: number, which: number, head: number) =>
    qkv.subarray(((token * 3 + which) * heads + head) * D).subarray(0, D);
  return Array.from({ length: L * heads * D }, (_, i) => {
    const [token, head] = [Math.floor(i / (heads * D)), Math.floor(i / D) % heads];
    const query = part(token, 0, head);
    const weights = Array.from({ length: L }, (_, key) =>
      Math.exp(part(key, 1, head).reduce((sum, v, d) => sum + v * query[d], 0) / Math.sqrt(D)),
    );
    const total = weights.reduce((a, b) => a + b);
    return weights.reduce((sum, w, key) => sum + (w / total) * part(key, 2, head)[i % D], 0);
  });
}
