/** The package in browsers: in a window and in a worker. Functions of the Node entry, each of them left out of a bundle that does not use it. */

import { listDevices } from "../device/open.js";
import { downloadFile } from "../model/download.js";
import * as inference from "../model/inference.js";
import { loadModel } from "../model/load.js";
import { runtime as browserRuntime, browserPlatform as platform } from "../platform/browser.js";
import * as files from "./files.js";
import type * as node from "./node.js";

export * from "./public.js";

export const getModel: typeof node.getModel = (model, options) => loadModel(platform, model, options);
export const embed: typeof node.embed = (x, options) => inference.embed(platform, x, options);
export const extractFeat = ((x, options) => inference.extractFeat(platform, x, options)) as typeof node.extractFeat;
export const inferenceModel: typeof node.inferenceModel = (
  ...args: Parameters<typeof inference.inferenceModel> extends [unknown, ...infer Rest] ? Rest : never
) => inference.inferenceModel(platform, ...args);
export const decode: typeof node.decode = (image, options) => files.decode(platform, image, options);
export const download: typeof node.download = (from, options) => downloadFile(platform, from, options);
export const openCheckpoint: typeof node.openCheckpoint = (file, options) =>
  files.openCheckpoint(platform, file, options);
export const devices: typeof node.devices = () => listDevices(platform);
export const runtime: string = browserRuntime;
