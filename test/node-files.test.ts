import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { walkFiles, writeAtomic } from "../sdk/platform/node-files.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "maskfeat-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asRoot = process.getuid?.() === 0;
const failsWith = (path: string, reason: string) =>
  expect(writeAtomic(path, "new")).rejects.toMatchObject({
    code: "FILE_WRITE",
    message: expect.stringContaining(reason),
  });

describe("writeAtomic", () => {
  it("writes and replaces, and leaves only the file", async () => {
    const path = join(folder, "out.npy");
    await writeAtomic(path, Uint8Array.of(1, 2, 3));
    await writeAtomic(path, "text");
    expect(readFileSync(path, "utf8")).toBe("text");
    expect(readdirSync(folder)).toEqual(["out.npy"]);
  });

  it("gives the reason where it fails, and leaves nothing behind", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "file"), "old");
    await failsWith(join(folder, "missing/out"), "no such file or folder (ENOENT)");
    await failsWith(join(folder, "file/out"), "not a folder (ENOTDIR)");
    await failsWith(join(folder, "sub"), "it is a folder (EISDIR)");
    await failsWith(join(folder, "x".repeat(300)), "the name is too long (ENAMETOOLONG)");
    expect(readdirSync(folder)).toEqual(["file", "sub"]);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  });

  it.skipIf(asRoot)("keeps the old file where the folder is read-only", async () => {
    writeFileSync(join(folder, "file"), "old");
    chmodSync(folder, 0o500);
    await failsWith(join(folder, "file"), "permission denied (EACCES)");
    chmodSync(folder, 0o700);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  });

  it.skipIf(!existsSync("/dev/full"))("writes to devices as they are", async () => {
    await writeAtomic("/dev/null", "gone");
    await failsWith("/dev/full", "no space left on the device (ENOSPC)");
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("follows a link to the file behind it", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/file"), "old");
    symlinkSync("sub/file", join(folder, "link"));
    await writeAtomic(join(folder, "link"), "new");
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, "sub/file"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "sub"))).toEqual(["file"]);
  });
});

describe("walkFiles", () => {
  const walked = async () => (await walkFiles(folder)).map((path) => path.slice(folder.length + 1));

  it("finds files in the order of their names, and nothing hidden", async () => {
    mkdirSync(join(folder, "b/deep"), { recursive: true });
    mkdirSync(join(folder, ".hidden"));
    const files = ["a.jpg", "b/1.PNG", "b/deep/x.webp", "b/deep/y.jpeg", "b/jpg", "c.JPG", "notes.txt"];
    for (const name of [...files, ".dot.jpg", ".hidden/z.jpg"]) writeFileSync(join(folder, name), "");
    expect(await walked()).toEqual(files);
  });

  it("walks each folder once, links in a circle or not", async () => {
    mkdirSync(join(folder, "a"));
    writeFileSync(join(folder, "a/1.jpg"), "");
    symlinkSync("..", join(folder, "a/up"));
    symlinkSync("a", join(folder, "again"));
    symlinkSync("self", join(folder, "self"));
    expect(await walked()).toEqual(["a/1.jpg", "self"]);
  });

  it("names broken links, so that opening them says what is wrong", async () => {
    symlinkSync("nowhere", join(folder, "broken.jpg"));
    expect(await walked()).toEqual(["broken.jpg"]);
  });

  it("tells apart what is wrong with a folder", async () => {
    await expect(walkFiles(join(folder, "missing"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    writeFileSync(join(folder, "file"), "");
    await expect(walkFiles(join(folder, "file"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
