/** Image files in a browser: every one as OpenCV and Node decode it, broken ones, and browsers that change what is read back. */

import { readFileSync, statSync } from "node:fs";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { nodePlatform } from "../sdk/platform/node.js";
import { describeChromium, type OpenPage } from "./chromium.js";
import { decoded, digest } from "./data.js";
import { dice, noise, opaque } from "./helpers.js";
import { imageFiles } from "./image-files.js";

const fixture = (name: string) => `/conformance/golden/full/images/${name}`;

/** Width, height and hash of what Node decodes. */
async function inNode(bytes: Uint8Array) {
  const { data, width, height } = await nodePlatform.decode(bytes, "x");
  return { width, height, hash: digest(data) };
}

/** Files that no fixture is like. */
async function made(): Promise<Record<string, Buffer>> {
  const raw = (width: number, height: number) => ({ raw: { width, height, channels: 4 as const } });
  const wide = sharp(noise(5003, 21, opaque), raw(5003, 21)).removeAlpha();
  const tall = sharp(noise(17, 8201, opaque), raw(17, 8201)).removeAlpha();
  const frames = await Promise.all([31, 32].map((w) => sharp(noise(w, 9), raw(w, 9)).resize(16, 9).png().toBuffer()));
  const gap = readFileSync("conformance/golden/full/images/jpeg-420.jpg").subarray(0, 1000);
  return {
    "/no-middle.jpg": Buffer.concat([gap, Buffer.from([0xff, 0xd9])]),
    "/wide.png": await wide.png().toBuffer(),
    "/tall.jpg": await tall.jpeg().toBuffer(),
    "/transparent.webp": await sharp(noise(64, 33), raw(64, 33)).webp({ lossless: true, exact: true }).toBuffer(),
    "/animated.webp": await sharp(frames, { join: { animated: true } })
      .flatten()
      .webp({ lossless: true })
      .toBuffer(),
  };
}

describeChromium("decode", (chromium) => {
  let open: OpenPage;
  let files: Record<string, Buffer>;
  beforeAll(async () => {
    files = await made();
    open = await chromium.open({}, { files });
  });

  /** Width, height and hash of what the page decodes, or the error. */
  const decodeAll = (paths: readonly string[], where: "inPage" | "inWorker" = "inPage") =>
    open[where](async ({ maskfeat, sha256, outcome, bytesOf }, list) => {
      const images = [];
      for (const path of list) {
        const decoded = async () => {
          const { data, width, height } = await maskfeat.decode(await bytesOf(path));
          return { width, height, hash: (await sha256(data)).slice(0, 16) };
        };
        images.push(await outcome(decoded));
      }
      return images;
    }, paths);

  it.each(["inPage", "inWorker"] as const)("%s: every file gives the bytes that OpenCV gives", async (where) => {
    const paths = Object.keys(decoded);
    const found = await decodeAll(
      paths.map((path) => `/${path}`),
      where,
    );
    const named = (i: number) => [paths[i], found[i]] as const;
    expect(Object.fromEntries(paths.map((_, i) => named(i)))).toEqual(
      Object.fromEntries(paths.map((path) => [path, { value: decoded[path] }])),
    );
  });

  it("missing data, pictures larger than a canvas part, colours below transparent pixels, animations: as in Node", async () => {
    const paths = Object.keys(files);
    const expected = await Promise.all(paths.map(async (path) => ({ value: await inNode(files[path]) })));
    expect(await decodeAll(paths)).toEqual(expected);
  });

  it.each([
    "jpeg-420.jpg",
    "jpeg-420-progressive.jpg",
    "png-rgb.png",
    "png-rgba.png",
    "png-rgba16.png",
    "png-interlaced-rgba.png",
    "webp-lossy.webp",
    "webp-lossy-alpha.webp",
    "webp-lossless-alpha.webp",
  ])("%s cut off anywhere is an error, and the next file is decoded", async (name) => {
    const codes = await open.inPage(async ({ maskfeat, outcome, bytesOf }, path) => {
      const bytes = await bytesOf(path);
      const everywhere = Array.from({ length: bytes.length >> 6 }, (_, i) => 40 + 64 * i);
      const ends = [...everywhere, ...[1, 2, 4, 8, 12].map((n) => bytes.length - n)];
      const codes = [];
      for (const end of ends) {
        const { error } = await outcome(() => maskfeat.decode(bytes.subarray(0, end)));
        codes.push(`${end}: ${error?.code}`);
      }
      return codes;
    }, fixture(name));
    expect(codes.filter((line) => !line.endsWith(": IMG_CORRUPT"))).toEqual([]);
    expect(codes.length).toBe((statSync(`.${fixture(name)}`).size >> 6) + 5);
    expect(await decodeAll([fixture("jpeg-420.jpg")])).toEqual([{ value: decoded[fixture("jpeg-420.jpg").slice(1)] }]);
  });

  it("other formats on request: as the browser draws them, else a typed error", async () => {
    const gif = await sharp(files["/wide.png"]).resize(40, 30).gif().toBuffer();
    const tiff = await sharp(gif).tiff().toBuffer();
    const found = await open.inPage(
      async ({ maskfeat, outcome, sha256 }, list) => {
        const images = [];
        for (const [bytes, formats] of list) {
          const decoded = async () => {
            const { data, width, height } = await maskfeat.decode(Uint8Array.from(bytes), { formats });
            return { width, height, hash: (await sha256(data)).slice(0, 16) };
          };
          const { value, error } = await outcome(decoded);
          images.push(value ?? error?.code);
        }
        return images;
      },
      [
        [[...gif], "any"],
        [[...gif], "exact"],
        [[...tiff], "any"],
      ] as const,
    );
    const { data, width, height } = await nodePlatform.decode(gif, "x", "any");
    expect(found).toEqual([{ width, height, hash: digest(data) }, "IMG_FORMAT", "IMG_CORRUPT"]);
  });

  it("mutated files give pixels or a typed error", async () => {
    const names = [
      "jpeg-420.jpg",
      "jpeg-422-progressive.jpg",
      "png-palette.png",
      "png-rgba16.png",
      "webp-lossy-alpha.webp",
      "webp-lossless-alpha.webp",
    ];
    const roll = dice(7);
    const mutations = Array.from({ length: 300 }, (_, i) => ({
      path: fixture(names[i % names.length]),
      bytes: Array.from({ length: 1 + roll(6) }, () => [roll(2 ** 20), roll(256)]),
    }));
    const codes = await open.inPage(async ({ maskfeat, outcome, bytesOf }, list) => {
      const codes = [];
      for (const { path, bytes } of list) {
        const file = await bytesOf(path);
        for (const [at, value] of bytes) file[at % file.length] = value;
        const { error } = await outcome(() => maskfeat.decode(file));
        codes.push(error ? (error.code ?? error.message) : "decoded");
      }
      return codes;
    }, mutations);
    expect(codes.filter((code) => !/^(decoded|IMG_(CORRUPT|FORMAT|SIZE|CMYK))$/.test(code))).toEqual([]);
    expect(new Set(codes).size).toBeGreaterThan(1);
    expect(await decodeAll([fixture("png-rgb.png")])).toEqual([{ value: decoded[fixture("png-rgb.png").slice(1)] }]);
  });

  it("odd metadata: as OpenCV's imread, arithmetic coding refused by name", async () => {
    const found = await open.inPage(
      async ({ maskfeat, outcome }, list) => {
        const images = [];
        for (const file of list) {
          const decoded = async () => {
            const { data, width, height } = await maskfeat.decode(Uint8Array.from(atob(file), (c) => c.charCodeAt(0)));
            return [width, height, Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("")];
          };
          images.push(await outcome(decoded));
        }
        return images;
      },
      imageFiles.map(({ bytes }) => Buffer.from(bytes).toString("base64")),
    );
    for (const [i, { name, answer }] of imageFiles.entries()) {
      const { value, error } = found[i];
      if (name.startsWith("JPEG: arithmetic")) expect(error?.message, name).toContain("an arithmetic-coded JPEG");
      else if (answer) expect(found[i], name).toEqual({ value: answer });
      else expect(`${value} ${error?.code}`, name).toMatch(/^undefined IMG_(CORRUPT|FORMAT)$/);
    }
  });

  it("says what a file is that is no image", async () => {
    const [html, missing] = await decodeAll(["/", "/no-such.jpg"]);
    expect(html.error).toMatchObject({ name: "ImageError", code: "IMG_FORMAT" });
    expect(html.error?.message).toContain("an HTML page");
    expect(missing.error?.message).toBe("/no-such.jpg: 404");
  });

  it("asked nobody but its own server", () => {
    expect(open.foreign).toEqual([]);
  });
});

