/**
 * Whether a device computes what it should: a dozen small answers, worked out here in float64 from random numbers that are new each time,
 * so that neither a stale buffer nor zeros can look right. Drivers that compute wrongly without an error are the reason.
 */

import type { Device } from "./device.js";
import { type OpAttrs, type OpName, ops, size } from "./graph/ops.js";
import { plan } from "./graph/plan.js";
import { Tape, type Value } from "./graph/tape.js";

/** The result of a device's self-test. */
export interface SelfTest {
  readonly passed: boolean;
  /** Answers that were compared. */
  readonly cases: number;
  /** The largest error in units of what is allowed; above 1 the device is wrong. */
  readonly worst: number;
}

/** A result in float64, and for each of its numbers the sum of the magnitudes that went into it. */
interface Answer {
  readonly y: number[];
  readonly scale: number[];
}

type Solve = (x: readonly Float32Array[]) => Answer;

/**
 * A number for a factor of a matrix product, from a random one in [-1, 1): a multiple of 1/128, of which every row has the largest in
 * magnitude, 127/128. Weights in f16 and products in 8-bit integers then round nothing.
 */
const onGrid = (x: number, i: number) => (i % 2 ? Math.round(127 * x) : 127 * (Math.sign(x) || 1)) / 128;

/** Roundings of the largest magnitude that a correct kernel may be off by, in units of its storage: f32 sums up to 67 terms, f16 stores. */
const ALLOWED = { 4: 64 * 2 ** -24, 2: 16 * 2 ** -11 } as const;

/** Runs all cases as one plan. @throws DeviceError where the device does not run it at all */
export async function selfTest(device: Device): Promise<SelfTest> {
  const { tape, given, expected } = questions();
  const outputs = tape.calls.map((call) => call.output);
  const buffers = new Map<Value, unknown>();
  try {
    for (const [value, { data, isWeight }] of given) {
      buffers.set(value, await device.param(value, data, isWeight ? "weight" : "plain"));
    }
    const program = await device.compile(plan(tape.calls, outputs), buffers);
    try {
      const answers = await program.run();
      const uses = answers.map((answer, i) => useOf(answer, expected[i], ALLOWED[device.numberBytes]));
      const worst = uses.reduce((a, b) => Math.max(a, b));
      return { passed: worst <= 1, cases: uses.length, worst };
    } finally {
      program.destroy();
    }
  } finally {
    for (const buffer of buffers.values()) device.release(buffer);
  }
}

/** The largest error in units of the allowed one; NaN, or any error where nothing was added, is beyond all. */
function useOf(answer: Float32Array, { y, scale }: Answer, allowed: number): number {
  const uses = y.map((v, i) => (answer[i] === v ? 0 : Math.abs(answer[i] - v) / (allowed * scale[i])));
  return uses.reduce((worst, use) => (use <= worst ? worst : Number.isFinite(use) ? use : 1e9), 0);
}

/** The calls, what they are given, and what they must answer. */
function questions() {
  const tape = new Tape();
  const given = new Map<Value, { data: Float32Array; isWeight: boolean }>();
  const expected: Answer[] = [];
  const ask = <K extends OpName>(
    op: K,
    shapes: readonly number[][],
    attrs: OpAttrs[K],
    solve: Solve,
    magnitude: (input: number) => number = () => 1,
  ) => {
    const inputs = shapes.map((shape, i) => {
      const value = tape.input(`${expected.length}/${ops[op].inputs[i]}`, shape);
      const isMask = ops[op].inputs[i] === "mask";
      const isFactor = op.startsWith("linear") && i < 2;
      const draw = (_: number, at: number) => {
        if (isMask) return Math.round(Math.random());
        const x = 2 * Math.random() - 1;
        return isFactor ? onGrid(x, at) : magnitude(i) * x;
      };
      given.set(value, {
        data: new Float32Array(size(shape)).map(draw),
        isWeight: ops[op].inputs[i] === "weight" && op !== "layerNorm",
      });
      return value;
    });
    tape.call(op, "self-test", inputs, attrs);
    expected.push(solve(inputs.map((value) => (given.get(value) as { data: Float32Array }).data)));
  };

  // a tail of K and of N, rows beyond a tile; then widths that vectors of four do not divide
  ask("linear", [[37, 36], [40, 36], [40]], {}, product(36));
  ask("linear", [[3, 67], [5, 67], [5]], {}, product(67));
  ask("linearGelu", [[5, 12], [8, 12], [8]], {}, geluProduct(12));
  ask("linearAdd", [[5, 12], [8, 12], [8], [5, 8]], {}, (x) => sumOf(product(12)(x), exactly(x[3])));
  ask(
    "gelu",
    [[67]],
    {},
    ([x]) => geluOf(exactly(x)),
    () => 4,
  );
  ask("add", [[67], [67]], {}, ([a, b]) => sumOf(exactly(a), exactly(b)));
  // rows whose variance is about eps
  ask("layerNorm", [[3, 67], [67], [67]], { eps: 1e-6 }, norm(67, 1e-6), (i) => (i === 0 ? 1e-3 : 1));
  ask("attention", [[2, 67, 3 * 2 * 8]], { heads: 2 }, heads(67, 2, 8), () => 2);
  ask("attention", [[1, 7, 3 * 3 * 5]], { heads: 3 }, heads(7, 3, 5), () => 2);
  ask("patches", [[1, 3, 5, 6]], { patch: 4 }, ([x]) => gather(2 * 2 * 48, (i) => x[patchPixel(i)] ?? 0));
  ask(
    "maskTokens",
    [
      [1, 7, 12],
      [1, 7],
      [1, 1, 12],
    ],
    {},
    ([x, mask, token]) => gather(84, (i) => (mask[Math.floor(i / 12)] ? token[i % 12] : x[i])),
  );
  ask(
    "tokens",
    [
      [2, 6, 5],
      [1, 1, 5],
      [1, 7, 5],
    ],
    {},
    ([x, cls, pos]) => {
      const row = (i: number) => Math.floor(i / 35) * 30 + (i % 35) - 5;
      return sumOf(
        gather(70, (i) => (i % 35 < 5 ? cls[i % 5] : x[row(i)])),
        gather(70, (i) => pos[i % 35]),
      );
    },
  );
  ask("featmap", [[1, 7, 5]], { grid: [2, 3] }, ([x]) => gather(30, (i) => x[((i % 6) + 1) * 5 + Math.floor(i / 6)]));
  ask("meanTokens", [[1, 7, 5]], {}, ([x]) => averageOf(x, 7, 5));
  return { tape, given, expected };
}

