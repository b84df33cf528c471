// Who the peers are, how they are installed, and the fastest settings of each.

import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { npmInstall } from "../../npm.mjs";
import { models } from "../contenders/images.mjs";
import { cache, inside, root } from "../inside.mjs";
import { onnxFile, safetensorsFile } from "../weights.mjs";

const versions = {
  "onnxruntime-node": "1.30.0",
  "onnxruntime-web": "1.30.0",
  "@huggingface/transformers": "4.3.1",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
};

/** In a folder of their own: none is a dependency of the package. */
const folder = join(root, ".cache/peers");

/** Path of a file or folder of a peer's package. */
const peerFile = (path) => join(folder, "node_modules", path);

export const installed = () => Object.keys(versions).every((name) => existsSync(peerFile(name)));

/** Installs what is missing: about 1 GB. */
export function installPeers() {
  if (installed()) return;
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  npmInstall(folder, packages);
}

const configOf = async (key) => (await inside()).parametersOf(models[key].name).config;

/** Where a library's WebAssembly lies, which libraries find by themselves in Node. */
const wasmIn = (host, path) => (host.kind === "browser" ? `${host.url(peerFile(path))}/` : undefined);

const ort = (device, file, provider) => ({
  device,
  peer: `onnxruntime-${provider === "cpu" ? "node" : "web"}`,
  module: "ort.mjs",
  onGpu: provider === "webgpu",
  spec: async (host, key) => ({
    entry: host.url(peerFile(file)),
    file: host.path(await onnxFile(key)),
    provider,
    wasmPaths: wasmIn(host, "onnxruntime-web/dist"),
  }),
});

/** A folder as transformers.js wants it, with the same ONNX file. */
async function hubFolder(key) {
  const hub = join(cache, "hub");
  const to = join(hub, key, "onnx/model.onnx");
  mkdirSync(join(hub, key, "onnx"), { recursive: true });
  rmSync(to, { force: true });
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
  writeFileSync(join(hub, key, "config.json"), JSON.stringify(config));
  return hub;
}

const transformers = (device, file, provider) => ({
  device,
  peer: "@huggingface/transformers",
  module: "transformers.mjs",
  spec: async (host, key) => ({
    entry: host.url(peerFile(`@huggingface/transformers/dist/${file}`)),
    folder: host.path(await hubFolder(key)),
    model: key,
    device: provider,
    // it brings another version than the peer
    wasmPaths: wasmIn(host, "@huggingface/transformers/node_modules/onnxruntime-web/dist"),
  }),
});

/** Path of TensorFlow.js in one file for Node or browsers: its packages have none that both can load. */
async function tfjsModule(platform) {
  const inNode = platform === "node";
  const outfile = join(cache, inNode ? "tfjs-node.cjs" : "tfjs-browser.mjs");
  const contents = `
    export * as tf from "@tensorflow/tfjs-core";
    export { setWasmPaths, setThreadsCount, getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
    ${inNode ? "" : 'import "@tensorflow/tfjs-backend-webgpu";'}`;
  const options = { bundle: true, platform, format: inNode ? "cjs" : "esm", target: "es2022", logLevel: "error" };
  await build({ stdin: { contents, resolveDir: folder }, outfile, ...options });
  return outfile;
}

const tfjs = (device, backend, mostThreads) => ({
  device,
  peer: "@tensorflow/tfjs",
  module: "tfjs.mjs",
  onGpu: backend === "webgpu",
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

/** What the others' speeds are related to; the former has " WASM" or " WebGPU" behind it. */
export const WEB = "onnxruntime-web";
export const NATIVE = "onnxruntime-node";

/** Kind of host -> peers. */
const peers = {
  node: [
    ort(`${WEB} WASM`, "onnxruntime-web/dist/ort.node.min.mjs", "wasm"),
    ort(NATIVE, "onnxruntime-node/dist/index.js", "cpu"),
    transformers("transformers.js (onnxruntime-node)", "transformers.node.mjs", "cpu"),
    // in Node its WASM backend has no threads
    tfjs("tfjs WASM", "wasm", 1),
  ],
  browser: [
    ort(`${WEB} WASM`, "onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "wasm"),
    transformers("transformers.js WASM", "transformers.min.js", "wasm"),
    tfjs("tfjs WASM", "wasm"),
    ort(`${WEB} WebGPU`, "onnxruntime-web/dist/ort.webgpu.bundle.min.mjs", "webgpu"),
    tfjs("tfjs WebGPU", "webgpu"),
  ],
};

/** What `startAll` takes, of the peers that compute on the CPU with `threads` threads, or on the GPU where that is undefined. */
export const peersOf = (host, key, batch, threads) =>
  peers[host.kind]
    .filter(({ onGpu = false, mostThreads = Infinity }) =>
      threads === undefined ? onGpu : !onGpu && threads <= mostThreads,
    )
    .map(({ device, peer, module, spec }) => ({
      name: `${device}, ${threads ?? "no"} threads`,
      version: `${peer} ${versions[peer]}`,
      row: { device, dtype: "f32", threads },
      module,
      spec: async () => ({ ...(await spec(host, key)), batch, threads: threads ?? 1 }),
    }));

/** Those whose cold starts are measured: onnxruntime-node first. */
export const coldPeers = (host, key, threads) =>
  peersOf(host, key, 1, threads)
    .filter(({ module }) => module === "ort.mjs")
    .reverse();
