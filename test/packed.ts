/** Installs what `npm pack` gives into an empty folder, without a network, and runs programs there. */

import { exec, execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Ran } from "./cli.js";

/** The environment of a user who starts nothing through this repository's npm. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)));

/** Runs Node in the folder `cwd`. */
export function node(args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** Runs an ES module's code in Node, in the folder `cwd`. */
export function nodeModule(code: string, cwd: string): Promise<Ran> {
  return node(["--input-type=module", "-e", code], cwd);
}

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  readonly size: number;
  /** Paths inside. */
  readonly paths: readonly string[];
}

/** Packs the package into `folder` and installs it, without optional packages, in `folder/app`. */
export async function packAndInstall(folder: string): Promise<Packed> {
  const cache = join(folder, "cache");
  const npm = (args: string, cwd: string) =>
    promisify(exec)(`npm ${args} --offline --no-audit --no-fund --cache "${cache}"`, { cwd, env });
  const { stdout } = await npm(`pack --ignore-scripts --json --pack-destination "${folder}"`, resolve("."));
  const [{ filename, size, files }] = JSON.parse(stdout);
  const tarball = join(folder, filename);
  const app = join(folder, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{ "private": true }');
  await npm(`install --omit=optional "${tarball}"`, app);
  return { tarball, size, paths: files.map(({ path }: { path: string }) => path) };
}
