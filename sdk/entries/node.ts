/** The package in Node. */

import { MaskFeatError } from "../../gpu/errors.js";
import { nodePlatform } from "../platform/node.js";
import { bindApi } from "./api.js";

/**
 * The same function, whose errors name the line that calls it: of an error that nobody catches Node prints where it was made, and that
 * would be a line of this package, or a whole bundle where that is one line.
 */
function named<F extends (...args: never[]) => Promise<unknown>>(call: F): F {
  return async function caller(...args: never[]) {
    try {
      return await call(...args);
    } catch (error) {
      if (error instanceof MaskFeatError) Error.captureStackTrace(error, caller);
      throw error;
    }
  } as F;
}

const api = bindApi(nodePlatform);

export * from "./public.js";
export const getModel = named(api.getModel);
export const extractFeat = named(api.extractFeat);
export const inferenceModel = named(api.inferenceModel);
export const decode = named(api.decode);
export const download = named(api.download);
export const openCheckpoint = named(api.openCheckpoint);
export const { devices, runtime } = api;
