// How assembly/ is compiled: every .wasm, its entries and its flags.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

export const ascFlags =
  "--runtime stub --noAssert -O3 --importMemory --initialMemory 1 --maximumMemory 65536 --bindings raw --enable simd --disableWarning 112".split(
    " ",
  );

const relaxed = ["--enable", "relaxed-simd"];
const shared = ["--enable", "threads", "--sharedMemory"];
/** Columns of a tile of a matmul; assembly/nn/lib/tile-plain.ts and tile-fused.ts say why. */
const columns = (count) => ["--use", `TILE_COLUMNS=${count}`];

const builds = {
  simd: columns(8),
  relaxed: [...relaxed, ...columns(8)],
  turbo: [...relaxed, ...columns(16)],
};

/** Every file of assembly/nn is a kernel: what it exports, the module exports. */
const folder = join(dirname(import.meta.dirname), "assembly/nn");
const kernels = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const entries = ["assembly/kernels.ts", ...kernels.sort().map((name) => `assembly/nn/${name}`)];

/** Name of the .wasm -> its entries and its flags besides; the kernels of every build come once for one thread and once for several. */
export const modules = {
  data: { entries: ["assembly/data.ts"], flags: [] },
  // the two in one that need nothing of the engine: a file of the package, for runtimes that compile nothing at run time
  maskfeat: { entries: ["assembly/data.ts", ...entries], flags: builds.simd },
  ...Object.fromEntries(
    Object.entries(builds).flatMap(([name, flags]) => [
      [name, { entries, flags }],
      [`${name}-threads`, { entries, flags: [...flags, ...shared] }],
    ]),
  ),
};
