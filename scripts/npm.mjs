// Packages of the registry in a folder of their own, so that none is a dependency of this one.

import { spawnSync } from "node:child_process";

/** Installs packages into a folder, by the npm that runs this script, if one does. No install script is run. @throws if npm fails */
export function npmInstall(folder, packages, options = {}) {
  const [command, ...first] = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const flags = "--no-save --ignore-scripts --no-audit --no-fund --no-package-lock".split(" ");
  const args = [...first, "install", ...flags, "--prefix", folder, ...packages];
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2], ...options });
  if (status !== 0) throw new Error(`npm could not install ${packages.join(" ")}`);
}
