// Files of a model's weights: one for this package and one for ONNX Runtime, with the same numbers. Made once.

import { existsSync, renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { streamSafetensors } from "../../dist/node.js";
import { models } from "./contenders/images.mjs";
import { cache, inside } from "./inside.mjs";
import { onnxModel } from "./peers/onnx.mjs";

/** Writes the file whole or not at all, unless it is there. Returns its path. */
async function once(path, parts) {
  if (existsSync(path)) return path;
  const file = await open(`${path}.part`, "w");
  for await (const part of parts()) await file.write(part);
  await file.close();
  renameSync(`${path}.part`, path);
  return path;
}

const parametersOf = async (key) => (await inside()).parametersOf(models[key].name);

export const safetensorsFile = (key) =>
  once(join(cache, `${key}.safetensors`), async function* () {
    const { params } = await parametersOf(key);
    yield* streamSafetensors(params.map((param) => ({ ...param, dtype: "F32", read: async () => param.read() })));
  });

export const onnxFile = (key) =>
  once(join(cache, `${key}.onnx`), async function* () {
    yield* onnxModel(await parametersOf(key));
  });
