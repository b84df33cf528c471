// Files of a model's weights: one for this package and one for ONNX Runtime, with the same numbers. Made once.

import { open } from "node:fs/promises";
import { streamSafetensors } from "../../dist/node.js";
import { models } from "./contenders/images.mjs";
import { inside, once } from "./inside.mjs";
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

const stream = streamSafetensors;
export const safetensorsFile = (key) =>
  once(`${key}.safetensors`, (path) => writeWeights(path, models[key].name, { stream, dtype: "F32" }));

export const onnxFile = (key) =>
  once(`${key}.onnx`, async (path) => write(path, onnxModel(await parametersOf(models[key].name))));
