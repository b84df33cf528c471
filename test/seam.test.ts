/** The seam between what to compute and who computes it: layouts, several outputs, state, and what a run and a read do. */

import { describe, expect, it } from "vitest";
import type { Device } from "../gpu/device.js";
import { fuse } from "../gpu/graph/fuse.js";
import { size } from "../gpu/graph/op.js";
import { plan } from "../gpu/graph/plan.js";
import { Tape, type Value } from "../gpu/graph/tape.js";
import { op, perElement } from "../gpu/ops/home.js";
import { ops } from "../gpu/ops/index.js";
import { openWebGpu } from "../gpu/webgpu.js";
import { bestBuild } from "../sdk/device/builds.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import { loadModel } from "../sdk/model/load.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { adapterOf, realAdapter, withAdapter } from "./fake-gpu.js";
import { describeOn } from "./needs.js";
import { tiny } from "./tiny.js";

const sumText = `
@group(0) @binding(0) var<storage, read_write> total: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&x)) {
    total[id.x] += x[id.x];
  }
}`;
const sum = { name: "test_accumulate", text: sumText };

const copyText = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
override FIRST: u32;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&y)) {
    y[id.x] = x[FIRST + id.x];
  }
}`;
const copy = { name: "test_copy", text: copyText };

const table = {
  ...ops,
  /** total += x, in place. */
  accumulate: op({
    inputs: ["total", "x"], // [n], [n]
    outputs: [],
    updates: ["total"],
    shape: () => [],
    kernels: [sum],
    webgpu: ({ inputs: [, x] }) => ({ file: sum, constants: {}, grid: perElement(x) }),
    wasm: ({ inputs: [total, x] }) => ({ kernel: "add", args: [total, x, total, size(x.shape)] }),
  }),
  /** x [2n] -> its halves, [n] each; a kernel for each of them that somebody reads. */
  halves: op({
    inputs: ["x"],
    outputs: ["low", "high"],
    shape: ([[n]]) => [[n / 2], [n / 2]],
    kernels: [copy],
    webgpu: ({ inputs, outputs }, { reads }) =>
      outputs.flatMap((y, i) =>
        reads(y)
          ? [{ file: copy, constants: { FIRST: i * y.shape[0] }, grid: perElement(y), bindings: [...inputs, y] }]
          : [],
      ),
    wasm: ({ inputs: [x], outputs }, { reads }) =>
      outputs.flatMap((y, i) => {
        const [n] = y.shape;
        return reads(y) ? [{ kernel: "sliceTokens", args: [x, y, 1, 2, i, 1, n] }] : [];
      }),
  }),
};

/** Compiles `tape` for `outputs`; every given value is one that `data` names. */
async function compiled(device: Device, tape: Tape<typeof table>, outputs: Value[], data: Record<string, number[]>) {
  const planned = plan(fuse(tape.calls, outputs), outputs);
  const bound = new Map<Value, unknown>();
  for (const value of planned.given) bound.set(value, await device.param(value, Float32Array.from(data[value.name])));
  return { program: await device.compile(planned, bound), bound, planned };
}

const openWasm = async (): Promise<Device> => new WasmDevice(nodePlatform, 1, bestBuild());
const openGpu = async (): Promise<Device> => openWebGpu(await realAdapter(), { software: true });

function seam(open: () => Promise<Device>): void {
  it("refuses to read a packed weight row by row", async () => {
    const device = await open();
    const tape = new Tape(table);
    const [x, b] = [tape.input("x", [4, 16]), tape.param("b", [8])];
    const w = tape.param("w", [8, 16], "packed");
    const [y] = tape.call("linear", "", [x, w, b], {});
    const [twice] = tape.call("add", "", [w, w], {});
    await expect(compiled(device, tape, [y, twice], {})).rejects.toMatchObject({
      code: "LAYOUT_MISMATCH",
      message: expect.stringMatching(/^add: add reads its a "w" rows, and it lies packed; declare the parameter/),
    });
    device.destroy();
  });

  it("refuses a matmul by what a call has made row by row", async () => {
    const device = await open();
    const tape = new Tape(table);
    const [x, w, b] = [tape.input("x", [4, 16]), tape.param("w", [8, 16]), tape.param("b", [8])];
    const [twice] = tape.call("add", "", [w, w], {});
    const [y] = tape.call("linear", "", [x, twice, b], {});
    await expect(compiled(device, tape, [y], {})).rejects.toMatchObject({
      code: "LAYOUT_MISMATCH",
      message: expect.stringMatching(/^linear: linear reads its weight "add" packed, and it lies rows/),
    });
    device.destroy();
  });

  it("refuses a buffer that does not lie as its value declares", async () => {
    const device = await open();
    const tape = new Tape(table);
    const w = tape.param("w", [8, 16], "packed");
    const [y] = tape.call("linear", "", [tape.input("x", [4, 16]), w, tape.param("b", [8])], {});
    const planned = plan(tape.calls, [y]);
    const bound = new Map<Value, unknown>();
    for (const value of planned.given) bound.set(value, await device.buffer(size(value.shape), value.name));
    await expect(device.compile(planned, bound)).rejects.toMatchObject({ code: "LAYOUT_MISMATCH" });
    device.destroy();
  });

  it("reads a parameter back row by row, whatever its layout", async () => {
    const device = await open();
    const data = Float32Array.from({ length: 105 }, (_, i) => (i % 7 ? i / 128 : 127 / 128));
    for (const layout of ["packed", "rows"] as const) {
      const buffer = await device.param({ name: "p", role: "param", shape: [7, 15], layout }, data);
      expect(await device.read(buffer, 105)).toEqual(data);
    }
    device.destroy();
  });

  it("keeps and orders what updates state, and gives it to whoever reads", async () => {
    const device = await open();
    const tape = new Tape(table);
    const [total, x] = [tape.state("total", [5]), tape.input("x", [5])];
    tape.call("accumulate", "", [total, x], {});
    const [seen] = tape.call("add", "", [total, x], {});
    tape.call("accumulate", "", [total, x], {});
    const data = { total: [0, 0, 0, 0, 0], x: [1, 2, 3, 4, 5] };
    const { program, bound, planned } = await compiled(device, tape, [seen], data);
    expect(planned.calls.map((call) => call.op)).toEqual(["accumulate", "add", "accumulate"]);
    expect(planned.slotOf.has(total)).toBe(false);
    for (let run = 1; run <= 3; run++) {
      await program.run();
      // one of this run's two sums is in it already
      expect(await program.read()).toEqual([Float32Array.from(data.x, (v) => v * (2 * run - 1 + 1))]);
    }
    expect(await device.read(bound.get(total), 5)).toEqual(Float32Array.of(6, 12, 18, 24, 30));
    device.destroy();
  });

  it("makes of several outputs those that somebody reads", async () => {
    const device = await open();
    const tape = new Tape(table);
    const [low, high] = tape.call("halves", "", [tape.input("x", [6])], {});
    const data = { x: [1, 2, 3, 4, 5, 6] };
    const all = await compiled(device, tape, [low, high], data);
    await all.program.run();
    expect(await all.program.read()).toEqual([Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]);
    const one = await compiled(device, tape, [high], data);
    await one.program.run();
    expect(await one.program.read()).toEqual([Float32Array.of(4, 5, 6)]);
    expect([all.planned.slots, one.planned.slots]).toEqual([[3, 3], [3]]);
    device.destroy();
  });
}

describe("the seam on WASM", () => seam(openWasm));
describeOn("Dawn", "the seam on WebGPU", () => {
  seam(openGpu);

  /** The software adapter, and how often its devices submit and map. */
  async function counted() {
    const count = { submits: 0, maps: 0 };
    const adapter = adapterOf(await realAdapter(), (device) => ({
      queue: new Proxy(device.queue, {
        get(queue, key) {
          if (key === "submit") count.submits++;
          const member = Reflect.get(queue, key, queue);
          return typeof member === "function" ? member.bind(queue) : member;
        },
      }),
      createBuffer(descriptor: GPUBufferDescriptor) {
        const buffer = device.createBuffer(descriptor);
        const mapAsync = buffer.mapAsync.bind(buffer);
        buffer.mapAsync = (mode) => {
          count.maps++;
          return mapAsync(mode);
        };
        return buffer;
      },
    }));
    return { adapter, count };
  }

  it("submits once a run and maps once a read", async () => {
    const { adapter, count } = await counted();
    const device = await openWebGpu(adapter, { software: true });
    const tape = new Tape(table);
    const [y] = tape.call("gelu", "", [tape.input("x", [5])], {});
    const { program } = await compiled(device, tape, [y], { x: [1, 2, 3, 4, 5] });
    for (let run = 0; run < 8; run++) void program.run();
    const [first] = await program.read();
    expect(count).toEqual({ submits: 8, maps: 1 });
    await Promise.all([program.read(), program.run()]);
    expect(await program.read()).toEqual([first]);
    expect(count).toEqual({ submits: 9, maps: 3 });
    device.destroy();
  });

  it("takes one submit and one map for features", async () => {
    const { adapter, count } = await counted();
    using model = await loadModel(withAdapter(adapter), tiny, {
      weights: "procedural",
      selfTest: "off",
      matmul: "direct",
    });
    const image = { data: new Uint8Array(3 * 56 * 56).map((_, i) => i % 251), width: 56, height: 56 };
    expect([model.device.kind, count]).toEqual(["webgpu", { submits: 0, maps: 0 }]);
    await model.extractFeat(image);
    expect(count).toEqual({ submits: 1, maps: 1 });
  });
});

it("tells state from what cannot be updated", () => {
  const tape = new Tape(table);
  const x = tape.input("x", [5]);
  expect(() => tape.call("accumulate", "", [x, x], {})).toThrow(/total is updated in place and must be state/);
});

it("fuses nothing across an update of what is read", () => {
  const tape = new Tape(table);
  const [x, total] = [tape.input("x", [2, 4]), tape.state("total", [2, 4])];
  const [y] = tape.call("linear", "", [total, tape.param("w", [4, 4], "packed"), tape.param("b", [4])], {});
  tape.call("accumulate", "", [total, x], {});
  const [g] = tape.call("gelu", "", [y], {});
  expect(plan(fuse(tape.calls, [g]), [g]).calls.map(({ op }) => op)).toEqual(["linear", "accumulate", "gelu"]);
});
