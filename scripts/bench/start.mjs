// Starts a contender for each combination of options, and says which of them are not here.

import { variantName } from "./variants.mjs";

/** The device did not do what was asked for, and said so (`model.device.reason`). */
const refused = ({ reason }) => /\bf32, as .*/.exec(reason)?.[0];

/** What a row says of a device (`model.device`): `{ device, variant, threads }`. */
export function ranOn({ kind, adapter, variant, threads }) {
  return { device: adapter ? `${kind} (${adapter})` : kind, variant, threads: kind === "wasm" ? threads : undefined };
}

/**
 * Contenders `{ row, run, call, close }`, `row` being what all rows of one share: `{ device, variant, dtype, threads }`. Combinations that
 * this machine has not are told by `note`.
 */
export async function startAll(host, module, combos, specOf, note) {
  const started = [];
  for (const options of combos) {
    try {
      const { call, close } = await host.start(module, specOf(options));
      const about = await call("about");
      const why = refused(about);
      if (why) {
        close();
        throw new Error(why);
      }
      const row = { ...ranOn(about), dtype: options.dtype ?? "f32" };
      started.push({ row, about, run: () => call("run"), call, close });
    } catch (error) {
      note(`not measured: ${variantName(options)}: ${error.message}`);
    }
  }
  return started;
}
