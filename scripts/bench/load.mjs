// Memory and time of loading ViT-B/16 from files, each in a process of its own: what the host holds beside the device at its peak.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MODEL = "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k";
const self = fileURLToPath(import.meta.url);

/** Names and shapes of the classifier's tensors. */
function tensors({ embedDims: C, feedforwardChannels: F, numLayers, patchSize: P, numClasses, imageSize }) {
  const norm = (name) => [
    [`${name}.weight`, [C]],
    [`${name}.bias`, [C]],
  ];
  const linear = (name, rows, columns) => [
    [`${name}.weight`, [rows, columns]],
    [`${name}.bias`, [rows]],
  ];
  const block = (i) => [
    ...norm(`backbone.layers.${i}.ln1`),
    ...linear(`backbone.layers.${i}.attn.qkv`, 3 * C, C),
    ...linear(`backbone.layers.${i}.attn.proj`, C, C),
    ...norm(`backbone.layers.${i}.ln2`),
    ...linear(`backbone.layers.${i}.ffn.layers.0.0`, F, C),
    ...linear(`backbone.layers.${i}.ffn.layers.1`, C, F),
  ];
  return [
    ["backbone.cls_token", [1, 1, C]],
    ["backbone.pos_embed", [1, 1 + (imageSize / P) ** 2, C]],
    ["backbone.patch_embed.projection.weight", [C, 3, P, P]],
    ["backbone.patch_embed.projection.bias", [C]],
    ...Array.from({ length: numLayers }, (_, i) => block(i)).flat(),
    ...norm("backbone.ln2"),
    ...linear("head.fc", numClasses, C),
  ];
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

async function write(path, list, { stream, dtype }) {
  const file = await open(path, "w");
  const read = (shape) => async () => new Float32Array(sizeOf(shape)).map((_, i) => Math.sin(i) / 32);
  const streams = list.map(([name, shape]) => ({ name, shape, dtype, read: read(shape) }));
  for await (const part of stream(streams)) await file.writeFile(part);
  await file.close();
}

/**
 * Rows `{ name, device, ms, fileBytes, largestTensorBytes, deviceBytes, peakHostBytes, peakResidentBytes, allowedHostBytes }`: on WASM, and
 * on WebGPU where an adapter is here. `peakHostBytes` is the most that `process.memoryUsage().arrayBuffers` rose to, looked at after each
 * tensor, garbage included; neither WebAssembly's memory nor the GPU's is in it. `peakResidentBytes` is what the whole process had
 * resident at its peak beside `deviceBytes`; on a software GPU, whose memory and code it would count, it is null.
 */
export async function loadRows({ completeConfig, devices, streamTorch, streamSafetensors }) {
  const list = tensors(completeConfig({ kind: "classifier" }));
  const files = [
    { name: "vit-base.pth", stream: streamTorch, dtype: "F32", bytes: 4 },
    { name: "vit-base-f16.safetensors", stream: streamSafetensors, dtype: "F16", bytes: 2 },
  ];
  const kinds = (await devices()).filter(({ available }) => available).map(({ kind }) => kind);
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-bench-"));
  try {
    for (const file of files) await write(join(folder, file.name), list, file);
    const most = Math.max(...list.map(([, shape]) => sizeOf(shape)));
    return kinds
      .sort()
      .reverse()
      .flatMap((kind) =>
        files.map(({ name, bytes }) => {
          const path = join(folder, name);
          const largestTensorBytes = bytes * most;
          const sizes = { fileBytes: statSync(path).size, largestTensorBytes };
          return {
            name: `load ${name}`,
            ...loaded(path, kind),
            ...sizes,
            allowedHostBytes: 1.2 * largestTensorBytes + 8e6,
          };
        }),
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function loaded(path, kind) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", self, path, kind], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`loading failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Gives the most that is resident from now on: an increase could hide under the peak so far, which only Linux forgets. */
function residentPeak() {
  if (process.platform !== "linux") return () => 1024 * process.resourceUsage().maxRSS;
  writeFileSync("/proc/self/clear_refs", "5");
  return () => 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
}

/** In a process of its own: a small model first, so that code and WASM are there before memory is looked at. */
async function measure(path, device) {
  const { getModel } = await import("../../dist/node.js");
  const options = { device, ...(device === "wasm" ? { threads: 1 } : {}) };
  const small = await getModel(
    { kind: "classifier", imageSize: 32, embedDims: 96, numHeads: 4, numLayers: 2 },
    { ...options, weights: "procedural" },
  );
  small.dispose();
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const before = process.memoryUsage();
  const peak = residentPeak();
  let arrayBuffers = 0;
  const onProgress = () => {
    arrayBuffers = Math.max(arrayBuffers, process.memoryUsage().arrayBuffers);
  };
  const started = performance.now();
  const model = await getModel(MODEL, { ...options, weights: path, onProgress });
  const ms = performance.now() - started;
  const { peak: deviceBytes } = model.memory();
  const { kind, isFallback } = model.device;
  const peakResidentBytes = isFallback ? null : peak() - before.rss - deviceBytes;
  const peakHostBytes = arrayBuffers - before.arrayBuffers;
  console.log(JSON.stringify({ device: kind, ms, deviceBytes, peakHostBytes, peakResidentBytes }));
}

if (process.argv[1] === self) await measure(process.argv[2], process.argv[3]);
