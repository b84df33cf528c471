// Memory and time of loading ViT-B/16 from a `.pth` file, in a process of its own: what the host holds beside the device at its peak.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
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

async function write(path, list, streamTorch) {
  const file = await open(path, "w");
  const read = (shape) => async () => new Float32Array(sizeOf(shape)).map((_, i) => Math.sin(i) / 32);
  const streams = list.map(([name, shape]) => ({ name, shape, dtype: "F32", read: read(shape) }));
  for await (const part of streamTorch(streams)) await file.writeFile(part);
  await file.close();
}

/** Row `{ name, device, ms, fileBytes, largestTensorBytes, deviceBytes, peakHostBytes, allowedHostBytes }`. */
export async function loadRow({ completeConfig, streamTorch }) {
  const list = tensors(completeConfig({ kind: "classifier" }));
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-bench-"));
  try {
    const path = join(folder, "vit-base.pth");
    await write(path, list, streamTorch);
    const largestTensorBytes = 4 * Math.max(...list.map(([, shape]) => sizeOf(shape)));
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", self, path], { encoding: "utf8" });
    if (status !== 0) throw new Error(`loading failed: ${stderr}`);
    const allowedHostBytes = 1.2 * largestTensorBytes + 8 * 2 ** 20;
    return { name: "load ViT-B/16 from .pth", ...JSON.parse(stdout), largestTensorBytes, allowedHostBytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a process of its own: a small model first, so that code and WASM are there before memory is looked at. */
async function measure(path) {
  const { getModel } = await import("../../dist/node.js");
  const options = { device: "wasm", threads: 1 };
  const small = await getModel(
    { kind: "classifier", imageSize: 32, embedDims: 96, numHeads: 4, numLayers: 2 },
    { ...options, weights: "procedural" },
  );
  small.dispose();
  const peak = () => 1024 * process.resourceUsage().maxRSS;
  // What is resident now, not the peak so far, under which an increase could hide.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const model = await getModel(MODEL, { ...options, weights: path });
  const ms = performance.now() - started;
  const { peak: deviceBytes } = model.memory();
  console.log(
    JSON.stringify({ device: model.device.kind, ms, deviceBytes, peakHostBytes: peak() - before - deviceBytes }),
  );
}

if (process.argv[1] === self) await measure(process.argv[2]);
