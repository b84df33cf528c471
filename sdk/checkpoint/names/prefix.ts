/** What programs put before and into the names of a model's tensors. */

/**
 * Modules that wrap others, wherever they stand in a name: those of `torch.compile`, of fully sharded data parallel, of activation
 * checkpointing and of Lightning's Fabric.
 */
const WRAPPERS =
  /(?<=^|\.)(?:_orig_mod|_fsdp_wrapped_module|_fpw_module|_checkpoint_wrapped_module|_forward_module)\./g;

/** Data-parallel training, DeepSpeed, averaging (`module.`) and a model that wraps another one (`model.`). */
const OUTER = /^(?:module\.|model\.)+/;

/** A name without wrappers. */
export const bareName = (name: string): string => name.replace(WRAPPERS, "").replace(OUTER, "");

/** What averaged models count, which is no weight. */
export const COUNTS = /^(?:n_averaged|steps)$/;

/** What stands before `sign` in names: a few words with dots behind them, each prefix once. The number of a layer is no such word. */
export function prefixesBefore(sign: RegExp, names: readonly string[]): string[] {
  const pattern = new RegExp(`^((?:[A-Za-z_]\\w*\\.)*?)${sign.source}`);
  return [...new Set(names.flatMap((name) => pattern.exec(name)?.[1] ?? []))];
}

/** The parts of a model that hold the backbone, beside which the head stands. */
const BACKBONE = /(?:^|\.)(?:backbone|vit|deit)\.$/;

/** A name without the backbone's prefix, or what stands beside the backbone without the model's; undefined for what is of neither. */
export function withoutPrefix(name: string, prefix: string): string | undefined {
  const outer = prefix.replace(BACKBONE, (part) => (part.startsWith(".") ? "." : ""));
  const before = [prefix, outer].find((part) => name.startsWith(part));
  return before === undefined ? undefined : name.slice(before.length);
}
