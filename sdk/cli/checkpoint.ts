/** The commands about files of weights: `inspect` lists what is in one, `convert` writes one in another format. Neither runs anything. */

import { basename, dirname, extname, join } from "node:path";
import { Command, Option } from "commander";
import {
  type Checkpoint,
  type CheckpointOptions,
  openCheckpoint,
  type Plain,
  type PlainMap,
  type StoredDtype,
  streamSafetensors,
  streamTorch,
  type TensorToStream,
} from "../entries/node.js";
import { type FileInParts, hashFile, writeInParts } from "../platform/node-files.js";
import { count } from "../report/text.js";
import { misuse } from "./errors.js";
import { checkTarget, extensionOf } from "./files.js";
import { addEmaOptions, choiceOption } from "./options.js";
import { type Context, type Define, table } from "./output.js";
import { isRemote, pathOf } from "./read.js";

export function inspectCommand(define: Define): Command {
  const command = new Command("inspect")
    .description("what a file of weights holds; nothing in it is run")
    .argument("<file>", "a .pth, .safetensors or .npz file, or its URL");
  return define(addEmaOptions(command), inspectWork, ["inspect model.pth", "inspect model.safetensors --json"]);
}

async function inspectWork({ output, signal }: Context, [path]: [string], { ema }: CheckpointOptions) {
  const checkpoint = await openCheckpoint(path, { signal, ema });
  try {
    const { format, names, opaque, refused, warnings } = checkpoint;
    for (const warning of warnings) output.warn(warning);
    const tensors = names.filter((name) => !refused.has(name)).map((name) => ({ name, ...checkpoint.info(name) }));
    const meta = toJson(metaOf(checkpoint));
    const sha256 = isRemote(path) ? null : await hashFile(pathOf(path), signal);
    const rows = tensors.map(({ name, shape, dtype }) => [name, `[${shape}]`, dtype]);
    const lines = [`${path}: ${format}, ${count(tensors.length, "tensor")}`, `sha256  ${sha256 ?? "-"}`, ""];
    lines.push(table(["tensor", "shape", "dtype"], rows), "", `meta    ${shortened(JSON.stringify(meta))}`);
    for (const { path: where, global } of opaque)
      lines.push(`opaque  ${where}: ${global} (not loaded: rebuilding it would run code)`);
    return { fields: { format, tensors, meta, opaque, sha256 }, lines };
  } finally {
    await checkpoint.close();
  }
}

/** What a file says beside its weights: of torch all other keys, of safetensors the metadata. */
function metaOf({ extra, metadata }: Checkpoint): Plain {
  return extra.size > 0 ? extra : new Map(metadata);
}

const shortened = (text: string) => (text.length > 2000 ? `${text.slice(0, 2000)} ... (--json shows all)` : text);

interface ConvertFlags extends CheckpointOptions {
  readonly dtype?: "f32" | "f16" | "bf16";
  readonly shard?: number;
}

const dtypes = ["f32", "f16", "bf16"];

export function convertCommand(define: Define): Command {
  const command = new Command("convert")
    .description("writes weights in another format, or rounded")
    .argument("<in>", "a .pth or .safetensors file")
    .argument("<out>", "a .pth or .safetensors file")
    .addOption(choiceOption("--dtype <type>", "dtype of the tensors (default: their own)", dtypes))
    .addOption(shardOption());
  return define(addEmaOptions(command), convertWork, [
    "convert epoch_300.pth weights.safetensors",
    "convert model.pth model.safetensors --dtype f16 --shard 500MB",
  ]);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KB: 1e3, MB: 1e6, GB: 1e9 };

function shardOption(): Option {
  const help = "at most so many bytes of tensors in a file (500MB, 2GB), with an index";
  return new Option("--shard <size>", help).argParser((text) => {
    const [, digits, unit = ""] = /^(\d{1,15})(KB|MB|GB)?$/i.exec(text) ?? [];
    const size = Number(digits) * UNITS[unit.toUpperCase()];
    if (!(Number.isSafeInteger(size) && size > 0)) {
      misuse(`--shard must be a size as in 500MB or 2GB, got ${JSON.stringify(text)}`);
    }
    return size;
  });
}

async function convertWork(context: Context, [from, to]: [string, string], { dtype, shard, ema }: ConvertFlags) {
  checkTarget("<out>", to, [".pth", ".safetensors"]);
  const isTorch = extensionOf(to) === ".pth";
  if (shard !== undefined && isTorch) {
    misuse("--shard: a .pth file is one file; write .safetensors");
  }
  const checkpoint = await openCheckpoint(from, { signal: context.signal, ema });
  try {
    for (const warning of checkpoint.warnings) context.output.warn(warning);
    const tensors = tensorsOf(checkpoint, dtype, context);
    const files = isTorch ? [torchFile(to, checkpoint, tensors)] : shards(to, checkpoint, tensors, shard);
    const { bytes, sha256 } = await writeInParts(files);
    const paths = files.map(({ path }) => path);
    const line = `${from}: ${count(tensors.length, "tensor")} -> ${paths.join(", ")} (${bytes} bytes)`;
    return { fields: { files: paths, tensors: tensors.length, bytes, sha256 }, lines: [line, `sha256  ${sha256}`] };
  } finally {
    await checkpoint.close();
  }
}