describeChromium("a browser that changes what is read back", (chromium) => {
  it("is found out before the first image, and says what to do", async () => {
    const open = await chromium.open(
      {},
      {
        before: () => {
          const read = OffscreenCanvasRenderingContext2D.prototype.getImageData;
          OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
            const pixels = read.apply(this, area);
            pixels.data[4 * 1000] ^= 1; // one bit of one pixel
            return pixels;
          };
        },
      },
    );
    const [decoded, again, bitmap, pixels] = await open.inPage(async ({ maskfeat, outcome, bytesOf }, path) => {
      const bytes = await bytesOf(path);
      const raw = new ImageData(64, 64);
      return [
        await outcome(() => maskfeat.decode(bytes).then(() => 0)),
        await outcome(() => maskfeat.decode(bytes).then(() => 0)),
        await outcome(async () => maskfeat.extractFeat(await createImageBitmap(raw)).then(() => 0)),
        await outcome(() => maskfeat.extractFeat(raw).then(({ shape }) => shape[0])),
      ];
    }, fixture("jpeg-420.jpg"));
    for (const { error } of [decoded, again, bitmap]) {
      expect(error).toMatchObject({ name: "ImageError", code: "IMG_READ_BACK" });
      expect(error?.message).toContain("allow canvas reading for this site");
    }
    expect(pixels).toEqual({ value: 1 });
  });

  it("without WebGL says so for transparent colours alone", async () => {
    const files = await made();
    const open = await chromium.open(
      {},
      {
        files,
        before: () => {
          const get = OffscreenCanvas.prototype.getContext as (kind: string, options?: unknown) => unknown;
          Object.assign(OffscreenCanvas.prototype, {
            getContext(this: OffscreenCanvas, kind: string, options?: unknown) {
              return kind === "webgl2" ? null : get.call(this, kind, options);
            },
          });
        },
      },
    );
    const [transparent, plain] = await open.inPage(
      async ({ maskfeat, outcome, bytesOf }, paths) =>
        Promise.all(paths.map((path) => outcome(async () => (await maskfeat.decode(await bytesOf(path))).width))),
      ["/transparent.webp", fixture("webp-lossless.webp")],
    );
    expect(transparent.error).toMatchObject({ code: "IMG_READ_BACK" });
    expect(transparent.error?.message).toContain("there is no WebGL 2");
    expect(plain).toEqual({ value: 53 });
  });
});
