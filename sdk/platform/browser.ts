/** The platform in browsers: files by fetch alone, images through the browser's own decoder. */

import { DeviceError, FileError, ImageError } from "../../gpu/errors.js";
import type { Platform } from "./types.js";

/** The browser's. */
export const browserPlatform: Platform = {
  runtime: "browser",
  parallelism: 1,
  async openFile(path) {
    throw new FileError("FILE_READ", `${path}: a page has no files; pass a URL with http or https, bytes or a Blob`);
  },
  async decode(_bytes, name) {
    throw new ImageError("IMG_NO_DECODER", `${name}: not yet`);
  },
  startThreads() {
    throw new DeviceError("DEVICE_FAILED", "threads: not yet");
  },
  async gpu() {
    if (!navigator.gpu) throw new DeviceError("DEVICE_ABSENT", "this browser has no WebGPU on this page");
    return navigator.gpu;
  },
};
