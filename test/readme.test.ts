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
  it.each(readmeBlocks("js").map((code, i) => [i + 1, code] as const))("code block %i runs", async (i, code) => {
    const file = join(folder, `block${i}.mjs`);
    writeFileSync(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
    expect(stdout).not.toBe("");
  });

  const commands =
    readmeBlocks("sh")
      .join("")
      .match(/(?<=npm start (--silent )?-- |npm run -s swiftshader -- |npx maskfeat-wgpu ).*/g) ?? [];

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
