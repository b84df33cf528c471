/** The packed package's types, checked by a TypeScript that trusts no library (`skipLibCheck: false`). */

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./cli.js";
import { node, packAndInstall } from "./packed.js";

const folder = temporaryFolder();
beforeAll(async () => {
  await packAndInstall(folder);
});

describe("TypeScript", () => {
  const consumer = `
    import { extractFeat, getModel, hog, inferenceModel, MaskFeatError, type Tensor, toMmpretrain } from "maskfeat-wgpu";
    import { hog as sameHog, preprocess } from "maskfeat-wgpu/hog";
    import { imagenetClasses } from "maskfeat-wgpu/imagenet";

    export async function features(image: URL): Promise<readonly number[]> {
      using model = await getModel("maskfeat_vit-tiny-p16", { weights: "procedural", device: "wasm" });
      const [feat]: Tensor[] = await model.extractFeat(image, { outType: "avg_featmap" });
      const { loss } = await model.forward(image, { mode: "loss", mask: { seed: 0 } });
      const cells = [hog, sameHog].map((f) => f(preprocess({ data: new Uint8Array(12), width: 2, height: 2 })));
      return [...feat.shape, ...(await extractFeat(image)).data, loss, ...cells[0].data];
    }

    export async function named(image: URL): Promise<string | undefined> {
      using model = await getModel({ kind: "classifier" }, { weights: "procedural", classes: imagenetClasses });
      const [{ predClass, topk = [] }] = await model.predict(image, { topk: 5 });
      const best = await inferenceModel("vit-tiny-p16_maskfeat-pre", image, { weights: "procedural" });
      return topk[0].class ?? predClass ?? toMmpretrain(best).pred_class;
    }

    // @ts-expect-error no such device
    export const wrong = getModel(undefined, { device: "abacus" });
    // @ts-expect-error a tensor has no such field
    export const missing = (feat: Tensor) => feat.strides;
    export const code = (error: MaskFeatError) => error.code satisfies string;
  `;
  const commonJs = `
    import maskfeat = require("maskfeat-wgpu");
    export const embed = (image: URL): Promise<maskfeat.Tensor> => maskfeat.extractFeat(image);
  `;
  const dataSide = `
    import { blockMask, hog, tensor } from "maskfeat-wgpu/hog";
    export const shape: readonly number[] = hog(tensor(new Float32Array(3 * 256), [3, 16, 16])).shape;
    // @ts-expect-error masks have no strides
    export const strides = blockMask({ seed: 0 }).strides;
  `;
  const nodeTypes = { types: ["node"], lib: ["ES2022"] };
  const dom = { types: [], lib: ["ES2022", "DOM"] };
  const bundler = { module: "ESNext", moduleResolution: "Bundler" };

  it.concurrent.each([
    ["with nodenext and Node's types", "consumer.mts", consumer, { module: "NodeNext", ...nodeTypes }],
    ["with nodenext and the DOM", "consumer.mts", consumer, { module: "NodeNext", ...dom }],
    ["with nodenext, required", "consumer.cts", commonJs, { module: "NodeNext", ...nodeTypes }],
    ["with a bundler for Node", "consumer.ts", consumer, { ...bundler, ...nodeTypes }],
    ["with a bundler for browsers", "consumer.ts", consumer, { ...bundler, ...dom, customConditions: ["browser"] }],
    ["of the data side, with nothing but ES2022", "data.ts", dataSide, { ...bundler, types: [], lib: ["ES2022"] }],
  ])("is typed %s", async (name, file, code, options) => {
    const project = join(folder, name);
    cpSync(join(folder, "app"), project, { recursive: true });
    mkdirSync(join(project, "node_modules/@types"));
    symlinkSync(resolve("node_modules/@types/node"), join(project, "node_modules/@types/node"), "junction");
    writeFileSync(join(project, file), code);
    const compilerOptions = { target: "ES2022", strict: true, noEmit: true, skipLibCheck: false, ...options };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
    const { code: exit, stdout } = await node([resolve("node_modules/typescript/bin/tsc"), "-p", "."], project);
    expect(stdout).toBe("");
    expect(exit).toBe(0);
  });
});
