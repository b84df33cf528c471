/** What public functions take as tensors and options: refused by type, never taken for something else, and copied at the call. */

import { beforeAll, describe, expect, it } from "vitest";
import {
  decode,
  extractFeat,
  getModel,
  hog,
  hogCells,
  hogPicture,
  listModels,
  type Model,
  type Tensor,
  tensor,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { codeOf } from "./helpers.js";
import { tiny } from "./tiny.js";

const shape = [1, 3, 56, 56];
const count = 3 * 56 * 56;
let model: Model;
let classifier: Model;

beforeAll(async () => {
  const options = { weights: "procedural", device: "wasm", threads: 1 } as const;
  model = await getModel(tiny, options);
  classifier = await getModel({ ...tiny, kind: "classifier", numClasses: 3 }, options);
  return () => [model, classifier].forEach((m) => void m.dispose());
});

/** Data whose elements are no floats, and data that are no list of elements. */
const wrong: readonly (readonly [string, unknown])[] = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (Kind) => [Kind.name, new Kind(count).fill(100)] as const,
  ),
  ["BigInt64Array", new BigInt64Array(count)],
  ["BigUint64Array", new BigUint64Array(count)],
  ["Buffer", Buffer.alloc(count)],
  ["Uint8Array over shared memory", new Uint8Array(new SharedArrayBuffer(count))],
  ["DataView", new DataView(new ArrayBuffer(4 * count))],
  ["ArrayBuffer", new ArrayBuffer(4 * count)],
  ["an array of texts", Array(count).fill("1")],
  ["an array of nulls", Array(count).fill(null)],
  ["an array of truths", Array(count).fill(true)],
  ["a text", "1".repeat(count)],
  ["an object", { length: count }],
  ["one element less", new Float32Array(count - 1)],
  ["one element more", new Float32Array(count + 1)],
];

/** Public functions that take a tensor of normalised numbers. */
const takers: Readonly<Record<string, (x: Tensor) => unknown>> = {
  extractFeat: (x) => model.extractFeat(x),
  "extractFeat of a list": (x) => model.extractFeat([x]),
  extractFeatStream: (x) => model.extractFeatStream([x]).next(),
  "forward, tensor": (x) => model.forward(x),
  "forward, loss": (x) => model.forward(x, { mode: "loss", mask: { seed: 0 } }),
  profile: (x) => model.profile(x),
  predict: (x) => classifier.predict(x),
  hog: (x) => hog(x),
  hogCells: (x) => hogCells({ data: x.data, shape: [196, 48] }),
  hogPicture: (x) => hogPicture({ data: x.data, shape: [3, 9, 14, 14] }),
  tensor: (x) => tensor(x.data, x.shape),
  writeSafetensors: (x) => writeSafetensors([["a", x]]),
};

describe.each(Object.entries(takers))("%s", (_, take) => {
  it.each(wrong)("refuses %s", async (_, data) => {
    expect(await codeOf(() => take({ data: data as Float32Array, shape }))).toBe("SHAPE_MISMATCH");
  });
});

it("takes floats of other widths and from shared memory as what they are", async () => {
  const numbers = Array.from({ length: count }, (_, i) => (i % 7) / 8 - 0.25);
  const [want] = await model.extractFeat(tensor(numbers, shape));
  const shared = new Float32Array(new SharedArrayBuffer(4 * count));
  shared.set(numbers);
  for (const data of [shared, Float64Array.from(numbers), numbers]) {
    expect(await model.extractFeat({ data: data as Float32Array, shape })).toEqual([want]);
  }
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
    expect(await codeOf(() => model.extractFeat({ data: [bad, ...numbers.slice(1)] as never, shape }))).toBe(
      "NON_FINITE",
    );
  }
});

it("takes masks of any numbers 0 and 1, and nothing else", async () => {
  const x = tensor(new Float32Array(count), shape);
  const N = 14 * 14;
  const loss = async (mask: unknown) => (await model.forward(x, { mode: "loss", mask: mask as Tensor })).loss;
  const ones = Float32Array.from({ length: N }, (_, i) => i % 2);
  const want = await loss({ data: ones, shape: [1, N] });
  for (const data of [Uint8Array.from(ones), Int32Array.from(ones), Float64Array.from(ones), [...ones]]) {
    expect(await loss({ data, shape: [1, N] })).toBe(want);
  }
  const bad = [null, 3, "mask", { data: Array(N).fill(true), shape: [1, N] }, { data: new BigInt64Array(N) }];
  for (const mask of [...bad, { data: ones.map((v) => 2 * v), shape: [1, N] }]) {
    expect(await codeOf(() => loss(mask))).toBe("OPT_VALUE");
  }
  for (const mask of [{ data: ones, shape: [N] }, { data: ones.subarray(1), shape: [1, N] }, {}]) {
    expect(await codeOf(() => loss(mask))).toBe("SHAPE_MISMATCH");
  }
  expect(await codeOf(() => loss({ seed: 0, grid: [7, 7] }))).toBe("OPT_UNKNOWN");
});

