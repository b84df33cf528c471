// The machine, as it stands above the tables.

import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** `{ runtime, cpu, cores, memoryGiB, os, package }`. */
export function environment({ runtime }, version) {
  return {
    package: `maskfeat-wgpu ${version}`,
    runtime,
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${process.arch}`,
  };
}

export const environmentText = (env) =>
  `${env.package}, ${env.runtime}, ${env.cpu}, ${env.cores} cores, ${env.memoryGiB} GiB, ${env.os}`;
