/** What every build of the WASM device's kernels exports beside the kernels themselves, the files of nn/ (scripts/assembly.mjs). */
export { f16ToF32, f32ToF16 } from "./half";
export * from "./memory";
export * from "./program";
