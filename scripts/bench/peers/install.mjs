// The peers, in a folder of their own: none is a dependency of the package.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../inside.mjs";
import { npmInstall } from "../node.mjs";

const versions = {
  "onnxruntime-node": "1.30.0",
  "onnxruntime-web": "1.30.0",
  "@huggingface/transformers": "4.3.1",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
};

export const peersFolder = join(root, ".cache/peers");

/** Path of a file or folder of a peer's package. */
export const peerFile = (path) => join(peersFolder, "node_modules", path);

export const peerVersion = (name) => versions[name];

export const installed = () => Object.keys(versions).every((name) => existsSync(peerFile(name)));

/** Installs what is missing: about 1 GB. No install script is run. */
export function installPeers() {
  if (installed()) return;
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  npmInstall(peersFolder, packages);
}
