// Memory and time of loading ViT-B/16 from files, each in a process of its own: what the host holds beside the device at its peak. The
// part, and its contender.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetPeak, peakBytes } from "../../memory.mjs";
import { MiB, table } from "../table.mjs";
import { writeWeights } from "../weights.mjs";

const MODEL = "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k";

/**
 * Rows `{ name, device, ms, fileBytes, largestTensorBytes, deviceBytes, peakHostBytes, peakResidentBytes, allowedHostBytes }`: on WASM, and
 * on WebGPU where an adapter is here. `peakHostBytes` is the most that `process.memoryUsage().arrayBuffers` rose to, looked at after each
 * tensor, garbage included; neither WebAssembly's memory nor the GPU's is in it. `peakResidentBytes` is what the whole process had
 * resident at its peak beside `deviceBytes`; on a software GPU, whose memory and code it would count, it is null.
 */
export async function load({ host, maskfeat: { devices, streamTorch, streamSafetensors } }) {
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-bench-"));
  const files = [
    { file: "vit-base.pth", stream: streamTorch, dtype: "F32", bytes: 4 },
    { file: "vit-base-f16.safetensors", stream: streamSafetensors, dtype: "F16", bytes: 2 },
  ];
  const kinds = (await devices()).filter(({ available }) => available).map(({ kind }) => kind);
  const rows = [];
  try {
    for (const file of files) file.largest = await writeWeights(join(folder, file.file), MODEL, file);
    for (const device of kinds.sort().reverse()) {
      for (const { file, bytes, largest } of files) {
        const path = join(folder, file);
        const options = { execArgv: ["--expose-gc"] };
        const { call, close } = await host.start(import.meta.url, { entry: host.entry, device }, options);
        const measured = await call("load", path);
        await close();
        const sizes = { fileBytes: statSync(path).size, largestTensorBytes: bytes * largest };
        rows.push({ name: `load ${file}`, ...measured, ...sizes, allowedHostBytes: 1.2 * bytes * largest + 8e6 });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const sizes = ["file", "device", "peakHost", "peakResident", "largestTensor", "allowedHost"];
  const columns = Object.fromEntries(sizes.map((key) => [`${key} MiB`, MiB(`${key}Bytes`)]));
  return { rows, text: table(rows, { work: "name", device: "device", ms: "ms", ...columns }) };
}

/** A small model first, so that code and WASM are there before memory is looked at. */
export async function open({ entry, device }) {
  const { getModel } = await import(entry);
  const options = { device, ...(device === "wasm" ? { threads: 1 } : {}) };
  const small = { kind: "classifier", imageSize: 32, embedDims: 96, numHeads: 4, numLayers: 2 };
  (await getModel(small, { ...options, weights: "procedural" })).dispose();
  return {
    async load(path) {
      for (let i = 0; i < 3; i++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const before = process.memoryUsage();
      // an increase could hide under the peak so far
      forgetPeak();
      let arrayBuffers = 0;
      const onProgress = () => {
        arrayBuffers = Math.max(arrayBuffers, process.memoryUsage().arrayBuffers);
      };
      const started = performance.now();
      const model = await getModel(MODEL, { ...options, weights: path, onProgress });
      const ms = performance.now() - started;
      const { peak: deviceBytes } = model.memory();
      const { kind, isFallback } = model.device;
      const peakResidentBytes = isFallback ? null : peakBytes() - before.rss - deviceBytes;
      return { device: kind, ms, deviceBytes, peakHostBytes: arrayBuffers - before.arrayBuffers, peakResidentBytes };
    },
  };
}
