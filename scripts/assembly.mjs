// How assembly/ is compiled: the flags of every WASM variant.

export const ascFlags =
  "--runtime stub --noAssert -O3 --importMemory --initialMemory 1 --maximumMemory 65536 --bindings raw --enable simd --disableWarning 112".split(
    " ",
  );

/** One source, one .wasm for each kind of engine; all export the same names. Variant -> its flags besides. */
export const variants = {
  simd: [],
  threads: ["--enable", "threads", "--sharedMemory"],
};
