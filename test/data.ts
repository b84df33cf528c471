/** Images and numbers that follow from a name, and what the reference libraries compute from them (conformance/golden). */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { noiseImage, smoothImage } from "../conformance/images.js";
import { fill, type HogGolden, type PipelineRows, readHog } from "../conformance/levels/pipeline-rows.js";

export interface TestImage {
  data: Uint8Array;
  width: number;
  height: number;
}

/** The folder of image files. */
export const images = "conformance/golden/full/images";

const rowsOf = (scope: string): PipelineRows =>
  JSON.parse(readFileSync(`conformance/golden/${scope}/pipeline.json`, "utf8"));
const [quick, full] = [rowsOf("quick"), rowsOf("full")];
function joined(key: keyof PipelineRows) {
  const rows = [...quick[key], ...full[key]];
  // tests of no rows would pass
  if (rows.length === 0) throw new Error(`the goldens have no ${key}`);
  return rows;
}

/** The rows of both scopes. */
export const golden = Object.fromEntries(
  (Object.keys(quick) as (keyof PipelineRows)[]).map((key) => [key, joined(key)]),
) as unknown as PipelineRows;

/** HOG of both scopes. */
export const hogGoldens: readonly HogGolden[] = (
  await Promise.all(
    ["quick", "full"].map((scope) => readHog(readFileSync(`conformance/golden/${scope}/hog.safetensors`))),
  )
).flat();

/** Path -> what OpenCV decodes: samples and the golden images. */
export const decoded = Object.fromEntries([
  ...quick.decoded.map(([name, width, height, hash]) => [`sdk/demo/samples/${name}`, { width, height, hash }]),
  ...full.decoded.map(([name, width, height, hash]) => [`${images}/${name}`, { width, height, hash }]),
]) as Record<string, { width: number; height: number; hash: string }>;

/** The first 16 hex digits of the SHA-256 of the bytes. */
export function digest(data: ArrayBufferView): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

export { fill };

export const noise = (name: string, width: number, height: number): TestImage => noiseImage(name, height, width);

export const smooth = (name: string, width: number, height: number): TestImage => smoothImage(name, height, width);

/** The image that the goldens' rows name by kind and size. */
export function testImage(kind: string, width: number, height: number): TestImage {
  return (kind === "noise" ? noise : smooth)(`${kind}${width}x${height}`, width, height);
}
