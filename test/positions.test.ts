/** Positions for other grids and images of other sizes (scripts/golden/peers/positions.py): timm's rule, Hugging Face's and mmpretrain's. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resizePos } from "../conformance/ops/resize_pos.js";
import { resizePositions } from "../sdk/checkpoint/positions.js";
import { getModel, type PartialConfig, tensor, writeSafetensors } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { asHuggingFace, asTimm, type Entries, ours } from "./naming.js";
import { tiny } from "./tiny.js";

type Chosen = readonly (readonly [index: number, value: number])[];
interface Grid extends Readonly<Record<"timm" | "timm64" | "plain64" | "hf", Chosen>> {
  readonly from: number;
  readonly to: readonly [number, number];
}
interface Feature {
  readonly size: readonly [height: number, width: number];
  readonly feature: readonly number[];
}
const { grids, features }: { grids: Grid[]; features: Record<"timm" | "huggingface", Feature[]> } = JSON.parse(
  readFileSync("test/fixtures/peers/positions.json", "utf8"),
);

const worst = (found: ArrayLike<number>, wanted: Chosen) =>
  wanted.reduce((most, [i, value]) => Math.max(most, Math.abs(found[i] - value)), 0);

/** torch has a place up to 37 in f32, so 37 * 2^-24 away, where the surface rises by less than 2 a place; the table has 10 digits. */
const F32 = 5e-6;
const EXACT = 1e-9;

describe.each(grids.map((grid) => [`${grid.from} to ${grid.to}`, grid] as const))(
  "%s",
  (_, { from, to, ...wanted }) => {
    const shape = [1, 1 + from * from, 2];
    const data = proceduralFill("positions.pos_embed", shape)!;

    it.each([true, false])("antialias %s is torch's", (antialias) => {
      const attrs = { from: [from, from], to, antialias } as const;
      const [defined] = resizePos.evaluate({ inputs: [{ shape }], attrs }, [Float64Array.from(data)]);
      expect(worst(defined, antialias ? wanted.timm64 : wanted.plain64)).toBeLessThan(EXACT);
      expect(worst(defined, antialias ? wanted.timm : wanted.hf)).toBeLessThan(F32);
      if (to[0] !== to[1]) return;
      const onLoad = resizePositions({ data, shape }, from, to[0], antialias);
      expect(worst(onLoad.data, antialias ? wanted.timm64 : wanted.plain64)).toBeLessThan(2 ** -22);
    });
  },
);

const { hog: _, ...small } = tiny;
const backbone = { ...small, kind: "backbone" } as const;
const token: PartialConfig = { ...backbone, preset: "timm-augreg", resizeEdge: 62 };
const google: PartialConfig = { ...backbone, preset: "hf-google-vit" };
const images = ([height, width]: readonly number[]) =>
  tensor(proceduralFill("images.pos_embed", [1, 3, height, width])!, [1, 3, height, width]);
const fileOf = (config: PartialConfig, rename: (entries: Entries) => Entries) =>
  writeSafetensors(
    rename(ours({ ...config, kind: "classifier", numClasses: 1 })).filter(([n]) => !/^(head|cla)/.test(n)),
  );

describe("images of another size", () => {
  it.each([
    ["timm", token, asTimm],
    ["huggingface", google, asHuggingFace],
  ] as const)("give %s's features, and a warning for each size", async (project, config, rename) => {
    const told: string[] = [];
    const onWarning = (text: string) => told.push(text);
    using model = await getModel(config, { weights: fileOf(config, rename), threads: 1, device: "wasm", onWarning });
    for (const { size, feature } of features[project]) {
      const [{ data }] = await model.extractFeat(images(size), { outType: "cls_token" });
      expect(
        worst(
          data,
          feature.map((value, i) => [i, value] as const),
        ),
      ).toBeLessThan(1e-5);
    }
    await model.extractFeat(images(features[project][0].size));
    await model.extractFeat(images([56, 56]));
    expect(model.warnings).toHaveLength(features[project].length);
    expect(told).toEqual(model.warnings);
    const how = project === "timm" ? "bicubic, antialiased" : "bicubic";
    expect(told[5]).toContain(
      `for images of 100x28 pixels the position embedding is resized from 14x14 to 7x25 patches (${how})`,
    );
    // a row more than 14 patches: padded to 15
    for await (const _ of model.extractFeatStream([images([57, 56])]));
    expect(told.at(-1)).toContain(
      `for images of 56x57 pixels the position embedding is resized from 14x14 to 15x14 patches`,
    );
  });

  it("follow the names of the file where the configuration names no preset, else the configuration", async () => {
    const { preset: _, ...said } = { ...token, layerNormEps: 1e-6, mean: [1, 1, 1], std: [1, 1, 1] } as const;
    const full: PartialConfig = {
      ...said,
      interpolation: "bicubic",
      cropMode: "center",
      pooling: "cls_token",
      poolNorm: false,
    };
    const weights = fileOf(token, asTimm);
    const feature = async (config: PartialConfig) => {
      using model = await getModel(config, { weights, threads: 1, device: "wasm" });
      return (await model.extractFeat(images([28, 28]), { outType: "cls_token" }))[0].data;
    };
    const antialiased = await feature(token);
    expect(await feature(full)).toEqual(antialiased);
    expect(await feature({ ...full, positions: "bicubic" })).not.toEqual(antialiased);
    await expect(feature({ ...full, positions: "nearest" as never })).rejects.toMatchObject({ code: "OPT_VALUE" });
  });

  it("are what the same weights loaded for that size give", async () => {
    const weights = fileOf(token, asTimm);
    using own = await getModel({ ...token, imageSize: 40, resizeEdge: 44 }, { weights, threads: 1, device: "wasm" });
    using other = await getModel(token, { weights, threads: 1, device: "wasm" });
    const [[a], [b]] = [await own.extractFeat(images([40, 40])), await other.extractFeat(images([40, 40]))];
    expect(
      worst(
        a.data,
        [...b.data].map((value, i) => [i, value] as const),
      ),
    ).toBeLessThan(1e-5);
    expect(own.warnings).toEqual([expect.stringContaining("resized from [1,197,48] (14x14 patches) to [1,101,48]")]);
  });
});
