/** Image files with odd metadata in Node: as OpenCV's imread, or refused. test/browser-decode.test.ts has them in Chromium. */

import { describe, expect, it } from "vitest";
import { nodePlatform } from "../sdk/platform/node.js";
import { codeOf } from "./helpers.js";
import { answerOf, imageFiles } from "./image-files.js";

describe("image files, as OpenCV's imread in Node", () => {
  it.each(imageFiles)("$name", async ({ bytes, answer, name }) => {
    const decoding = nodePlatform.decode(bytes, name);
    if (answer) expect(answerOf(await decoding)).toEqual(answer);
    else expect(await codeOf(() => decoding)).toMatch(/^IMG_(CORRUPT|FORMAT)$/);
  });

  it("says which coding it does not take", async () => {
    const file = (name: string) => imageFiles.find((row) => row.name === name)?.bytes ?? new Uint8Array();
    for (const [name, what] of [
      ["JPEG: 12 bits", "a JPEG of 12 bits a sample"],
      ["JPEG: lossless", "a lossless JPEG"],
      ["JPEG: hierarchical", "a hierarchical JPEG"],
    ])
      await expect(nodePlatform.decode(file(name), "x.jpg")).rejects.toThrow(`x.jpg: ${what}, which is not decoded`);
  });
});
