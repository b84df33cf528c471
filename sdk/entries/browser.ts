/** The package in browsers: in a window and in a worker. */

import { browserPlatform } from "../platform/browser.js";
import { bindApi } from "./api.js";

export * from "./public.js";
export const { getModel, extractFeat, inferenceModel, decode, download, openCheckpoint, devices, runtime } =
  bindApi(browserPlatform);
