import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { listDevices, openDevice } from "../sdk/device/open.js";
import { checkNode, nodePlatform } from "../sdk/platform/node.js";
import { decodeImage, loadSharp } from "../sdk/platform/node-decode.js";
import { unpermitted } from "../sdk/platform/node-source.js";
import { loadDawn } from "../sdk/platform/node-webgpu.js";
import { decoded, digest } from "./data.js";
import { codeOf, dice, latin1, rounds } from "./helpers.js";

const folder = mkdtempSync(join(tmpdir(), "maskfeat-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string) => new Uint8Array(readFileSync(`conformance/golden/full/images/${name}`));
const decode = (bytes: Uint8Array, name = "x") => nodePlatform.decode(bytes, name);

async function decodesAsBefore(): Promise<void> {
  const path = "conformance/golden/full/images/jpeg-420.jpg";
  expect(digest((await decode(new Uint8Array(readFileSync(path)))).data)).toBe(decoded[path].hash);
}

describe("decode", () => {
  it.each(Object.keys(decoded))("%s: the bytes that OpenCV gives", async (path) => {
    const { width, height, data } = await decode(new Uint8Array(readFileSync(path)), path);
    expect({ width, height, hash: digest(data) }).toEqual(decoded[path]);
  });

  it.each(["jpeg-420.jpg", "jpeg-420-progressive.jpg", "png-rgb.png", "webp-lossy.webp", "webp-lossless.webp"])(
    "%s cut off anywhere is an error",
    async (name) => {
      const bytes = fixture(name);
      const everywhere = Array.from({ length: bytes.length >> 6 }, (_, i) => 40 + 64 * i);
      for (const end of [...everywhere, ...[1, 2, 4, 8, 12].map((n) => bytes.length - n)]) {
        expect(await codeOf(() => decode(bytes.subarray(0, end))), `${end} bytes`).toBe("IMG_CORRUPT");
      }
      await decodesAsBefore();
    },
  );

  it("says which file is broken and how", async () => {
    const cut = fixture("jpeg-420-progressive.jpg").slice(0, 700);
    await expect(decode(cut, "bird.jpg")).rejects.toThrow(
      /^bird\.jpg: the jpeg data is truncated or broken \(no end\);/,
    );
    cut.set([0xff, 0xd9], 698); // the end of the image
    await expect(decode(cut, "bird.jpg")).rejects.toThrow(
      /^bird\.jpg: the jpeg data is truncated or broken \(.*premature end/,
    );
  });

  it("checks the header before any decoder sees the file", async () => {
    expect(await codeOf(() => decode(new Uint8Array(0)))).toBe("IMG_EMPTY");
    expect(await codeOf(() => decode(latin1("GIF89a\x01\0\x01\0\0\0\0;")))).toBe("IMG_FORMAT");
    expect(await codeOf(() => decode(latin1("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")))).toBe(
      "IMG_FORMAT",
    );
    await decodesAsBefore();
  });

  it.each([
    ["gif", "IMG_FORMAT", "a GIF image"],
    ["tiff", "IMG_FORMAT", "a TIFF image"],
    ["avif", "IMG_FORMAT", "an AVIF image"],
    ["cmyk", "IMG_CMYK", "CMYK"],
  ])("refuses a real %s file by name", async (format, code, what) => {
    const image = sharp(fixture("png-rgb.png"));
    const bytes = await (format === "cmyk"
      ? image.toColourspace("cmyk").jpeg()
      : image.toFormat(format as "gif")
    ).toBuffer();
    await expect(decode(bytes)).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
    await decodesAsBefore();
  });

  it("gives the first picture of an animated WebP", async () => {
    const frame = (background: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
    const frames = await Promise.all(["red", "blue"].map(frame));
    const bytes = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    const { width, height, data } = await decode(bytes);
    expect([width, height, ...data.subarray(0, 3)]).toEqual([8, 8, 255, 0, 0]);
  });

  it("answers mutated files with pixels or a typed error, and decodes right afterwards", async () => {
    const roll = dice(7);
    const files = ["jpeg-420.jpg", "jpeg-422-progressive.jpg", "png-palette.png", "webp-lossy-alpha.webp"].map(fixture);
    for (let i = 0; i < rounds(300); i++) {
      const bytes = files[i % files.length].slice();
      for (let k = 0; k <= roll(6); k++) bytes[roll(bytes.length)] = roll(256);
      const code = await codeOf(() => decode(bytes));
      expect(code).toMatch(/^(none|IMG_)/);
      expect(code).not.toBe("IMG_NO_DECODER");
    }
    await decodesAsBefore();
  });

  it("says how to get the decoder where it is missing", async () => {
    const work = decodeImage(fixture("png-rgb.png"), "x.png", { load: () => loadSharp("no-such-package") });
    await expect(work).rejects.toMatchObject({
      code: "IMG_NO_DECODER",
      message:
        "image files are decoded by the package sharp, which is not installed: npm i sharp. Raw pixels and .npy files work without it",
    });
  });

  it("says which permission Deno lacks", async () => {
    const denied = 'Requires ffi access to "sharp.node", run again with the --allow-ffi flag';
    const module = `data:text/javascript,throw new Error(${JSON.stringify(`no sharp\n${denied}\nnpm i`)})`;
    await expect(decodeImage(fixture("png-rgb.png"), "x.png", { load: () => loadSharp(module) })).rejects.toMatchObject(
      {
        code: "IMG_NO_DECODER",
        message: expect.stringMatching(
          /package sharp, which this process may not load: Requires ffi access to .* --allow-ffi flag\. Raw pixels/,
        ),
      },
    );
    expect(unpermitted(new Error(denied))).toBe(denied);
    expect(unpermitted(new Error("ENOENT: no such file"))).toBeUndefined();
  });
});

describe("WebGPU", () => {
  const throwing = (text: string) => `data:text/javascript,throw new Error(${JSON.stringify(text)})`;

  it.each([
    ["is missing", "no-such-package", "is not installed: npm i webgpu"],
    [
      "does not work here",
      throwing("version GLIBC_2.34 not found\nmore"),
      "does not work on this machine (version GLIBC_2.34 not found); install it again here: npm i webgpu",
    ],
  ])("says the command where its package %s", async (_, specifier, why) => {
    await expect(loadDawn(specifier)).rejects.toMatchObject({
      code: "DEVICE_ABSENT",
      message: `WebGPU needs a GPU with its driver and the package webgpu, which ${why}`,
    });
  });

  it("is asked of its package before the drivers are looked at", async () => {
    const gpu = () => loadDawn("no-such-package");
    const platform = { ...nodePlatform, gpu };
    const { device, info } = await openDevice(platform, { threads: 1, selfTest: "off" });
    device.destroy();
    expect(info.kind).toBe("wasm");
    const missing = "the package webgpu, which is not installed: npm i webgpu";
    expect(info.reason).toContain(missing);
    expect((await listDevices(platform))[0]).toMatchObject({ available: false, reason: info.reason });
    await expect(openDevice(platform, { device: "webgpu" })).rejects.toMatchObject({
      message: `device webgpu: ${info.reason}; or use device wasm or auto`,
    });
  });
});

describe("the version of Node", () => {
  it.each(["20.0.0", "20.20.2", "26.1.0"])("%s will do", (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(["18.20.8", "19.9.0", "16.0.0", "9.0.0"])("%s is refused by name", (version) => {
    const message = `maskfeat-wgpu needs Node >=20.19, and this is Node ${version}`;
    expect(() => checkNode(version)).toThrow(expect.objectContaining({ code: "RUNTIME_OLD", message }));
  });
});

describe("openFile", () => {
  it("reads at offsets", async () => {
    const path = join(folder, "bytes");
    writeFileSync(
      path,
      Uint8Array.from({ length: 1000 }, (_, i) => i % 251),
    );
    const file = await nodePlatform.openFile(path);
    expect([file.name, file.size]).toEqual([path, 1000]);
    expect(Array.from(await file.read(500, 3))).toEqual([249, 250, 0]);
    expect((await file.read(1000, 0)).length).toBe(0);
    expect(await codeOf(() => file.read(999, 2))).toBe("FILE_READ");
    expect(await codeOf(() => file.read(-1, 2))).toBe("FILE_READ");
    await file.close();
  });

  it("tells apart what is wrong with a path", async () => {
    const notFolder = join(folder, "file");
    writeFileSync(notFolder, "x");
    expect(await codeOf(() => nodePlatform.openFile(join(folder, "missing")))).toBe("FILE_NOT_FOUND");
    expect(await codeOf(() => nodePlatform.openFile(join(notFolder, "below")))).toBe("FILE_NOT_FOUND");
    await expect(nodePlatform.openFile(folder)).rejects.toMatchObject({
      code: "FILE_READ",
      message: expect.stringContaining("found a folder"),
    });
    await expect(nodePlatform.openFile("/dev/null")).rejects.toMatchObject({ code: "FILE_READ" });
    await expect(nodePlatform.openFile("a\0b")).rejects.toMatchObject({ code: "FILE_READ" });
  });

  it("says that a file became shorter", async () => {
    const path = join(folder, "shrinks");
    writeFileSync(path, new Uint8Array(100));
    const file = await nodePlatform.openFile(path);
    writeFileSync(path, new Uint8Array(50));
    await expect(file.read(0, 100)).rejects.toMatchObject({
      code: "FILE_READ",
      message: expect.stringContaining("shorter"),
    });
    await file.close();
  });
});

it("says what runs it, and on how many processors", () => {
  expect(nodePlatform.runtime).toBe(`node ${process.versions.node}`);
  expect(nodePlatform.parallelism).toBe(availableParallelism());
});
