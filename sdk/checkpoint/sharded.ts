/**
 * Weights in several safetensors files under an index (`model.safetensors.index.json`, as Hugging Face writes it): `weight_map` says in
 * which file each tensor is. Headers are read when it is opened, tensors when they are wanted.
 */

import { FileError } from "../../gpu/errors.js";
import type { ByteSource } from "../io/types.js";
import { type Fail, failer, quoted } from "./fail.js";
import { openFile, type Stored } from "./file.js";
import { readJson } from "./json.js";
import { openSafetensors } from "./safetensors.js";
import type { Checkpoint } from "./types.js";

/** Opens the file of this name in the folder of the index. @throws FileError; OptionError if the index is in no folder */
export type OpenBeside = (name: string) => Promise<ByteSource>;

/** The index of a model of a million tensors is smaller. */
const MAX_INDEX = 100_000_000;

/**
 * Opens an index and the files that it names. Closes `source`.
 * @throws CheckpointError CKPT_HEADER, CKPT_DUPLICATE, CKPT_MISMATCH if index and files contradict each other; FileError if a file
 * is missing; the errors of `openSafetensors`
 */
export async function openSharded(source: ByteSource, beside?: OpenBeside): Promise<Checkpoint> {
  const { name: index } = source;
  const fail = failer(index);
  const shards = new Map<string, Checkpoint>();
  const close = async () => void (await Promise.all([...shards.values()].map((shard) => shard.close())));
  return openFile({ name: index, close }, "safetensors", async () => {
    const map = await readIndex(source, fail).finally(() => source.close());
    if (!beside)
      return fail("CKPT_FORMAT", "an index of sharded weights, whose files are not at hand; give its path or URL");
    for (const name of new Set(map.values())) shards.set(name, await openShard(name, beside, index));
    checkShards(map, shards, fail);
    const tensors = [...shards.values()].flatMap((shard) =>
      shard.names.map((name): [string, Stored] => {
        const read: Stored["read"] = async (out) => void (await shard.get(name, { take: () => out }));
        return [name, { ...shard.info(name), read }];
      }),
    );
    const metadata = [...shards.values()].flatMap((shard) => [...shard.metadata]);
    return { tensors: new Map(tensors), metadata: new Map(metadata) };
  });
}

/** Tensor -> file. */
async function readIndex(source: ByteSource, fail: Fail): Promise<Map<string, string>> {
  if (source.size > MAX_INDEX) fail("CKPT_HEADER", `an index of ${source.size} bytes, at most ${MAX_INDEX} are read`);
  const index = readJson(await source.read(0, source.size), "index", fail);
  const map = index instanceof Map ? index.get("weight_map") : undefined;
  if (!(map instanceof Map) || map.size === 0) {
    return fail(
      "CKPT_HEADER",
      'JSON without a "weight_map" of tensors to files: expected an index of sharded safetensors files',
    );
  }
  for (const [tensor, file] of map) {
    // a plain name: an index must not lead out of its folder
    if (typeof file !== "string" || !/^[^/\\:\0]+\.safetensors$/.test(file)) {
      fail("CKPT_HEADER", `weight_map: ${quoted(tensor)} is in no .safetensors file of this folder`);
    }
  }
  return map as Map<string, string>;
}

async function openShard(name: string, beside: OpenBeside, index: string): Promise<Checkpoint> {
  let source: ByteSource;
  try {
    source = await beside(name);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new FileError(error.code, `${index}: its file ${name} cannot be read: ${error.message}`, { cause: error });
  }
  return openSafetensors(source);
}

/** Every tensor has to be in the file that the index names, and in no other. */
function checkShards(map: ReadonlyMap<string, string>, shards: ReadonlyMap<string, Checkpoint>, fail: Fail): void {
  const found = new Map<string, string>();
  for (const [file, shard] of shards) {
    for (const name of shard.names) {
      const other = found.get(name);
      if (other !== undefined) fail("CKPT_DUPLICATE", `${quoted(name)} is in ${other} and in ${file}`);
      found.set(name, file);
    }
  }
  for (const [name, file] of map) {
    const actual = found.get(name) ?? "none of its files";
    if (actual !== file) fail("CKPT_MISMATCH", `${quoted(name)} should be in ${file} and is in ${actual}`);
  }
  const extra = [...found].find(([name]) => !map.has(name));
  if (extra) fail("CKPT_MISMATCH", `${extra[1]} holds ${quoted(extra[0])}, which the index does not list`);
}