/** Numbers that are not computed with: rounded by the storage alone. */
function exactly(x: ArrayLike<number>): Answer {
  const y = Array.from(x);
  return { y, scale: y.map(Math.abs) };
}

const gather = (length: number, from: (i: number) => number) => exactly(Array.from({ length }, (_, i) => from(i)));

function sumOf(a: Answer, b: Answer): Answer {
  return { y: a.y.map((v, i) => v + b.y[i]), scale: a.scale.map((v, i) => v + b.scale[i]) };
}

/** x [M,K] times w [N,K] transposed, plus b [N]. */
function product(K: number): Solve {
  return ([x, w, b]) => {
    const N = b.length;
    const term = (i: number, k: number) => x[Math.floor(i / N) * K + k] * w[(i % N) * K + k];
    const sums = (f: (v: number) => number) =>
      Array.from({ length: (x.length / K) * N }, (_, i) => {
        let sum = f(b[i % N]);
        for (let k = 0; k < K; k++) sum += f(term(i, k));
        return sum;
      });
    return { y: sums((v) => v), scale: sums(Math.abs) };
  };
}

const geluProduct =
  (K: number): Solve =>
  (x) =>
    geluOf(product(K)(x));

/** x Phi(x) with the normal distribution by its series (Marsaglia, 2004): exact to float64 for |x| < 7. */
function geluOf({ y, scale }: Answer): Answer {
  const phi = (x: number) => {
    let [term, sum] = [x, x];
    for (let n = 3; sum !== sum + term; n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
  };
  return { y: y.map((x) => (Math.abs(x) < 7 ? x * phi(x) : Math.max(x, 0))), scale };
}

function norm(C: number, eps: number): Solve {
  return ([x, weight, bias]) => {
    const rows = Array.from({ length: x.length / C }, (_, r) => {
      const row = x.subarray(r * C, (r + 1) * C);
      const mean = row.reduce((a, b) => a + b, 0) / C;
      const deviation = Math.sqrt(row.reduce((a, v) => a + (v - mean) ** 2, 0) / C + eps);
      return Array.from(row, (v, i) => [((v - mean) / deviation) * weight[i] + bias[i], 3 + Math.abs(bias[i])]);
    }).flat();
    return { y: rows.map(([y]) => y), scale: rows.map(([, scale]) => scale) };
  };
}

/** qkv [B,L,3,heads,D]. */
function heads(L: number, H: number, D: number): Solve {
  return ([qkv]) => {
    const at = (token: number, part: number, head: number) => ((token * 3 + part) * H + head) * D;
    const y: number[] = [];
    for (let token = 0; token < qkv.length / (3 * H * D); token++) {
      for (let head = 0; head < H; head++) {
        const first = Math.floor(token / L) * L;
        const weights = Array.from({ length: L }, (_, j) => {
          let dot = 0;
          for (let d = 0; d < D; d++) dot += qkv[at(token, 0, head) + d] * qkv[at(first + j, 1, head) + d];
          return Math.exp(dot / Math.sqrt(D));
        });
        const total = weights.reduce((a, b) => a + b);
        for (let d = 0; d < D; d++) {
          y.push(weights.reduce((sum, w, j) => sum + (w / total) * qkv[at(first + j, 2, head) + d], 0));
        }
      }
    }
    // scores are as large as the sum of D products of numbers up to 2
    return { y, scale: y.map(() => 4 * D) };
  };
}

/** Where element `i` of the four 4 x 4 patches of a 5 x 6 image comes from. */
function patchPixel(i: number): number {
  const [dx, dy, c, n] = [i % 4, Math.floor(i / 4) % 4, Math.floor(i / 16) % 3, Math.floor(i / 48)];
  const [x, y] = [(n % 2) * 4 + dx, Math.floor(n / 2) * 4 + dy];
  return x < 6 && y < 5 ? (c * 5 + y) * 6 + x : -1;
}

/** The mean of all tokens [L,C] but the first. */
function averageOf(x: Float32Array, L: number, C: number): Answer {
  const mean = (f: (v: number) => number) =>
    Array.from({ length: C }, (_, c) => {
      let sum = 0;
      for (let l = 1; l < L; l++) sum += f(x[l * C + c]);
      return sum / (L - 1);
    });
  return { y: mean((v) => v), scale: mean(Math.abs) };
}
