/** The package in Node. */

import { nodePlatform } from "../platform/node.js";
import { bindApi } from "./api.js";

export * from "./public.js";
export const { getModel, extractFeat, inferenceModel, decode, download, openCheckpoint, devices, runtime } =
  bindApi(nodePlatform);
