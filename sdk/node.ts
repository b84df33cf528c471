/** The package in Node. */

import { bindApi } from "./api.js";
import { nodePlatform } from "./platform/node.js";

export * from "./public.js";
export const { getModel, extractFeat, inferenceModel, decode, download, openCheckpoint, devices, runtime } =
  bindApi(nodePlatform);
