/** Made-up reports of the conformance suite, for tests of what shows them. */

import { type CaseResult, HISTOGRAM, type Level, levels, WRONG } from "../conformance/case.js";
import type { Report } from "../conformance/report.js";

/** Numbers in [0, 1) that are the same on every run (Marsaglia's xorshift, 2003). */
export function random(seed = 1): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const subjects: Readonly<Record<Level, readonly string[]>> = {
  C0: ["limits", "integers", "float32", "denormals", "readback"],
  C1: ["exp", "sqrt", "inverseSqrt", "divide", "erf", "pack2x16float"],
  C2: ["unfold", "linear", "scale", "layerNorm", "attention", "gelu", "tokens", "resizePos"].concat([
    "maskTokens",
    "meanTokens",
    "maskedMse",
    "attentionGrad",
    "layerNormGrad",
    "adamw",
  ]),
  C3: ["block 0", "block 5", "block 11"],
  C4: ["maskfeat_vit-base-p16", "tiny"],
  C5: ["resize", "hog", "blockMask", "normalise"],
  C7: ["transformers", "timm", "mmpretrain"],
};
const share: Readonly<Record<Level, number>> = { C0: 0.06, C1: 0.1, C2: 0.7, C3: 0.03, C4: 0.02, C5: 0.06, C7: 0.03 };

const data = ["uniform", "cancellation", "large", "subnormal", "one-hot"];

/** The largest shares in a histogram's last buckets, fewer towards the case's use. */
function histogramOf(n: number, use: number): number[] {
  const last = use > 1 ? HISTOGRAM - 1 : Math.max(0, Math.min(HISTOGRAM - 2, Math.floor(Math.log2(use || 1e-9)) + 11));
  const weights = Array.from({ length: HISTOGRAM }, (_, i) => (i > last ? 0 : Math.exp(-((i - last * 0.45) ** 2) / 6)));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight, i) => Math.max(Math.round((n * weight) / total), i === last ? 1 : 0));
}

/** A case that uses `use` of its bound. */
export function madeUpCase(id: string, use: number, more: Partial<CaseResult> = {}): CaseResult {
  const exact = use === 0;
  const n = more.n ?? 4096;
  return {
    id,
    level: id.slice(0, 2) as Level,
    n,
    maxAbs: exact ? 0 : use * 4.1e-7,
    maxRel: exact ? 0 : use * 9.3e-6,
    maxUlp: exact ? 0 : use * 12,
    cos: exact ? 1 : 1 - use * 2e-13,
    use,
    bound: exact ? 0 : 4.1e-7,
    histogram: histogramOf(n, use),
    boundKind: exact ? "exact" : "closed",
    status: use > 1 ? "failed" : "passed",
    ms: 3,
    ...(use > 1 ? { reason: `an error of ${use.toPrecision(2)} bounds at [0,3,17]` } : {}),
    ...more,
  };
}

function* casesOf(level: Level, total: number, next: () => number): Generator<CaseResult> {
  for (let i = 0; i < total; i++) {
    const subject = subjects[level][Math.floor((i * subjects[level].length) / total)];
    const [m, k] = [1 + Math.floor(197 * next() ** 2), [1, 3, 13, 64, 192, 197, 768, 3072][Math.floor(8 * next())]];
    const id = `${level}/${subject}/[${m},${k}] [${k},${k}] [${k}]/${data[i % data.length]}-${i}`;
    const exact = level === "C0" || (level === "C5" && subject !== "hog");
    const use = exact ? 0 : Math.min(0.94, 2 ** (-8 + 5 * next() + 2.5 * next() ** 3));
    const boundKind = exact ? "exact" : level > "C2" ? "envelope" : "closed";
    yield madeUpCase(id, use, { n: m * k, boundKind, ms: 1 + 80 * next() ** 4 });
  }
}

/** Puts cases together as the suite does. */
export function reportOf(cases: readonly CaseResult[], more: Partial<Report> = {}): Report {
  const skipped = more.skipped ?? [];
  const failed = cases.filter(({ status }) => status === "failed");
  return {
    command: "conformance",
    schema: 1,
    version: "0.1.0",
    scope: "quick",
    date: "2026-01-02T03:04:05.678Z",
    runtime: "node 20.20.2",
    device: {
      kind: "webgpu",
      adapter: "google / swiftshader",
      isFallback: true,
      reason: "asked for",
      threads: 1,
      variant: "direct",
      selfTest: { passed: true, cases: 12, worst: 0.031 },
    },
    dtype: "f32",
    facts: [
      {
        name: "Features",
        value: "core-features-and-limits, shader-f16, subgroups, timestamp-query, texture-compression-bc",
      },
      { name: "Storage binding", value: "134,217,728 bytes" },
      { name: "Workgroup", value: "256 invocations, 16,384 bytes" },
      { name: "Driver", value: "SwiftShader driver 5.0.0" },
    ],
    hashes: { wasm: "ab".repeat(32), wgsl: "cd".repeat(32), golden: "ef".repeat(32) },
    levels: levels.map((level) => {
      const of = cases.filter((c) => c.level === level);
      const top = of.reduce<CaseResult | null>((a, b) => (a && a.use >= b.use ? a : b), null);
      const wrong = of.filter(({ status }) => status === "failed").length;
      return {
        level,
        cases: of.length,
        passed: of.length - wrong,
        failed: wrong,
        skipped: skipped.filter(({ id }) => id.startsWith(level)).length,
        worst: top && { case: top.id, use: top.use },
      };
    }),
    failed: failed.map(({ id, use, maxAbs, bound, reason = "" }) => ({ case: id, use, maxAbs, bound, reason })),
    skipped,
    cases,
    passed: failed.length === 0,
    ms: 8234,
    ...more,
  };
}

/** A report of `total` cases, of which `wrong` failed. */
export function madeUpReport(total: number, wrong = 0, more: Partial<Report> = {}): Report {
  const next = random(total);
  const cases = levels.flatMap((level) => [...casesOf(level, Math.round(total * share[level]), next)]);
  for (let i = 0; i < wrong; i++) {
    const at = Math.floor(next() * cases.length);
    const use = i % 4 === 0 ? WRONG : 2 ** (1 + 12 * next());
    cases[at] = madeUpCase(cases[at].id, use, { n: cases[at].n, maxAbs: i % 4 === 0 ? WRONG : use * 4.1e-7 });
  }
  const skipped = [
    { id: "C1/exp/all", reason: "exhaustive runs only" },
    { id: "C1/sqrt/all", reason: "exhaustive runs only" },
    { id: "C4/maskfeat_vit-base-p16/f16", reason: "the device has no shader-f16" },
  ];
  return reportOf(cases, { skipped, ...more });
}
