// How assembly/ is compiled: every .wasm, its entry and its flags.

export const ascFlags =
  "--runtime stub --noAssert -O3 --importMemory --initialMemory 1 --maximumMemory 65536 --bindings raw --enable simd --disableWarning 112".split(
    " ",
  );

const relaxed = ["--enable", "relaxed-simd"];
const shared = ["--enable", "threads", "--sharedMemory"];
/** Columns of a tile of matrix products; assembly/nn/tile-plain.ts and tile-fused.ts say why. */
const columns = (count) => ["--use", `TILE_COLUMNS=${count}`];

const kernels = {
  simd: columns(8),
  relaxed: [...relaxed, ...columns(8)],
  turbo: [...relaxed, ...columns(16)],
};

/** Name of the .wasm -> its entry and its flags besides; the kernels of every build come once for one thread and once for several. */
export const modules = {
  data: { entry: "assembly/data.ts", flags: [] },
  ...Object.fromEntries(
    Object.entries(kernels).flatMap(([name, flags]) => [
      [name, { entry: "assembly/kernels.ts", flags }],
      [`${name}-threads`, { entry: "assembly/kernels.ts", flags: [...flags, ...shared] }],
    ]),
  ),
};
