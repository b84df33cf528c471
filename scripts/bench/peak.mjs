// The reference loop: independent chains of multiply-adds in SIMD registers, which touch no memory. It tells what one thread of this
// machine can reach at most in each build of WebAssembly, and is what the gate relates times to.

import { compileString } from "assemblyscript/asc";

/** Chains must hide the latency of an instruction and fit the registers: 16 of 128 bits, or pairs of 128 in 16 of 256. */
const builds = {
  simd: { chains: 12, flags: {} },
  relaxed: { chains: 12, flags: { enable: ["simd", "relaxed-simd"] } },
  turbo: { chains: 20, flags: { enable: ["simd", "relaxed-simd"] }, execArgv: ["--experimental-wasm-revectorize"] },
};

/** s = s * a + b on each chain, `rounds` times. `a` and `b` are arguments, because V8 builds constants at each use. */
function source(chains) {
  const all = (line) => Array.from({ length: chains }, (_, i) => `  ${line(i)}`).join("\n");
  return `
function multiplyAdd(s: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(s, a, b) : f32x4.add(f32x4.mul(s, a), b);
}
export function loop(rounds: i32, at: usize, factor: f32, summand: f32): void {
  const a = f32x4.splat(factor);
  const b = f32x4.splat(summand);
${all((i) => `let s${i} = v128.load(at, ${16 * i});`)}
  for (let i = 0; i < rounds; i++) {
${all((i) => `s${i} = multiplyAdd(s${i}, a, b);`)}
  }
${all((i) => `v128.store(at, s${i}, ${16 * i});`)}
}`;
}

async function compile({ chains, flags }) {
  const options = { runtime: "stub", noAssert: true, optimizeLevel: 3, initialMemory: 1, enable: ["simd"], ...flags };
  const { binary, error, stderr } = await compileString(source(chains), options);
  if (!binary) throw new Error(`the reference loop does not compile: ${error ?? stderr.toString()}`);
  return binary;
}

/** Whether V8 has the flag: with it pairs of 128-bit operations become one of 256. */
const revectorizes = (host) => host.kind === "node" && Number(process.versions.node.split(".")[0]) >= 24;

/**
 * The loop of every build that runs here, on `threads` threads, as contenders `{ device, variant, threads, run, flops, close }`: `run` gives the
 * milliseconds of the slowest thread, `flops` counts all of them.
 */
export async function peaks(host, threads) {
  const started = [];
  for (const [variant, { execArgv, ...build }] of Object.entries(builds)) {
    if (execArgv && !revectorizes(host)) continue;
    const spec = { bytes: [...(await compile(build))], chains: build.chains };
    // one process or worker a thread
    const starts = Array.from({ length: threads }, () => host.start("peak.mjs", spec, { execArgv }));
    const all = await Promise.all(starts).catch((error) => {
      // the engine does not know the instructions
      if (!error.message.startsWith("WebAssembly")) throw error;
    });
    if (!all) continue;
    const each = await Promise.all(all.map(({ call }) => call("flops")));
    const flops = each.reduce((a, b) => a + b);
    const run = async () => Math.max(...(await Promise.all(all.map((one) => one.run()))));
    started.push({ device: "wasm", variant, threads, run, flops, close: () => all.map(({ close }) => close()) });
  }
  return started;
}

/** The loop on WebGPU (contenders/peak-gpu.mjs), as a contender like those of `peaks`. */
export async function gpuPeak(host, device) {
  const { call, run, close } = await host.start("peak-gpu.mjs", {});
  return { device, variant: "f32", run, flops: await call("flops"), close };
}
