/** Pixels of half-transparent pictures, read back from a WebGL texture: a 2D canvas keeps colours multiplied with alpha, and so changes them. */

import { ImageError } from "../../gpu/errors.js";
import type { Image } from "../image/image.js";
import { pickChannels } from "../image/pixels.js";
import { EXACT } from "./browser-canvas.js";

/** RGB [H,W,3] of a bitmap that was made with `EXACT`, alpha dropped. @throws Error if WebGL is missing or refuses. */
function read(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const canvas = typeof OffscreenCanvas === "function" ? new OffscreenCanvas(1, 1) : document.createElement("canvas");
  const gl = canvas.getContext("webgl2") as WebGL2RenderingContext | null;
  if (!gl) throw new Error("there is no WebGL 2");
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  const error = gl.getError();
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // frees it now: browsers keep few contexts alive
  if (error !== gl.NO_ERROR) throw new Error(`WebGL error ${error} for ${width} x ${height} pixels`);
  return pickChannels(rgba, bitmap, 4, [0, 1, 2]);
}

/** Draws known colours of every alpha and reads them back. @throws Error if they come back changed. */
async function drawCanary(): Promise<void> {
  const known = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) known.data.set([i, 255 - i, i ^ 85, i], 4 * i);
  const bitmap = await createImageBitmap(known, EXACT);
  const { data } = read(bitmap);
  if (data.some((value, i) => value !== known.data[i + Math.floor(i / 3)]))
    throw new Error("colours come back changed");
}

let canary: Promise<void> | undefined;

/** As `read`, where the canary lived: it is drawn once. @throws ImageError IMG_READ_BACK */
export async function readTexture(bitmap: ImageBitmap, name: string): Promise<Image> {
  try {
    canary ??= drawCanary();
    await canary;
    return read(bitmap);
  } catch (cause) {
    const what = `${name}: the colours below transparent pixels cannot be read exactly in this browser`;
    const hint = "convert it to an opaque image first";
    throw new ImageError("IMG_READ_BACK", `${what} (${(cause as Error).message}); ${hint}`, { cause });
  }
}