describe("options", () => {
  const x = tensor(new Float32Array(count), shape);
  const refused: readonly (readonly [string, () => unknown])[] = [
    ["a mask where nothing is hidden", () => model.forward(x, { mask: { seed: 0 } })],
    ["normalize of a profile", () => model.profile(x, { normalize: true } as object)],
    ["normalize that is no truth", () => model.extractFeat(x, { normalize: "false" as never })],
    ["normalize of HOG that is no truth", () => hog(x, { normalize: "no" as never })],
    ["outIndices that are no list", () => model.extractFeat(x, { outIndices: -1 as never })],
    ["no options", () => model.extractFeat(x, null as never)],
    ["options as a text", () => getModel("maskfeat_vit-tiny-p16", "procedural" as never)],
    ["options of decode", () => decode(new Uint8Array(9), { colour: "rgb" } as object)],
    ["options of listModels", () => listModels("", { exclude_patterns: ["vit"] } as object)],
    ["a task that no model has", () => listModels("", { task: "Classification" })],
    [
      "a hash of what is no file",
      () => getModel(tiny, { weights: "procedural", integrity: `sha256-${"A".repeat(43)}=` }),
    ],
  ];

  it.each(refused)("are not ignored: %s", async (_, work) => {
    expect(await codeOf(work)).toMatch(/^OPT_(UNKNOWN|VALUE)$/);
  });
});

describe("the embedded model's features", () => {
  it("are those that the options name", async () => {
    using whole = await getModel();
    const image = { data: new Uint8Array(3 * 32 * 32).map((_, i) => i), width: 32, height: 32 };
    const of = async (options: object) => (await extractFeat(image, options)) as Tensor | Tensor[];
    const [mean] = await whole.extractFeat(image, { outType: "avg_featmap" });
    expect(mean.shape).toEqual([1, 192]);
    for (const options of [undefined, {}, { outIndices: [-1] }, { outIndices: [11], outType: undefined }]) {
      expect(await extractFeat(image, options as object)).toEqual(mean);
    }
    for (const outType of ["raw", "cls_token", "featmap", "avg_featmap"] as const) {
      expect([await of({ outType })]).toEqual(await whole.extractFeat(image, { outType }));
    }
    const two = { outType: "cls_token", outIndices: [3, -1], normalize: true } as const;
    expect(await of(two)).toEqual(await whole.extractFeat(image, two));
    expect(await of({ outIndices: [2] })).toEqual(
      (await whole.extractFeat(image, { outType: "avg_featmap", outIndices: [2] }))[0],
    );
    expect(await of({ outIndices: [-1, 11] })).toEqual([mean]);
    for (const options of [{ outType: "mean" }, { outIndices: [] }, { outIndices: [12] }, { topk: 1 }]) {
      expect(await codeOf(() => of(options))).toMatch(/^OPT_/);
    }
  });
});

describe("memory of the caller", () => {
  const numbers = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const pixels = (channels: number) => new Uint8ClampedArray(channels * 40 * 30).map((_, i) => i * 7);

  it.each([
    ["a tensor", numbers, (data: Float32Array) => ({ data, shape })],
    ["RGB", pixels(3), (data: Uint8ClampedArray) => ({ data, width: 40, height: 30 })],
    ["RGBA", pixels(4), (data: Uint8ClampedArray) => ({ data, width: 40, height: 30 })],
  ] as readonly (readonly [string, Float32Array, (data: Float32Array) => Tensor])[])(
    "may change after the call: %s",
    async (_, data, input) => {
      const { mode, mask } = { mode: "loss", mask: { data: new Uint8Array(196).fill(1), shape: [1, 196] } } as const;
      const calls = [
        () => model.extractFeat(input(data)),
        () => model.extractFeat([input(data)]),
        async () => (await classifier.predict(input(data)))[0].predScores,
        async () => (await model.forward(input(data), { mode, mask })).loss,
      ];
      const kept = data.slice();
      for (const call of calls) {
        mask.data.fill(1);
        data.set(kept);
        const want = await call();
        data.set(kept);
        mask.data.fill(1);
        const got = call();
        data.fill(9);
        mask.data.fill(0);
        expect(await got).toEqual(want);
      }
      data.set(kept);
    },
  );

  it("may be used again by a sequence as soon as it is asked for the next image", async () => {
    const data = numbers.slice();
    const [[first], [second]] = [
      await model.extractFeat({ data, shape }),
      await model.extractFeat(tensor(new Float32Array(count), shape)),
    ];
    const reused = function* () {
      yield { data, shape };
      data.fill(0);
      yield { data, shape };
    };
    for await (const [both] of model.extractFeatStream(reused(), { batchSize: 2 })) {
      expect(both.data).toEqual(Float32Array.of(...first.data, ...second.data));
    }
  });
});
