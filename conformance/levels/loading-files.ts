/** Files of weights as other libraries write them, made in memory: names and layouts are the library's, numbers follow from the names. */

import { sizeOf } from "../../sdk/base/tensor.js";
import type { StoredDtype, TensorToWrite } from "../../sdk/checkpoint/encode.js";
import { openCheckpoint } from "../../sdk/checkpoint/index.js";
import { writeSafetensors } from "../../sdk/checkpoint/safetensors-write.js";
import { writeTorch } from "../../sdk/checkpoint/torch-write.js";
import { bytesSource } from "../../sdk/io/source.js";
import { fill } from "./pipeline-rows.js";

/** What a file holds, as scripts/golden/loaded.py describes it. */
export interface FileRows {
  readonly format: "safetensors" | "torch";
  /** How values are stored; default F32. */
  readonly dtype?: StoredDtype;
  /** Name, shape, and the offset and scale of the fill, in the order of the files where there are several. */
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], offset: number, scale: number])[];
  /** Tensors in each of several files under an index; default: one file. */
  readonly shards?: readonly number[];
  /** Names of classes that the file itself has, as mmengine writes them. */
  readonly classes?: readonly string[];
}

type Tensors = [string, TensorToWrite][];

/** The bytes of the file. @throws CheckpointError if its shards cannot be read */
export async function bytesOfFile({ format, dtype, tensors, shards, classes }: FileRows): Promise<Uint8Array> {
  const made = tensors.map(([name, shape, offset, scale]): Tensors[number] => {
    return [name, { data: fill(name, sizeOf(shape), offset, scale), shape, dtype }];
  });
  if (shards) return safetensors(await read(split(made, shards), dtype));
  const meta = new Map(classes && [["dataset_meta", new Map([["classes", classes]])]]);
  return format === "torch" ? writeTorch(made, { meta }) : safetensors(made);
}

/** With the metadata that PyTorch's own writer leaves. */
const safetensors = (tensors: Tensors) => writeSafetensors(tensors, [["format", "pt"]]);

/** {file's name: its tensors}, so many in each. */
function split(tensors: Tensors, counts: readonly number[]): Map<string, Tensors> {
  let at = 0;
  const number = (i: number) => String(i).padStart(5, "0");
  return new Map(
    counts.map((count, i) => {
      const name = `model-${number(i + 1)}-of-${number(counts.length)}.safetensors`;
      at += count;
      return [name, tensors.slice(at - count, at)];
    }),
  );
}

/** Reads all tensors through the index, which takes a path or a URL: weights in memory have no files beside them. */
async function read(files: ReadonlyMap<string, Tensors>, dtype?: StoredDtype): Promise<Tensors> {
  const named = [...files].flatMap(([file, tensors]) => tensors.map(([name]) => [name, file] as const));
  const index = JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(named) });
  const source = bytesSource(new TextEncoder().encode(index), "model.safetensors.index.json");
  const open = async (name: string) => bytesSource(safetensors(files.get(name) as Tensors), name);
  const checkpoint = await openCheckpoint(source, open);
  const tensors: Tensors = [];
  for (const name of checkpoint.names) tensors.push([name, { ...(await checkpoint.get(name)), dtype }]);
  await checkpoint.close();
  return tensors;
}
