// Starts contenders, and says which of them are not here.

import { variantName } from "./variants.mjs";

/** What a row says of a device (`model.device`): `{ device, variant, threads }`; nothing of another contender. */
function ranOn({ kind, adapter, variant, threads }) {
  if (!kind) return {};
  return { device: adapter ? `${kind} (${adapter})` : kind, variant, threads: kind === "wasm" ? threads : undefined };
}

/**
 * Starts what `list` says, each `{ name, row, module, spec() }`: contenders `{ row, about, run, call, close, again }`, `row` being what all
 * rows of one share, with the device on which it runs; `again()` starts another one. Those that this machine does not have are reported by `note`.
 */
export async function startAll(host, list, note) {
  const started = [];
  for (const { name, row, module, spec, ...more } of list) {
    try {
      const again = async () => host.start(module, await spec());
      const contender = await again();
      const about = await contender.call("about");
      // the device did not do what was asked for, and says so
      const refused = /\bf32, as .*/.exec(about.reason)?.[0];
      if (refused) {
        await contender.close();
        throw new Error(refused);
      }
      started.push({ ...more, ...contender, again, about, row: { ...row, ...ranOn(about) } });
    } catch (error) {
      note(`not measured: ${name}: ${error.message}`);
    }
  }
  return started;
}

/** What `startAll` takes, of every combination of options. */
export const ofCombos = (combos, module, specOf) =>
  combos.map((options) => {
    return { name: variantName(options), row: { dtype: options.dtype ?? "f32" }, module, spec: () => specOf(options) };
  });
