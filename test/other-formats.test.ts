/** Image files beside JPEG, PNG and WebP, which are decoded on request by whatever sharp has. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { decode } from "../sdk/entries/node.js";
import { cli, json, samples, smallModel, temporaryFolder } from "./cli.js";

const folder = temporaryFolder();
const image = join(samples, "city-day.png");
const at = (name: string) => join(folder, "files", name);

beforeAll(async () => {
  mkdirSync(join(folder, "files"));
  await sharp(image).resize(32).gif().toFile(at("a.gif"));
  await sharp(image).tiff({ compression: "lzw" }).toFile(at("b.tif"));
  await sharp(image).resize(32).avif().toFile(at("c.avif"));
});

/** The TIFF file with sides of 65,000 pixels in its header (tags 256 and 257 of the first directory). */
function hugeTiff(): Uint8Array {
  const bytes = Uint8Array.from(readFileSync(at("b.tif")));
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(4, true);
  for (let i = 0; i < view.getUint16(directory, true); i++) {
    const entry = directory + 2 + 12 * i;
    if ([256, 257].includes(view.getUint16(entry, true))) view.setUint16(entry + 8, 65_000, true);
  }
  return bytes;
}

describe("other formats", () => {
  it("are decoded where they are asked for", async () => {
    const found = await decode(at("b.tif"), { formats: "any" });
    expect(found).toEqual(await decode(image));
    for (const name of ["a.gif", "c.avif"]) {
      expect(await decode(at(name), { formats: "any" })).toMatchObject({ width: 32 });
      await expect(decode(at(name))).rejects.toMatchObject({ code: "IMG_FORMAT" });
    }
    await expect(decode(image, { formats: "all" as "any" })).rejects.toMatchObject({ code: "OPT_VALUE" });
  });

  it("keep the limits, and name what is broken", async () => {
    await expect(decode(hugeTiff(), { formats: "any" })).rejects.toMatchObject({ code: "IMG_SIZE" });
    const gif = readFileSync(at("a.gif"));
    const cut = gif.subarray(0, gif.length / 2);
    await expect(decode(cut, { formats: "any" })).rejects.toMatchObject({ code: "IMG_CORRUPT" });
    const text = new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>");
    await expect(decode(text, { formats: "any" })).rejects.toMatchObject({ code: "IMG_FORMAT" });
  });

  it("are taken from folders with --formats any, with a word on stderr", async () => {
    const small = smallModel(folder);
    writeFileSync(at("d.png"), readFileSync(image));
    const exact = await json(["extract", "files", ...small], folder);
    expect(exact.skipped.map(({ code }: { code: string }) => code)).toEqual(Array(3).fill("IMG_FORMAT"));
    const { stdout, stderr } = await cli(["extract", "files", ...small, "--formats", "any", "--json"], folder);
    const any = JSON.parse(stdout);
    expect([any.outputs.length, any.skipped]).toEqual([4, []]);
    expect(any.outputs[1].first).toEqual(exact.outputs[0].first);
    expect(stderr.match(/--formats any: files other than JPEG, PNG and WebP/g)).toHaveLength(1);
  });
});
