/** Runs the suite on a device and reports. */

import type { Device } from "../gpu/device.js";
import { OptionError } from "../gpu/errors.js";
import { ops } from "../gpu/ops/index.js";
import { moduleSource } from "../gpu/ops/wgsl.js";
import { version } from "../package.json";
import { bestBuild } from "../sdk/device/builds.js";
import { type DeviceOptions, openDevice } from "../sdk/device/open.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { dataBytes } from "../sdk/wasm/data.js";
import { type CaseResult, type Finding, type Level, levels, type Scope, scopes } from "./case.js";
import { factsOf } from "./facts.js";
import { checkGolden, manifestHash, sha256 } from "./golden.js";
import { builtinCases } from "./levels/builtins.js";
import { deviceCases } from "./levels/device.js";
import { goldenCases, Models, userCases } from "./levels/goldens.js";
import { kernelCases } from "./levels/kernels.js";
import { loadingCases } from "./levels/loading.js";
import { pipelineCases } from "./levels/pipeline.js";
import type { LevelSummary, Report, Skipped } from "./report.js";
import { exactly } from "./score.js";
import type { Case, Env, Host, LevelCases } from "./suite.js";

export interface RunOptions extends Omit<DeviceOptions, "selfTest"> {
  readonly scope: Scope;
  /** Only cases whose id matches this pattern, in which * stands for anything. */
  readonly cases?: string;
  /** A user's own goldens, and the weights that they were made for. Only these are run then, with the levels that need no goldens. */
  readonly own?: { readonly name: string; readonly data: Uint8Array; readonly weights: string };
  readonly signal?: AbortSignal;
  onCase?(result: CaseResult, done: number, total: number): void;
}

function matcher(pattern: string | undefined): (id: string) => boolean {
  if (pattern === undefined) return () => true;
  const source = pattern.replace(/[\\^$.|+()[\]{}?]/g, "\\$&").replaceAll("*", ".*");
  const whole = new RegExp(`^${source}$`);
  return (id) => whole.test(id);
}

/** Gives the event loop a turn where the last one was 50 ms ago. */
function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 50) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}

/** Runs one case. What compares nothing fails; so does what throws, unless the user has stopped the run. */
export async function runCase(c: Case, env: Env, signal?: AbortSignal): Promise<CaseResult> {
  const started = performance.now();
  const { id, level, boundKind } = c;
  const result = (finding: Finding): CaseResult => ({
    id,
    level,
    boundKind,
    status: finding.use <= 1 && finding.n > 0 ? "passed" : "failed",
    ms: performance.now() - started,
    ...(finding.n === 0 && { reason: "it compared nothing" }),
    ...finding,
  });
  try {
    return result(await c.measure(env));
  } catch (error) {
    signal?.throwIfAborted();
    return result({ ...exactly(1, 1), reason: (error as Error).message });
  }
}

function summary(level: Level, results: readonly CaseResult[], skipped: readonly Skipped[]): LevelSummary {
  const own = results.filter((r) => r.level === level);
  const worst = own.reduce<CaseResult | undefined>((a, b) => (a && a.use >= b.use ? a : b), undefined);
  return {
    level,
    cases: own.length,
    passed: own.filter((r) => r.status === "passed").length,
    failed: own.filter((r) => r.status === "failed").length,
    skipped: skipped.filter((s) => s.id.startsWith(level)).length,
    worst: worst ? { case: worst.id, use: worst.use } : null,
  };
}

/** SHA-256 of the code that computes: every kernel's text, and the WASM of the data side and of the kernels. */
async function codeHashes(device: Device) {
  const kernels = Object.values(ops).flatMap((op) => op.kernels);
  const wgsl = kernels.map((file) => moduleSource(file, false)).join("\n");
  const { alone, together } = device instanceof WasmDevice ? device.build : bestBuild();
  const wasm = await new Blob([dataBytes, alone, together] as BlobPart[]).arrayBuffer();
  return { wasm: await sha256(new Uint8Array(wasm)), wgsl: await sha256(wgsl), golden: await manifestHash() };
}

async function listCases(env: Env, { scope, own }: RunOptions, models: Models): Promise<LevelCases> {
  const kernels = [...deviceCases(env), ...builtinCases(env), ...kernelCases(env, scope)];
  const pipeline = await pipelineCases(env, scope);
  const files = own ? { cases: [], absent: [] } : await loadingCases(env, scope, models);
  const ofModels = own
    ? { cases: await userCases(own.name, own.data, models), absent: [] }
    : await goldenCases(env, scope, models);
  return {
    cases: [...kernels, ...ofModels.cases, ...pipeline.cases, ...files.cases],
    absent: [...ofModels.absent, ...pipeline.absent, ...files.absent],
  };
}

/**
 * Runs the cases of `scope` on a device.
 * @throws OptionError; DeviceError if the device is absent or cannot be opened; MaskFeatError GOLDEN_CHANGED; AbortError
 */
export async function conformance(host: Host, options: RunOptions): Promise<Report> {
  const { scope, signal, device: choice, dtype = "f32", threads, turbo, matmul } = options;
  if (!scopes.includes(scope)) throw new OptionError("OPT_VALUE", `level: expected one of ${scopes.join(", ")}`);
  const started = performance.now();
  const deviceOptions = { device: choice, dtype, threads, turbo, matmul };
  // what the self-test would refuse is to be measured
  const asked: DeviceOptions = { ...deviceOptions, selfTest: "off" };
  const { device, info } = await (host.open?.(asked) ?? openDevice(host.platform, asked));
  const known = new Map<string, Promise<Uint8Array | undefined>>();
  const golden = (name: string) => {
    const found = known.get(name) ?? host.golden(name).then((data) => data && checkGolden(name, data));
    known.set(name, found);
    return found;
  };
  const env: Env = { api: host.api, device, deviceInfo: info, deviceOptions, golden, sample: host.sample };
  const models = new Models(env, options.own?.weights);
  try {
    const matches = matcher(options.cases);
    const listed = await listCases(env, options, models);
    const wanted = listed.cases.filter((c) => matches(c.id) && scopes.indexOf(c.scope) <= scopes.indexOf(scope));
    const cases = wanted.filter((c) => c.skip === undefined);
    if (wanted.length === 0)
      throw new OptionError("OPT_VALUE", `cases: no case of level ${scope} matches ${options.cases}`);
    const skipped = [
      ...wanted.flatMap(({ id, skip }) => (skip === undefined ? [] : [{ id, reason: skip }])),
      ...listed.absent.filter(({ id }) => matches(id)),
    ];
    const results: CaseResult[] = [];
    const rest = breather();
    for (const c of cases) {
      await rest();
      signal?.throwIfAborted();
      const result = await runCase(c, env, signal);
      results.push(result);
      options.onCase?.(result, results.length, cases.length);
    }
    return {
      command: "conformance",
      schema: 1,
      version,
      scope,
      date: new Date().toISOString(),
      runtime: host.platform.runtime,
      device: info,
      dtype,
      facts: await factsOf(host.platform, info, choice),
      hashes: await codeHashes(device),
      levels: levels.map((level) => summary(level, results, skipped)).filter((s) => s.cases + s.skipped > 0),
      failed: results
        .filter((r) => r.status === "failed")
        .map(({ id, use, maxAbs, bound, reason = "beyond its bound" }) => ({ case: id, use, maxAbs, bound, reason })),
      skipped,
      cases: results,
      passed: results.length > 0 && results.every((r) => r.status === "passed"),
      ms: performance.now() - started,
    };
  } finally {
    models.dispose();
    device.destroy();
  }
}
