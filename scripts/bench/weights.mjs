// Files of a model's weights: one for this package and one for ONNX Runtime, with the same numbers. Made once.

import { existsSync, renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { streamSafetensors } from "../../dist/node.js";
import { models } from "./contenders/images.mjs";
import { cache, inside } from "./inside.mjs";
import { onnxModel } from "./peers/onnx.mjs";

const parametersOf = async (model) => (await inside()).parametersOf(model);

async function write(path, parts) {
  const file = await open(path, "w");
  for await (const part of parts) await file.writeFile(part);
  await file.close();
}

/** Writes a registered model's procedural weights by `streamTorch` or `streamSafetensors`; gives the size of the largest tensor. */
export async function writeWeights(path, model, { stream, dtype }) {
  const { params } = await parametersOf(model);
  await write(path, stream(params.map((param) => ({ ...param, dtype, read: async () => param.read() }))));
  return Math.max(...params.map(({ shape }) => shape.reduce((a, b) => a * b, 1)));
}

/** The file's path; `make(path)` writes it whole or not at all, unless it is there. */
async function once(name, make) {
  const path = join(cache, name);
  if (existsSync(path)) return path;
  await make(`${path}.part`);
  renameSync(`${path}.part`, path);
  return path;
}

const stream = streamSafetensors;
export const safetensorsFile = (key) =>
  once(`${key}.safetensors`, (path) => writeWeights(path, models[key].name, { stream, dtype: "F32" }));

export const onnxFile = (key) =>
  once(`${key}.onnx`, async (path) => write(path, onnxModel(await parametersOf(models[key].name))));
