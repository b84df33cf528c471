// The combinations of options that are measured, one a line: what `getModel` is given beside `threads`. What ran is read from
// `model.device` afterwards.

export const variants = [
  { device: "wasm" },
  { device: "wasm", dtype: "f16" },
  { device: "wasm", dtype: "int8" },
  { device: "wasm", turbo: true },
  { device: "wasm", turbo: true, dtype: "int8" },
  { device: "webgpu" },
  { device: "webgpu", dtype: "f16" },
];

/** "wasm", "webgpu f16", "wasm turbo". */
export const variantName = (options) =>
  Object.entries(options)
    .map(([key, value]) => (value === true ? key : value))
    .join(" ");

/** Options of every combination, with threads where the device has them. */
export function combinations(names, threads) {
  return variants
    .filter((options) => names(variantName(options)))
    .flatMap((options) => (options.device === "wasm" ? threads.map((n) => ({ ...options, threads: n })) : [options]));
}
