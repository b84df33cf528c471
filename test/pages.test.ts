/** What README and the guide show runs, compiles and exists. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { modelTable, place } from "../scripts/models.mjs";
import { rooms } from "../scripts/rooms.mjs";
import { cli, json, samples, temporaryFolder } from "./cli.js";
import { some } from "./helpers.js";
import { node } from "./packed.js";
import { codeBlocks, guides } from "./pages.js";

const pages = ["README.md", ...guides];
const read = (page: string) => readFileSync(page, "utf8");

const folder = temporaryFolder();
mkdirSync(join(folder, "node_modules"));
symlinkSync(resolve("."), join(folder, "node_modules/maskfeat-wgpu"), "junction");
mkdirSync(join(folder, "photos"));
copyFileSync(join(samples, "wood-oak.jpg"), join(folder, "bird.jpg"));
copyFileSync(join(samples, "flower-blue.webp"), join(folder, "photos/flower.webp"));
copyFileSync("conformance/golden/full/checkpoints/classifier.pth", join(folder, "epoch_300.pth"));
writeFileSync(join(folder, "names.txt"), "abcdefghij".split("").join("\n"));

describe("code blocks", () => {
  /** What each block that runs prints. */
  const printed: Readonly<Record<string, RegExp>> = {
    "README.md, js 1": /^oak, walnut 0\.102\noak, flower -0\.249\nThe model is untrained: .*$/,
    "README.md, js 2": /^\[ 1, 197, 192 \] \[ 1, 196, 108 \] true$/,
    "sdk/guide/api.md, js 1": /^\[ 2, 192 \] 1\.000$/,
    "sdk/guide/api.md, js 2": /^\[ 2, 192 \] true false$/,
    "sdk/guide/api.md, js 3": /^\[ 1, 197, 192 \] \[ 1, 192, 14, 14 \] \[ 1, 192, 14, 14 \] wasm false$/,
    "sdk/guide/api.md, js 4":
      /^\d+ 0\.\d+ class \d\n\{.* pred_label: \d,.* pred_class: 'class \d'\n\}\n\[\s+\{ label: \d, score: 0\.\d+, class: '(cat|dog|bird)' \},.*\] Float32Array\(3\) \[.*\]$/s,
    "sdk/guide/api.md, js 5": /^\[ 1, 196, 108 \] \[ 14, 14 \]$/,
    "sdk/guide/api.md, js 6": /^\d+\.\d+ \[ 1, 196, 108 \] \[ 1, 196, 108 \]$/,
    "sdk/guide/api.md, js 7": /^OPT_MISSING$/,
    "sdk/guide/devices.md, js 1": /^webgpu (true|false) .+\nwasm true .+\n(simd|relaxed) int8 \d+$/,
    "sdk/guide/weights.md, js 1":
      /^\[ 'w' \] \{.*dtype: 'F32'.*\} Float32Array\(2\) \[ 1, 2 \] Map\(1\) \{ 'meta' => Map\(0\) \{\} \}\nundefined$/s,
  };

  it("run and print what is known", async () => {
    const blocks = codeBlocks("js");
    expect(blocks.map(({ name }) => name)).toEqual(Object.keys(printed));
    // one process for all of them, as a start takes longer than most blocks
    const files = blocks.map(({ code }, i) => {
      writeFileSync(join(folder, `block${i}.mjs`), code);
      return `console.log("=====");\nawait import("./block${i}.mjs");\n`;
    });
    writeFileSync(join(folder, "all.mjs"), files.join(""));
    const { code, stdout, stderr } = await node(["all.mjs"], folder);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    for (const [i, text] of stdout.split("=====\n").slice(1).entries()) {
      expect(text.trim(), blocks[i].name).toMatch(printed[blocks[i].name]);
    }
  });

  it("compile in TypeScript", async () => {
    const scripts = codeBlocks("html").map(({ code }) =>
      code.replace(/<\/?script.*>/g, "").replace(/"[^"]*\/browser\.min\.js"/, '"maskfeat-wgpu"'),
    );
    const own = codeBlocks("ts").filter(({ source }) => source === "");
    const texts = [...[...codeBlocks("js"), ...own].map(({ code }) => code), ...scripts];
    const files = texts.map((text, i) => {
      writeFileSync(join(folder, `block${i}.mts`), text);
      return `block${i}.mts`;
    });
    const target = { target: "ES2022", lib: ["ES2022", "DOM"], module: "NodeNext", types: [] };
    const compilerOptions = { ...target, strict: true, noEmit: true, skipLibCheck: true };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { code, stdout } = await node([resolve("node_modules/typescript/bin/tsc"), "-p", "."], folder);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });

  it("quote the files that they name", () => {
    const quotes = ["ts", "wgsl"].flatMap(codeBlocks).filter(({ source }) => source !== "");
    expect(quotes.length).toBeGreaterThan(4);
    for (const { name, source, code } of quotes) expect(read(source).includes(code), name).toBe(true);
  });
});

