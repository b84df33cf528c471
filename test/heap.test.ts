/** The host's heap in WASM memory: blocks never overlap, freed space is used again, a refusal to grow is a typed error. */

import { afterEach, describe, expect, it } from "vitest";
import { uniform } from "../conformance/ops/define.js";
import { OutOfMemoryError } from "../gpu/errors.js";
import { bestBuild, createKernels } from "../sdk/device/builds.js";
import { Heap } from "../sdk/wasm/heap.js";
import { rounds } from "./helpers.js";

describe("Heap", () => {
  it("hands out aligned blocks that never overlap, over random use", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1 }), 1000);
    const draw = uniform(3);
    const live = new Map<number, number>();
    for (let i = 0; i < rounds(3000); i++) {
      if (live.size > 0 && draw() < 0) {
        const start = [...live.keys()][Math.floor(((draw() + 1) / 2) * live.size)];
        heap.release(start);
        live.delete(start);
        continue;
      }
      const bytes = Math.floor((draw() + 1) * 5000);
      const start = heap.alloc(bytes);
      expect(start % 64).toBe(0);
      expect(start).toBeGreaterThanOrEqual(1000);
      for (const [other, size] of live) expect(start + bytes <= other || other + size <= start).toBe(true);
      live.set(start, Math.max(bytes, 1));
    }
    for (const start of live.keys()) heap.release(start);
    expect(heap.used).toBe(0);
    expect(heap.alloc(10)).toBe(1024);
  });

  it("uses freed space again", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const heap = new Heap(memory, 0);
    for (let i = 0; i < 1000; i++) heap.release(heap.alloc(1 << 20));
    expect(memory.buffer.byteLength).toBeLessThan(2 << 20);
    expect(heap.peak).toBe(1 << 20);
  });

  it("says how much was missing where the memory cannot grow, and stays usable", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 0);
    expect(() => heap.alloc(1 << 20)).toThrow(OutOfMemoryError);
    expect(heap.used).toBe(0);
    expect(heap.alloc(1000)).toBe(0);
  });

  it("refuses to free what it did not hand out", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1 }), 0);
    expect(() => heap.release(64)).toThrow(/not an allocated block/);
  });
});

describe("the memory of a core", () => {
  const { Memory } = WebAssembly;
  afterEach(() => {
    WebAssembly.Memory = Memory;
  });

  /** An engine that reserves no more than so many pages. */
  function engine(most: number): void {
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if ((descriptor.maximum ?? 0) > most) throw new RangeError("could not allocate memory");
        super(descriptor);
      }
    };
  }

  it("is as large as the engine allows", () => {
    engine(20_000);
    const { heap, memory } = createKernels(bestBuild(), 2);
    expect(heap.alloc(2 ** 20)).toBeGreaterThan(0);
    expect(() => memory.grow(16384)).toThrow(RangeError);
    const pages = memory.buffer.byteLength / 65536;
    expect(memory.grow(16384 - pages)).toBe(pages);
  });

  it("is a typed error where the engine allows next to none", () => {
    engine(4000);
    expect(() => createKernels(bestBuild(), 2)).toThrow(
      expect.objectContaining({ name: "OutOfMemoryError", code: "DEVICE_MEMORY" }),
    );
  });
});