/** Types that are stored as they are; others become f32. */
const isStored = (dtype: string): dtype is StoredDtype => Object.hasOwn(BYTES, dtype);

/** Each tensor is read over the one before it. */
function tensorsOf(
  checkpoint: Checkpoint,
  dtype: ConvertFlags["dtype"],
  { output, signal }: Context,
): TensorToStream[] {
  const { names } = checkpoint;
  const rounded = dtype ? [] : names.filter((name) => !isStored(checkpoint.info(name).dtype));
  if (rounded.length > 0) {
    output.note(`${count(rounded.length, "tensor")} of other types become f32: ${rounded.slice(0, 4).join(", ")}`);
  }
  let buffer = new Float32Array(0);
  const staging = {
    take(size: number) {
      if (buffer.length < size) buffer = new Float32Array(size);
      return buffer.subarray(0, size);
    },
  };
  return names.map((name, i) => {
    const { shape, dtype: stored } = checkpoint.info(name);
    return {
      name,
      shape,
      dtype: dtype ? (dtype.toUpperCase() as StoredDtype) : isStored(stored) ? stored : "F32",
      async read() {
        signal.throwIfAborted();
        output.progress("converting", i, names.length);
        return (await checkpoint.get(name, staging)).data;
      },
    };
  });
}

function torchFile(path: string, { extra, metadata }: Checkpoint, tensors: readonly TensorToStream[]): FileInParts {
  const own = extra.get("meta");
  const meta = own instanceof Map ? own : new Map([...metadata].map(([key, text]) => [key, parsed(text)]));
  return { path, parts: streamTorch(tensors, { meta: withoutOpaque(flat(meta)) as PlainMap }) };
}

/** The meta that `convert` once wrote as a text, as it was. */
function flat(meta: PlainMap): PlainMap {
  const inner = meta.get("meta");
  return inner instanceof Map ? (inner as PlainMap) : meta;
}

/** Safetensors metadata holds only text: what `convert` wrote as JSON becomes data again. */
function parsed(text: string): Plain {
  try {
    return /^[[{]/.test(text) ? fromJson(JSON.parse(text)) : text;
  } catch {
    return text;
  }
}

function textsOf({ extra, metadata }: Checkpoint): Map<string, string> {
  const meta = extra.get("meta");
  const texts = meta === undefined ? metadata : [["meta", JSON.stringify(toJson(withoutOpaque(meta)))] as const];
  return new Map([["format", "pt"], ...texts]);
}

const BYTES = { F32: 4, F16: 2, BF16: 2 } as const;
const bytesOf = ({ shape, dtype }: TensorToStream) => shape.reduce((product, n) => product * n, BYTES[dtype]);

/** One file, or files of at most `limit` bytes of tensors each (a larger tensor has its own) and the index that Hugging Face uses. */
function shards(
  path: string,
  checkpoint: Checkpoint,
  tensors: readonly TensorToStream[],
  limit?: number,
): FileInParts[] {
  const texts = textsOf(checkpoint);
  if (limit === undefined) return [{ path, parts: streamSafetensors(tensors, texts) }];
  const groups: TensorToStream[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const size = bytesOf(tensor);
    if (size > room || groups.length === 0) {
      groups.push([]);
      room = limit;
    }
    groups[groups.length - 1].push(tensor);
    room -= size;
  }
  const five = (n: number) => String(n).padStart(5, "0");
  const stem = basename(path, extname(path));
  const named = (i: number) => `${stem}-${five(i + 1)}-of-${five(groups.length)}.safetensors`;
  const map = groups.flatMap((group, i) => group.map(({ name }) => [name, named(i)] as const));
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const index = `${JSON.stringify({ metadata: { total_size: total }, weight_map: Object.fromEntries(map) }, null, 1)}\n`;
  return [
    ...groups.map((group, i) => ({ path: join(dirname(path), named(i)), parts: streamSafetensors(group, texts) })),
    { path: `${path}.index.json`, parts: [new TextEncoder().encode(index)] },
  ];
}

/** As JSON: markers as `{"opaque": name}`, bytes by their number, numbers that JSON lacks as text. */
function toJson(value: Plain): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return { bytes: value.length };
  // Entries become own fields, whatever their names.
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  if (Array.isArray(value)) return value.map(toJson);
  return { opaque: (value as { global: string }).global };
}

/** From parsed JSON: objects as Maps. */
function fromJson(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value as Plain;
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

/** Without markers and bytes, which our writers do not write. */
function withoutOpaque(value: Plain): Plain {
  if (value instanceof Map) {
    const kept = [...(value as PlainMap)].filter(([, item]) => isData(item));
    return new Map(kept.map(([key, item]) => [key, withoutOpaque(item)]));
  }
  return Array.isArray(value) ? value.filter(isData).map(withoutOpaque) : value;
}

const isData = (value: Plain) =>
  value === null || typeof value !== "object" || value instanceof Map || Array.isArray(value);