describe("commands", () => {
  const lines = codeBlocks("sh").flatMap(({ code }) => code.split("\n").map((line) => line.replace(/ +[#|>].*/, "")));
  const ours = lines.flatMap(
    (line) =>
      /^(?:npm start (?:--silent )?-- |npm run -s swiftshader -- |npx maskfeat-wgpu )(.*)/.exec(line)?.[1] ?? [],
  );
  const commands = [...new Set(ours.map((line) => line.split(" ")[0]))];

  it.each(commands)("%s exists, and its options", async (command) => {
    const { code, stdout } = await cli([command, "--help"], folder);
    expect(code).toBe(0);
    const options = ours
      .filter((line) => line.startsWith(`${command} `))
      .flatMap((line) => line.match(/--[\w-]+/g) ?? []);
    for (const option of options) expect(stdout).toContain(`${option} `);
  });

  /** Those that need no network, no server, no browser, no large model and no file that only the reader has. */
  const short = [...new Set(ours)].filter(
    (line) => !/^(demo|conformance|download)|https?:|base-p16|vit\/|webgpu/.test(line),
  );

  it("are many", () => {
    expect(short.length).toBeGreaterThan(10);
  });

  it.each(some(short, 2))("%s runs", async (line) => {
    const { code, stderr } = await cli(line.split(" "), folder);
    expect(code, stderr).toBe(0);
  });

  it("of npm are scripts of the package", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = lines.flatMap((line) => /^npm (?:run )?(?:-s )?(?!i |install )(\S+)/.exec(line)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(scripts).toHaveProperty([name]);
  });
});

describe("texts", () => {
  it("README is short and links every page of the guide", () => {
    expect(read("README.md").split("\n").length - 1).toBeLessThanOrEqual(200);
    expect(guides.filter((page) => !read("README.md").includes(`(${page})`))).toEqual([]);
  });

  it.each(pages)("%s links and names what exists", (page) => {
    const heading = (target: string) =>
      [...read(target).matchAll(/^#+ (.*)/gm)].map(([, text]) =>
        text
          .toLowerCase()
          .replace(/[^\w -]/g, "")
          .replaceAll(" ", "-"),
      );
    for (const [, link] of read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = link.split("#");
      const target = path ? join(dirname(page), path) : page;
      expect(existsSync(target), link).toBe(true);
      if (anchor) expect(heading(target), link).toContain(anchor);
    }
    const named = [...read(page).matchAll(/`((?:gpu|sdk|assembly|conformance|scripts|test)\/[\w./-]*)`/g)];
    expect(named.map(([, path]) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  it("README lists the models that `models --json` lists", async () => {
    const { models } = await json(["models"], folder);
    expect(place.exec(read("README.md"))?.[0]).toBe(modelTable(models));
  });

  it("README asks a CDN for this version", () => {
    const { version } = JSON.parse(read("package.json"));
    const asked = [...read("README.md").matchAll(/cdn\.jsdelivr\.net\/npm\/maskfeat-wgpu@([\d.]+)/g)];
    expect(asked.map(([, found]) => found)).toEqual([version, version]);
  });

  it("the architecture page lists the rooms in order", () => {
    const listed = [...read("sdk/guide/architecture.md").matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room);
    expect(listed).toEqual(rooms.filter((room) => existsSync(`sdk/${room}`)));
  });
});
