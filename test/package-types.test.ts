/** The packed package's types, checked by a TypeScript that trusts no library (`skipLibCheck: false`). */

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./cli.js";
import { node, packAndInstall } from "./packed.js";

const folder = temporaryFolder();
beforeAll(async () => {
  await packAndInstall(folder);
});

/** The values that the types of `entry` declare: name -> whether it is a function, and its comment. */
function declared(entry: string): Map<string, { isFunction: boolean; comment: string }> {
  const program = ts.createProgram([entry], { noLib: true, types: [], module: ts.ModuleKind.Node16 });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  // as `typeof import(...)`: types are none of its properties
  const values = checker.getTypeOfSymbol(module).getProperties();
  return new Map(
    values.map((symbol) => {
      const { flags } = symbol;
      const meant = flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const comment = ts.displayPartsToString(meant.getDocumentationComment(checker));
      return [symbol.name, { isFunction: (meant.flags & ts.SymbolFlags.Function) !== 0, comment }];
    }),
  );
}

describe("the types of", () => {
  it.each(["node", "hog", "imagenet"])(
    "%s declare the values that its code has, and comment its functions",
    async (name) => {
      const dist = join(folder, "app/node_modules/maskfeat-wgpu/dist");
      const code = Object.keys(await import(pathToFileURL(join(dist, `${name}.js`)).href));
      for (const extension of ["d.ts", "d.cts"]) {
        const values = declared(join(dist, `${name}.${extension}`));
        expect([...values.keys()].sort()).toEqual(code.sort());
        const silent = [...values].filter(([, { isFunction, comment }]) => isFunction && !comment);
        expect(silent).toEqual([]);
        if (name !== "imagenet")
          expect([...values.values()].filter(({ isFunction }) => isFunction).length).toBeGreaterThan(20);
      }
    },
  );

  it("Node are those of browsers", async () => {
    const dist = join(folder, "app/node_modules/maskfeat-wgpu/dist");
    const [node, browser] = await Promise.all(
      ["node", "browser"].map((name) => import(pathToFileURL(join(dist, `${name}.js`)).href)),
    );
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
  });
});

describe("TypeScript", () => {
  const consumer = `
    import {
      extractFeat, getModel, hog, inferenceModel, MaskFeatError, Model, type Tensor, toMmpretrain, writeNpy,
    } from "maskfeat-wgpu";
    import { hog as sameHog, preprocess } from "maskfeat-wgpu/hog";
    import { imagenetClasses } from "maskfeat-wgpu/imagenet";
    import wasm from "maskfeat-wgpu/maskfeat.wasm";

    export async function features(image: URL): Promise<readonly number[]> {
      using model = await getModel("maskfeat_vit-tiny-p16", { weights: "procedural", device: "wasm", wasm });
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
    // @ts-expect-error models are made by getModel: there is no such value
    export const made = () => new Model();
    // @ts-expect-error a tensor has no such field
    export const missing = (feat: Tensor) => feat.strides;
    export const blob = (feat: Tensor) => writeNpy(feat).buffer satisfies ArrayBuffer;
    export const code = (error: MaskFeatError) => error.code satisfies string;
  `;
  const commonJs = `
    import maskfeat = require("maskfeat-wgpu");
    import { MaskFeatError } from "maskfeat-wgpu";
    import { hog } from "maskfeat-wgpu/hog";
    import { imagenetClasses } from "maskfeat-wgpu/imagenet";
    export const embed = (image: URL): Promise<maskfeat.Tensor> => maskfeat.extractFeat(image);
    export const isOurs = (error: unknown) => error instanceof MaskFeatError && error.code;
    export const data = [hog, imagenetClasses[0]];
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
    ["with node16, required", "consumer.cts", commonJs, { module: "Node16", ...nodeTypes }],
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
