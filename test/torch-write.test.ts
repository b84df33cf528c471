/** Files of ours in torch's format, read back; and members behind 2 and 4 GB. */

import { mkdtempSync, rmSync } from "node:fs";
import { open as openFile, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { pickleCheckpoint } from "../sdk/checkpoint/torch/pickle-write.js";
import { ZipWriter } from "../sdk/checkpoint/torch/zip-write.js";
import { openCheckpoint, type Plain, streamTorch, writeTorch } from "../sdk/entries/node.js";
import { crc32 } from "../sdk/io/crc32.js";
import { codeOf, latin1 } from "./helpers.js";

const folder = mkdtempSync(join(tmpdir(), "maskfeat-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bits = (x: Float32Array) => [...new Uint32Array(x.slice().buffer)];
const data = Float32Array.of(0, -0, 1, -2.5, 1e-3, 65504, Math.PI, 3.4e38);
const tensors = [
  ["b.weight", { data, shape: [2, 4] }],
  ["half", { data: data.map((x) => Math.min(x, 65504)), shape: [8], dtype: "F16" }],
  ["brain", { data: data.map((x) => Math.min(x, 65504)), shape: [4, 2], dtype: "BF16" }],
  ["__proto__", { data: Float32Array.of(7), shape: [] }],
  ["empty", { data: new Float32Array(0), shape: [0, 5] }],
] as const;

describe("writeTorch", () => {
  it("is read back: names, shapes, bits and meta", async () => {
    const meta = new Map<string, Plain>([
      ["epoch", 3],
      ["big", -(2n ** 70n)],
      ["small", -129],
      ["wide", 2 ** 40],
      ["lr", 1.5e-3],
      ["dataset_meta", new Map([["classes", ["cat", "möwe"]]])],
      ["flags", [true, false, null]],
    ]);
    const checkpoint = await openCheckpoint(writeTorch(tensors, { meta }));
    expect(checkpoint.format).toBe("torch");
    expect(checkpoint.names).toEqual(tensors.map(([name]) => name));
    expect(checkpoint.extra).toEqual(new Map([["meta", meta]]));
    expect(checkpoint.opaque).toEqual([]);
    expect(bits((await checkpoint.get("b.weight")).data)).toEqual(bits(data));
    expect(checkpoint.info("half")).toEqual({ dtype: "F16", shape: [8] });
    expect((await checkpoint.get("brain")).data.slice(2, 4)).toEqual(Float32Array.of(1, -2.5));
    expect(await checkpoint.get("__proto__")).toEqual({ data: Float32Array.of(7), shape: [] });
    expect(await checkpoint.get("empty")).toEqual({ data: new Float32Array(0), shape: [0, 5] });
  });

  it("streams the same bytes", async () => {
    const lazy = tensors.map(([name, tensor]) => ({
      name,
      dtype: "F32" as const,
      ...tensor,
      read: async () => tensor.data,
    }));
    const parts: Uint8Array[] = [];
    for await (const part of streamTorch(lazy)) parts.push(part);
    expect(Buffer.concat(parts).equals(writeTorch(tensors))).toBe(true);
  });

  it("refuses what it cannot write", async () => {
    const one = { data: Float32Array.of(1), shape: [1] };
    expect(await codeOf(() => writeTorch([["a", { ...one, shape: [2] }]]))).toBe("SHAPE_MISMATCH");
    expect(await codeOf(() => writeTorch([["a", one] as const, ["a", one] as const]))).toBe("CKPT_DUPLICATE");
    const meta = new Map([["hook", { global: "os.system" }]]);
    expect(await codeOf(() => writeTorch([["a", one]], { meta }))).toBe("OPT_VALUE");
  });

  it("computes the checksum that everybody does", () => {
    expect(crc32(latin1("123456789"))).toBe(0xcbf43926);
    expect(crc32(latin1("6789"), crc32(latin1("12345")))).toBe(0xcbf43926);
  });
});

/** A sparse file with a tensor of `bytes` zeros before a small one. */
async function sparse(path: string, bytes: number): Promise<void> {
  const blocks = [
    { name: "first", shape: [bytes / 4], dtype: "F32" as const },
    { name: "last", shape: [3], dtype: "F32" as const },
  ];
  const file = await openFile(path, "w");
  const zip = new ZipWriter();
  let at = 0;
  const put = async (...parts: readonly Uint8Array[]) => {
    for (const part of parts) {
      await file.write(part, 0, part.length, at);
      at += part.length;
    }
  };
  const pickle = pickleCheckpoint(blocks, new Map());
  await put(...zip.begin("archive/data.pkl", pickle.length), pickle, zip.end(crc32(pickle)));
  await put(...zip.begin("archive/data/0", bytes));
  at += bytes;
  await put(zip.end(0));
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  await put(...zip.begin("archive/data/1", 12), numbers, zip.end(crc32(numbers)), ...zip.finish());
  await file.close();
}

describe("large files", async () => {
  const { bavail, bsize } = await statfs(folder);
  // Sparse, but a file system that does not know holes would fill up.
  const room = bavail * bsize;

  it.each([
    ["2 GB", 2 ** 31 + 4096],
    ["4 GB", 2 ** 32 + 4096],
    ["16 GB", 2 ** 34],
  ])("reads what lies behind %s", async (name, bytes) => {
    if (room < 2 * bytes) return console.log(`skipped: ${name}: only ${room} bytes are free`);
    const path = join(folder, `${name}.pth`);
    await sparse(path, bytes);
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.info("first")).toEqual({ dtype: "F32", shape: [bytes / 4] });
    expect(await checkpoint.get("last")).toEqual({ data: Float32Array.of(1, 2, 3), shape: [3] });
    await checkpoint.close();
    rmSync(path);
  });
});
