/** The parameters of a registered model with their procedural values. Bundled by ../inside.mjs, as it needs what is private. */

import { findModel } from "../../../sdk/config/registry.js";
import { ownParams } from "../../../sdk/config/traced.js";
import { proceduralFill } from "../../../sdk/model/fill.js";

/** The configuration, and each parameter with a function that makes its numbers. */
export function parametersOf(model: string) {
  const { config } = findModel(model);
  const params = ownParams(config).map(({ name, shape }) => {
    return { name, shape, read: () => proceduralFill(name, shape) as Float32Array };
  });
  return { config, params };
}
