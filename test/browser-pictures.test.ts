/** What browsers can draw beside files: canvases, bitmaps, video frames, image elements, of equal pixels. */

import "./relaxed.js";
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { extractFeat, getModel } from "../sdk/entries/node.js";
import { describeChromium, type OpenPage } from "./chromium.js";
import { noise, opaque } from "./helpers.js";
import { tiny } from "./tiny.js";

describeChromium("what a browser can draw", (chromium) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await chromium.open({}, { files: { "/opaque.rgba": noise(70, 61, opaque) } });
  });

  /** The page's outcome for each kind of picture of the same pixels: the hash of its features. */
  const kinds = (where: "inPage" | "inWorker") =>
    open[where](async ({ maskfeat, sha256, outcome, bytesOf }, config) => {
      const [width, height] = [70, 61];
      const bytes = await bytesOf("/opaque.rgba");
      const pixels = new ImageData(new Uint8ClampedArray(bytes.buffer), width, height);
      const offscreen = new OffscreenCanvas(width, height);
      offscreen.getContext("2d")?.putImageData(pixels, 0, 0);
      const video = new VideoFrame(bytes, { format: "RGBA", codedWidth: width, codedHeight: height, timestamp: 0 });
      const pictures: Record<string, import("../sdk/entries/browser.js").ImageInput> = {
        bytes: { data: bytes, width, height },
        ImageData: pixels,
        ImageBitmap: await createImageBitmap(pixels),
        OffscreenCanvas: offscreen,
        VideoFrame: video,
      };
      if (globalThis.document) {
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        canvas.getContext("2d")?.putImageData(pixels, 0, 0);
        const image = new Image();
        image.src = canvas.toDataURL("image/png");
        Object.assign(pictures, { HTMLCanvasElement: canvas, HTMLImageElement: image });
      }
      const model = await maskfeat.getModel(config, { weights: "procedural" });
      const found: Record<string, unknown> = {};
      for (const [kind, picture] of Object.entries(pictures)) {
        found[kind] = await outcome(async () => sha256((await model.extractFeat(picture))[0].data));
      }
      model.dispose();
      video.close();
      return found;
    }, tiny);

  it.each(["inPage", "inWorker"] as const)("%s: the same pixels, the same features", async (where) => {
    const model = await getModel(tiny, { weights: "procedural", threads: 1 });
    const image = { data: noise(70, 61, opaque), width: 70, height: 61 };
    const value = createHash("sha256")
      .update(new Uint8Array((await model.extractFeat(image))[0].data.buffer))
      .digest("hex");
    model.dispose();
    const names = ["bytes", "ImageData", "ImageBitmap", "OffscreenCanvas", "VideoFrame"];
    if (where === "inPage") names.push("HTMLCanvasElement", "HTMLImageElement");
    expect(await kinds(where)).toEqual(Object.fromEntries(names.map((name) => [name, { value }])));
  });

  it("empty, closed and broken ones, and what is no picture, are typed errors", async () => {
    const errors = await open.inPage(async ({ maskfeat, outcome }, config) => {
      const model = await maskfeat.getModel(config, { weights: "procedural" });
      const closed = await createImageBitmap(new ImageData(2, 2));
      closed.close();
      const format = { format: "RGBA", codedWidth: 2, codedHeight: 2, timestamp: 0 } as const;
      const frame = new VideoFrame(new Uint8Array(16), format);
      frame.close();
      const image = new Image();
      image.src = "/no-such.png";
      const wrong: unknown[] = [closed, frame, new OffscreenCanvas(0, 4), image, null, 7, {}, document.body];
      const errors = [];
      for (const x of wrong) errors.push((await outcome(() => model.extractFeat(x as Blob))).error);
      model.dispose();
      return errors;
    }, tiny);
    const [size, corrupt, format] = ["IMG_SIZE", "IMG_CORRUPT", "IMG_FORMAT"];
    expect(errors.map((error) => error?.code)).toEqual([size, size, size, corrupt, format, format, format, format]);
    expect(errors[4]?.message).toBe(
      "an image must be a path, URL, bytes, Blob, ImageBitmap, canvas, VideoFrame, image element, pixels or tensor, got [object Null]",
    );
  });

  it("a picture of another origin, which a page may not read, is a typed error", async () => {
    const other = await chromium.open();
    const { error } = await open.inPage(async ({ maskfeat, outcome }, url) => {
      const image = new Image();
      image.src = url;
      return outcome(() => maskfeat.extractFeat(image));
    }, `${other.origin}/conformance/golden/full/images/png-rgb.png`);
    expect(error).toMatchObject({ name: "ImageError", code: "IMG_READ_BACK" });
    expect(error?.message).toContain("another origin");
  });
});

describe("in Node", () => {
  it("what only browsers draw is a typed error that names what is taken", async () => {
    const canvas = { width: 4, height: 4, getContext: () => null };
    await expect(extractFeat(canvas)).rejects.toMatchObject({
      name: "ImageError",
      code: "IMG_FORMAT",
      message: "an image must be a path, URL, bytes, Blob, pixels or tensor, got [object Object]",
    });
  });
});
