/** Weights under the names of other projects: the same bits, the heads of torch, and what is said where they do not fit. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runPlan } from "../conformance/reference.js";
import { fuse } from "../gpu/graph/fuse.js";
import { plan } from "../gpu/graph/plan.js";
import { type Traced, trace } from "../gpu/models/functions.js";
import { gridSide, resizePositions } from "../sdk/checkpoint/positions.js";
import {
  completeConfig,
  getModel,
  type PartialConfig,
  type Tensor,
  tensor,
  writeSafetensors,
} from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { asHuggingFace, asSlowFast, asTimm, type Entries, ours, prefixed } from "./naming.js";
import { tiny } from "./tiny.js";

const fixture = JSON.parse(readFileSync("test/fixtures/heads.json", "utf8"));
const { hog: _, ...small } = tiny;
const pretrain: PartialConfig = tiny;
const mean: PartialConfig = { ...small, kind: "classifier", numClasses: 10 };
const token: PartialConfig = { ...mean, preset: "timm-augreg", resizeEdge: 62 };
const google: PartialConfig = { ...mean, preset: "hf-google-vit" };

const x = tensor(proceduralFill("images.pos_embed", [2, 3, 56, 56])!, [2, 3, 56, 56]);
const load = (config: PartialConfig, entries: Entries) =>
  getModel(config, { weights: writeSafetensors(entries), threads: 1 });

const filled = "not in the file, set to gain 1 and bias 0 as mmpretrain does: backbone.ln2.weight, backbone.ln2.bias";

const difference = (actual: Tensor, expected: ArrayLike<number>) => {
  expect(actual.data.length).toBe(expected.length);
  return actual.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i])), 0);
};

describe("the same numbers give the same bits", () => {
  const cases: [string, PartialConfig, (entries: Entries) => Entries][] = [
    ["mmpretrain without the backbone's prefix", pretrain, (e) => e.map(([n, t]) => [n.replace("backbone.", ""), t])],
    ["mmpretrain of data-parallel training", pretrain, (e) => prefixed("module.", e)],
    ["PySlowFast's pre-training", pretrain, asSlowFast],
    ["PySlowFast's classifier", mean, asSlowFast],
    ["PySlowFast's, with its buffers", pretrain, (e) => [...asSlowFast(e), ["hogs.0.weight_x", e[0][1]]]],
    ["timm", token, asTimm],
    ["timm in a wrapper", token, (e) => prefixed("module.model.", asTimm(e))],
    ["timm that pools the mean", { ...token, pooling: "avg_featmap" }, asTimm],
    ["timm without a bias of queries, keys and values", { ...token, qkvBias: false }, asTimm],
    ["timm without a head", { ...token, kind: "backbone" }, asTimm],
    ["Hugging Face", google, asHuggingFace],
    ["Hugging Face without a bias of queries, keys and values", { ...google, qkvBias: false }, asHuggingFace],
    [
      "Hugging Face without a head or prefix",
      { ...google, kind: "backbone" },
      (e) => asHuggingFace(e).map(([n, t]) => [n.replace("vit.", ""), t]),
    ],
    [
      "mmpretrain's ViT",
      { ...token, preset: "mmpretrain-vit" },
      (e) => e.map(([n, t]) => [n.replace("head.fc", "head.layers.head"), t]),
    ],
  ];

  it.each(cases)("%s", async (_, config, rename) => {
    const entries = ours(config);
    using plain = await getModel(config, { weights: "procedural", threads: 1 });
    using renamed = await load(config, rename(entries));
    // a file of pre-training lacks the norm of avg_featmap, by which its features may be read
    expect(renamed.warnings).toEqual(config === pretrain ? [`bytes: ${filled}`] : []);
    const pools = entries.some(([name]) => name.startsWith("backbone.ln2."));
    const lacks = renamed.config.poolNorm && !pools;
    expect(renamed.fresh).toEqual(lacks ? ["backbone.ln2.weight", "backbone.ln2.bias"] : []);
    expect(await renamed.forward(x)).toEqual(await plain.forward(x));
    expect(await renamed.extractFeat(x)).toEqual(await plain.extractFeat(x));
    // and the numbers are those of the file, not of the formula
    const shuffled = rename(entries).map(([name, t], i): [string, Tensor] =>
      i === entries.length - 3 ? [name, { ...t, data: t.data.map((v) => v + 0.25) }] : [name, t],
    );
    using other = await load(config, shuffled);
    expect(await other.forward(x)).not.toEqual(await plain.forward(x));
  });
});

describe("heads", () => {
  const cases: [string, PartialConfig, (entries: Entries) => Entries][] = [
    ["timm", token, asTimm],
    ["hf", google, asHuggingFace],
    ["no-bias", { ...token, qkvBias: false }, asTimm],
    ["avg", { ...token, pooling: "avg_featmap" }, asTimm],
  ];
  it.each(cases)("%s agrees with float64 and with torch", async (key, given, rename) => {
    const c = completeConfig(given);
    using model = await load(given, rename(ours(given)));
    const [logits] = await model.forward(x);
    const [feature] = await model.extractFeat(x);
    const inFloat64 = ({ tape, outputs }: Traced) =>
      runPlan(plan(fuse(tape.calls, outputs), outputs), ({ name, shape }) => {
        if (name === "images") return Float64Array.from(x.data);
        const none = !c.qkvBias && name.endsWith("qkv.bias");
        return none ? new Float64Array(shape[0]) : Float64Array.from(proceduralFill(name, shape)!);
      })[0];
    const shapes = { images: x.shape };
    expect(difference(logits, inFloat64(trace("logits", c, shapes)))).toBeLessThan(1e-5);
    expect(difference(feature, inFloat64(trace("features", c, shapes)))).toBeLessThan(1e-5);
    expect(difference(logits, fixture.heads[key].logits)).toBeLessThan(1e-5);
    expect(difference(feature, fixture.heads[key].feature)).toBeLessThan(1e-5);
  });
});

describe("what does not fit", () => {
  const message = (work: Promise<unknown>) =>
    work.then(
      () => "none",
      (e: Error) => e.message,
    );

  it("is told once where the reference leaves it out", async () => {
    const entries = ours(pretrain).filter(([name]) => !name.startsWith("neck."));
    const head = ours(mean).filter(([name]) => name.startsWith("head."));
    using model = await load(mean, [...entries, ...head]);
    const unused = "backbone.ln1.bias, backbone.ln1.weight, backbone.mask_token";
    expect(model.warnings).toEqual([`bytes: not used: ${unused}; ${filled}`]);
    using backbone = await load({ ...pretrain, kind: "backbone", outType: "raw", finalNorm: true }, ours(pretrain));
    expect(backbone.warnings).toEqual([
      `bytes: not used: backbone.mask_token, neck.fc.bias, neck.fc.weight; ${filled}`,
    ]);
    const pooler: Entries = [["vit.pooler.dense.weight", { data: new Float32Array(4), shape: [2, 2] }]];
    using hf = await load({ ...google, kind: "backbone" }, [...asHuggingFace(ours(google)), ...pooler]);
    expect(hf.warnings).toEqual(["bytes: not used: head.fc.bias, head.fc.weight, vit.pooler.dense.weight"]);
  });

  it("is refused elsewhere, in one error", async () => {
    const timm = asTimm(ours(token));
    const extra: Entries = [["blocks.0.ls1.gamma", { data: new Float32Array(48), shape: [48] }]];
    const text = await message(load(token, [...timm.filter(([n]) => n !== "norm.bias"), ...extra]));
    expect(text).toMatch(/missing: backbone\.ln1\.bias; unexpected: blocks\.0\.ls1\.gamma; .*names as timm has them/);
    const pooled = { ...token, pooling: "avg_featmap" } as const;
    expect(await message(load(pooled, timm))).toMatch(/missing: backbone\.ln2\.weight.*unexpected: backbone\.ln1/);
    const headless = asTimm(ours({ ...token, kind: "backbone" }));
    expect(await message(load({ ...pooled, kind: "backbone" }, headless))).toMatch(/missing: backbone\.ln2\.weight/);
    const hf = asHuggingFace(ours(google)).filter(([name]) => !name.endsWith("layer.1.attention.attention.key.weight"));
    expect(await message(load(google, hf))).toMatch(
      /missing: backbone\.layers\.1\.attn\.qkv\.weight; unexpected: vit\.encoder\.layer\.1\..*query\.weight, .*value\.weight/,
    );
    expect(await message(load({ ...token, qkvBias: false }, timm))).toMatch(
      /unexpected: backbone\.layers\.0\.attn\.qkv\.bias/,
    );
  });

  it("is named where two tensors are one, or parts differ in shape", async () => {
    const timm = asTimm(ours(token));
    await expect(load(token, [...timm, ["module.cls_token", timm[2][1]]])).rejects.toMatchObject({
      code: "CKPT_DUPLICATE",
      message: expect.stringContaining("cls_token and module.cls_token are both backbone.cls_token"),
    });
    const hf = asHuggingFace(ours(google)).map(([name, t]): [string, Tensor] =>
      name.endsWith("layer.0.attention.attention.key.weight") ? [name, { ...t, shape: [24, 96] }] : [name, t],
    );
    await expect(load(google, hf)).rejects.toThrow(/qkv\.weight has parts of shapes \[48,48\], \[24,96\], \[48,48\]/);
  });

  it("is said to be of no known project", async () => {
    const resnet: Entries = ["conv1.weight", "layer1.0.conv1.weight", "bn1.weight", "a", "b"].map((name) => [
      name,
      { data: new Float32Array(1), shape: [1] },
    ]);
    const failed = load(mean, resnet);
    await expect(failed).rejects.toMatchObject({ name: "CheckpointError", code: "CKPT_MISMATCH" });
    expect(await message(failed)).toMatch(
      /found a, b, bn1\.weight, conv1\.weight \.\.\.; expected .*mmpretrain.*PySlowFast, timm, Hugging Face/,
    );
  });

  it.each([
    ["timm", asTimm],
    ["Hugging Face", asHuggingFace],
  ])("asks for a preset where %s does not say the recipe", async (project, rename) => {
    const failed = load(mean, rename(ours(token)));
    await expect(failed).rejects.toMatchObject({ name: "OptionError", code: "OPT_MISSING" });
    expect(await message(failed)).toContain(`${project}'s names`);
    expect(await message(failed)).toMatch(/presets are mmpretrain \(.*timm-augreg \(.*hf-google-vit \(/);
  });
});

describe("position embeddings", () => {
  it("of another grid are resized as torch does", () => {
    expect(fixture.positions).toHaveLength(4);
    for (const { from, to, values } of fixture.positions) {
      const shape = [1, 1 + from * from, 3];
      const resized = resizePositions({ data: proceduralFill("positions.pos_embed", shape)!, shape }, from, to);
      expect(resized.shape).toEqual([1, 1 + to * to, 3]);
      // torch has a place up to 14 in f32, so 14 * 2^-24 away, where the surface rises by less than 2 a place
      expect(difference(resized, values)).toBeLessThan(1.7e-6);
    }
  });

  it("are square or none", () => {
    expect([gridSide([1, 197, 8]), gridSide([1, 198, 8]), gridSide([1, 1, 8]), gridSide([197, 8])]).toEqual([
      14,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("load with a warning, and refuse what is no square", async () => {
    const larger = { ...mean, imageSize: 64, resizeEdge: 64 };
    using model = await load(larger, ours(mean));
    expect(model.warnings).toEqual([
      "bytes: the position embedding was resized from [1,197,48] (14x14 patches) to [1,257,48] (16x16 patches)",
    ]);
    // the graph resizes the same way when an image is larger
    using plain = await load(mean, ours(mean));
    const odd = tensor(proceduralFill("odd.pos_embed", [1, 3, 64, 64])!, [1, 3, 64, 64]);
    const [a, b] = [(await model.extractFeat(odd))[0], (await plain.extractFeat(odd))[0]];
    expect(difference(a, b.data)).toBeLessThan(1e-5);
    const odder = ours(mean).map(([name, t]): [string, Tensor] =>
      name.endsWith("pos_embed") ? [name, { data: new Float32Array(198 * 48), shape: [1, 198, 48] }] : [name, t],
    );
    await expect(load(mean, odder)).rejects.toThrow(
      /wrong shape: backbone\.pos_embed expected \[1,197,48\], found \[1,198,48\]/,
    );
  });
});
