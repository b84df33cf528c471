import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { cli, samples, temporaryFolder } from "./cli.js";
import { readmeBlocks } from "./helpers.js";

const readme = readFileSync("README.md", "utf8");

const folder = temporaryFolder();
mkdirSync(join(folder, "node_modules"));
symlinkSync(resolve("."), join(folder, "node_modules/maskfeat-wgpu"), "junction");
copyFileSync(join(samples, "wood-oak.jpg"), join(folder, "bird.jpg"));

describe("README", () => {
  /** What each code block prints. */
  const printed = [
    /^2 1\.000$/,
    /^\[ 1, 197, 192 \] \[ 1, 192, 14, 14 \] \[ 1, 192, 14, 14 \] wasm false$/,
    /^\d+ 0\.\d+ class \d\n\{.* pred_label: \d,.* pred_class: 'class \d'\n\}\n\[\s+\{ label: \d, score: 0\.\d+, class: '(cat|dog|bird)' \},.*\] Float32Array\(3\) \[.*\]$/s,
    /^\[ 1, 196, 108 \] \[ 14, 14 \]$/,
    /^\[ 'w' \] \{.*dtype: 'F32'.*\} Float32Array\(2\) \[ 1, 2 \] Map\(1\) \{ 'meta' => Map\(0\) \{\} \}\nundefined$/s,
    /^\d+\.\d+ \[ 1, 196, 108 \] \[ 1, 196, 108 \]$/,
    /^OPT_MISSING$/,
    /^(simd|relaxed) int8 \d+$/,
  ];
  const blocks = readmeBlocks("js").map((code, i) => [i + 1, code] as const);

  it("has code blocks whose output is known", () => {
    expect(blocks).toHaveLength(printed.length);
  });

  it.each(blocks)("code block %i runs", async (i, code) => {
    const file = join(folder, `block${i}.mjs`);
    writeFileSync(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
    expect(stdout.trim()).toMatch(printed[i - 1]);
  });

  const commands = readmeBlocks("sh")
    .join("")
    .match(/(?<=npm start (--silent )?-- |npm run -s swiftshader -- |npx maskfeat-wgpu ).*/g)!;

  it.each(commands)("%s names a command and options that exist", async (line) => {
    const [command, ...words] = line.split(/\s+/);
    const { code, stdout } = await cli([command, "--help"], folder);
    expect(code).toBe(0);
    for (const option of words.filter((word) => word.startsWith("--"))) expect(stdout).toContain(`${option} `);
  });

  it("names files that exist", () => {
    const paths = [...readme.matchAll(/`((?:test|scripts)\/[^`]+)`|\]\((\w+\.md)\)/g)].map(
      (match) => match[1] ?? match[2],
    );
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const named =
      readmeBlocks("sh")
        .join("")
        .match(/^npm (run )?(\S+)/gm) ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(scripts).toHaveProperty(name.split(" ").at(-1) as string);
  });
});
