// Starts a contender for each combination of options, and says which of them are not here.

import { variantName } from "./variants.mjs";

/** The device did not do what was asked for, and said so (`model.device.reason`). */
const refused = ({ reason }) => /\bf32, as .*/.exec(reason)?.[0];

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
      const { device, variant, threads } = about;
      const row = { device, variant, dtype: options.dtype ?? "f32", threads };
      started.push({ row, about, run: () => call("run"), call, close });
    } catch (error) {
      note(`not measured: ${variantName(options)}: ${error.message}`);
    }
  }
  return started;
}
