/** Loading needs one tensor's memory on the host: what is read, widened and uploaded lies in buffers that are used again. */

import { describe, expect, it } from "vitest";
import { Storage } from "../gpu/storage.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { openCheckpoint } from "../sdk/checkpoint/index.js";
import { writeNpy, writeNpz, writeSafetensors, writeTorch } from "../sdk/entries/node.js";
import { bytesSource } from "../sdk/io/source.js";
import { f16ToF32, f32ToF16 } from "../sdk/wasm/half.js";
import { altered, realAdapter } from "./fake-gpu.js";
import { dice } from "./helpers.js";
import { describeOn } from "./needs.js";

/** Numbers that f16 and bf16 hold exactly. */
function numbers(count: number): Float32Array<ArrayBuffer> {
  const draw = dice(count);
  return Float32Array.from({ length: count }, () => draw(256) - 128);
}

const same = (a: Float32Array, b: Float32Array) => a.length === b.length && a.every((value, i) => value === b[i]);

/** More than two chunks of what is widened at once. */
const shape = [601, 1001];
const data = numbers(601 * 1001);
const tensors = (dtype: "F32" | "F16" | "BF16") => [["w", { data, shape, dtype }]] as const;

describe("a tensor read into memory that is used again", () => {
  it.each([
    ["torch f32", writeTorch(tensors("F32"))],
    ["torch f16", writeTorch(tensors("F16"))],
    ["torch bf16", writeTorch(tensors("BF16"))],
    ["safetensors f32", writeSafetensors(tensors("F32"))],
    ["safetensors f16", writeSafetensors(tensors("F16"))],
    ["safetensors bf16", writeSafetensors(tensors("BF16"))],
    ["npz f32", writeNpz([["w", writeNpy({ data, shape })]])],
  ])("%s: needs no other", async (_, file) => {
    const inner = bytesSource(file);
    const buffers = new Set<ArrayBufferLike | undefined>();
    const read = (offset: number, length: number, into?: Uint8Array) => {
      if (length > 10_000) buffers.add(into?.buffer);
      return inner.read(offset, length, into);
    };
    const checkpoint = await openCheckpoint({ ...inner, read });
    buffers.clear();
    // larger than the tensor, and full of what another one left
    const staging = new Float32Array(data.length + 1000).fill(Number.NaN);
    const got = await checkpoint.get("w", { take: (count) => staging.subarray(0, count) });
    expect(same(got.data, data)).toBe(true);
    expect([got.data.buffer, ...buffers]).toEqual([staging.buffer, staging.buffer]);
    expect(staging[data.length]).toBeNaN();
  });
});

describe("a parameter in the GPU's layout", () => {
  const halves = { to: f32ToF16, from: f16ToF32 };

  /** The definition: [k, n rounded up to 4], zeros behind n. */
  function packed(weight: Float32Array, n: number, k: number): Float32Array {
    const width = Math.ceil(n / 4) * 4;
    return Float32Array.from({ length: k * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return column < n ? weight[column * k + row] : 0;
    });
  }

  it.each([
    ["f32", 1001, 601],
    ["f16", 1001, 601],
    ["f32", 4, 300_001],
    ["f32", 200_001, 3],
    ["f16", 3, 1],
  ] as const)("%s [%i,%i] comes in pieces of little memory", (stored, n, k) => {
    const storage = new Storage(stored === "f16" ? halves : undefined);
    const weight = numbers(n * k);
    // a larger one before it, whose numbers must not show
    for (const _ of storage.pieces(new Float32Array(1003 * 700).fill(7), { n: 1003, k: 700 }));
    const wanted = storage.encode(packed(weight, n, k)).slice();
    const found = new Uint8Array(wanted.length);
    const buffers = new Set<ArrayBuffer>();
    let end = 0;
    for (const { at, bytes } of storage.pieces(weight, { n, k })) {
      expect([at, bytes.length % 4]).toEqual([end, 0]);
      found.set(bytes, at);
      end = at + bytes.length;
      buffers.add(bytes.buffer);
    }
    expect(end).toBe(wanted.length);
    expect(Buffer.compare(found, wanted)).toBe(0);
    expect(buffers.size).toBe(1);
    // half a megabyte, or one row where that is longer
    for (const { byteLength } of buffers) expect(byteLength).toBeLessThanOrEqual(Math.max(2 ** 19, 4 * (n + 3)));
  });

  it("that is read otherwise too: as it lies, or narrowed in pieces", () => {
    const data = numbers(300_001);
    const [whole, ...none] = new Storage().pieces(data);
    expect([whole.at, whole.bytes.buffer, none]).toEqual([0, data.buffer, []]);
    const storage = new Storage(halves);
    const found = new Uint16Array(300_002);
    let pieces = 0;
    for (const { at, bytes } of storage.pieces(data)) {
      new Uint8Array(found.buffer).set(bytes, at);
      pieces++;
    }
    expect(pieces).toBe(3);
    expect(same(f16ToF32(found).subarray(0, 300_001), data)).toBe(true);
  });

  describeOn("Dawn", "on WebGPU", () => {
    it("goes to the queue so, and comes back", async () => {
      const sizes: number[] = [];
      const real = await realAdapter();
      const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
        const device = await real.requestDevice(descriptor);
        const writeBuffer = (buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>) => {
          sizes.push(bytes.buffer.byteLength);
          device.queue.writeBuffer(buffer, offset, bytes);
        };
        return altered(device, { queue: altered(device.queue, { writeBuffer }) });
      };
      const device = await openWebGpu(altered(real, { requestDevice }), {});
      const value = { name: "w", shape, role: "param", layout: "packed" } as const;
      const buffer = await device.param(value, data);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 19);
      expect(sizes.length).toBeLessThan(10);
      expect(same(await device.read(buffer, data.length), data)).toBe(true);
      expect(device.memory().used).toBe(4 * 1001 * 604);
      device.destroy();
    });
  });
});
