// Who the peers are, and how each is told to do its best.

import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { models } from "../contenders/images.mjs";
import { cache, inside } from "../inside.mjs";
import { onnxFile, safetensorsFile } from "../weights.mjs";
import { tfjsModule } from "./bundle.mjs";
import { peerFile, peerVersion } from "./install.mjs";

const configOf = async (key) => (await inside()).parametersOf(models[key].name).config;

/** A folder as transformers.js wants it, with the same ONNX file. */
async function hubFolder(key) {
  const folder = join(cache, "hub");
  const to = join(folder, key, "onnx/model.onnx");
  mkdirSync(join(folder, key, "onnx"), { recursive: true });
  if (existsSync(to)) rmSync(to);
  linkSync(await onnxFile(key), to);
  const { embedDims, numHeads, numLayers, feedforwardChannels, imageSize, patchSize } = await configOf(key);
  const config = {
    model_type: "vit",
    architectures: ["ViTModel"],
    hidden_size: embedDims,
    num_attention_heads: numHeads,
    num_hidden_layers: numLayers,
    intermediate_size: feedforwardChannels,
    image_size: imageSize,
    patch_size: patchSize,
  };
  writeFileSync(join(folder, key, "config.json"), JSON.stringify(config));
  return folder;
}

const ort = (device, file, provider) => ({
  device,
  peer: device.split(" ")[0],
  module: "ort.mjs",
  threads: provider !== "webgpu",
  spec: async (host, key) => ({
    entry: host.url(peerFile(file)),
    file: host.path(await onnxFile(key)),
    provider,
    wasmPaths: host.kind === "browser" ? `${host.url(peerFile("onnxruntime-web/dist"))}/` : undefined,
  }),
});

/** Of transformers.js, which brings another version than the peer. */
const OWN_ORT = "@huggingface/transformers/node_modules/onnxruntime-web/dist";

const transformers = (device, file, provider) => ({
  device,
  peer: "@huggingface/transformers",
  module: "transformers.mjs",
  threads: true,
  spec: async (host, key) => ({
    entry: host.url(peerFile(file)),
    folder: host.path(await hubFolder(key)),
    model: key,
    device: provider,
    wasmPaths: host.kind === "browser" ? `${host.url(peerFile(OWN_ORT))}/` : undefined,
  }),
});

const tfjs = (device, backend, mostThreads) => ({
  device,
  peer: "@tensorflow/tfjs",
  module: "tfjs.mjs",
  threads: backend === "wasm",
  mostThreads,
  spec: async (host, key) => ({
    entry: host.url(await tfjsModule(host.kind)),
    package: host.entry,
    weights: host.path(await safetensorsFile(key)),
    config: await configOf(key),
    backend,
    wasmPaths: `${host.path(peerFile("@tensorflow/tfjs-backend-wasm/dist"))}/`,
  }),
});

/** What the others' speeds are related to. */
export const WEB = "onnxruntime-web WASM";
export const NATIVE = "onnxruntime-node";

/** Kind of host -> peers. Those with `threads` compute on the CPU. */
export const peers = {
  node: [
    ort(WEB, "onnxruntime-web/dist/ort.node.min.mjs", "wasm"),
    ort(NATIVE, "onnxruntime-node/dist/index.js", "cpu"),
    transformers("transformers.js (onnxruntime-node)", "@huggingface/transformers/dist/transformers.node.mjs", "cpu"),
    // in Node its WASM backend has no threads
    tfjs("tfjs WASM", "wasm", 1),
  ],
  browser: [
    ort(WEB, "onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "wasm"),
    transformers("transformers.js WASM", "@huggingface/transformers/dist/transformers.min.js", "wasm"),
    tfjs("tfjs WASM", "wasm"),
    ort("onnxruntime-web WebGPU", "onnxruntime-web/dist/ort.webgpu.bundle.min.mjs", "webgpu"),
    tfjs("tfjs WebGPU", "webgpu"),
  ],
};

/** Versions of those that were started. */
export const versionsOf = (started) => [...new Set(started.map(({ peer }) => `${peer} ${peerVersion(peer)}`))];
