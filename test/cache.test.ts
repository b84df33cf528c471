/** Damage to kept downloads: always found before they are used, mended where there is a network, named where there is none. */

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchFile } from "../sdk/download/fetch-file.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { folderStore } from "../sdk/platform/node-store.js";
import { content, FileServer, sha256 } from "./file-server.js";

const SIZE = 150_000;
const bytes = content(SIZE);

/** What happened to a kept file; `path` is the file, `path.json` its record. */
type Damage = (path: string) => void;

const change = (path: string, edit: (bytes: Buffer) => Uint8Array) => writeFileSync(path, edit(readFileSync(path)));
const flip = (at: number, bit: number): Damage => {
  return (path) =>
    change(path, (all) => {
      all[at] ^= 1 << bit;
      return all;
    });
};
const fill = (from: number, to: number, value: number): Damage => {
  return (path) => change(path, (all) => all.fill(value, from, to));
};
const record = (edit: (text: string) => string): Damage => {
  return (path) => writeFileSync(`${path}.json`, edit(readFileSync(`${path}.json`, "utf8")));
};
const field = (name: string, value: unknown) =>
  record((text) => JSON.stringify({ ...JSON.parse(text), [name]: value }));
const html = "<!doctype html><html><body><div id=app></div></body></html>";
const otherHash = sha256(content(7));

/** Damage that shows in every file, whatever is known of it. */
const damages: Record<string, Damage> = {
  ...Object.fromEntries(
    [0, 1, 7, 8, 511, 512, 65_535, 65_536, SIZE / 2, SIZE - 1].map((at, i) => [
      `bit ${i % 8} of byte ${at} flipped`,
      flip(at, i % 8),
    ]),
  ),
  "two bits flipped": (path) => [flip(10, 3), flip(20, 3)].map((damage) => damage(path)),
  "two bytes swapped": (path) =>
    change(path, (all) => {
      const at = all.findIndex((byte, i) => i > 1000 && byte !== all[i + 1]);
      return Buffer.concat([all.subarray(0, at), all.subarray(at, at + 2).reverse(), all.subarray(at + 2)]);
    }),
  ...Object.fromEntries(
    [0, 1, 512, SIZE / 2, SIZE - 1].map((size) => [`cut to ${size} bytes`, (path: string) => truncateSync(path, size)]),
  ),
  "a byte longer": (path) => appendFileSync(path, "\0"),
  "twice as long": (path) => change(path, (all) => Buffer.concat([all, all])),
  "the first byte lost": (path) => change(path, (all) => all.subarray(1)),
  "all zeros": fill(0, SIZE, 0),
  "a block of zeros at the start": fill(0, 4096, 0),
  "a block of zeros in the middle": fill(65_536, 69_632, 0),
  "a block of zeros at the end": fill(SIZE - 4096, SIZE, 0),
  "a block of 0xff": fill(8192, 12_288, 0xff),
  "a sparse tail": (path) => {
    truncateSync(path, SIZE / 2);
    truncateSync(path, SIZE);
  },
  "blocks in another order": (path) =>
    change(path, (all) => Buffer.concat([all.subarray(4096, 8192), all.subarray(0, 4096), all.subarray(8192)])),
  "a web page": (path) => writeFileSync(path, html),
  "a web page of the right length": (path) => writeFileSync(path, html.padEnd(SIZE)),
  "another file of the right length": (path) => writeFileSync(path, content(SIZE, 2)),
  "a file of another kind": (path) => copyFileSync("package.json", path),
  "a folder": (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  "a link that leads nowhere": (path) => {
    rmSync(path);
    symlinkSync(`${path}.gone`, path);
  },
  "a link to a device": (path) => {
    rmSync(path);
    symlinkSync("/dev/zero", path);
  },
  "record: the hash of another file": field("sha256", otherHash),
  "record: a digit of the hash changed": record((text) =>
    text.replace(/("sha256":")(.)/, (_, a, b) => `${a}${b === "0" ? "1" : "0"}`),
  ),
  "record: the hash in part": record((text) => text.replace(/("sha256":".{32}).{32}/, "$1")),
  "record: another length": field("size", SIZE - 1),
  "file and record of another download": (path) => {
    writeFileSync(path, content(SIZE, 3));
    field("sha256", sha256(content(SIZE, 3)))(path);
  },
};

/** Damage to the record alone, which matters only where the name tells no hash. */
const recordDamages: Record<string, Damage> = {
  "no record": (path) => rmSync(`${path}.json`),
  "an empty record": record(() => ""),
  "a record cut short": record((text) => text.slice(0, 40)),
  "a record of zeros": record((text) => "\0".repeat(text.length)),
  "a record that is a web page": record(() => html),
  "a record without hash": field("sha256", undefined),
  "a record whose hash is no text": field("sha256", 7),
  "a record whose length is no number": field("size", "many"),
  "a record that is null": record(() => "null"),
};

let folder: string;
const server = new FileServer();
beforeAll(async () => {
  server.bytes = bytes;
  await server.start();
});
afterAll(() => server.stop());

const fetchOf = (url: string, offline: boolean) =>
  fetchFile({ ...nodePlatform, openStore: async () => folderStore(folder) }, url, { offline, firstPause: 1 });

/** The hash of the file that is given out. */
async function hashOf(url: string, offline: boolean): Promise<string> {
  const { source, sha256: hash } = await fetchOf(url, offline);
  expect(sha256(await source.read(0, source.size))).toBe(hash);
  await source.close();
  return hash;
}

const hashed = () => server.url();
const unnamed = () => server.url("w.safetensors");
const [both, known] = [Object.entries(damages), Object.entries(recordDamages)];
const cases = [
  ...both.map(([what, damage]) => [what, "a name with its hash", hashed, damage] as const),
  // Where no hash is known beforehand, a file whose record fits is right by definition.
  ...both
    .filter(([what]) => what !== "file and record of another download")
    .map(([what, damage]) => [what, "any name", unnamed, damage] as const),
  ...known.map(([what, damage]) => [what, "any name", unnamed, damage] as const),
];

describe("a kept file", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "maskfeat-cache-"));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it("is damaged in more than 40 ways", () => {
    expect(cases.length).toBeGreaterThan(40);
  });

  it.each(cases)("%s (%s): found, named offline, mended online", async (what, _, url, damage) => {
    await hashOf(url(), false);
    const [name] = readdirSync(folder).filter((file) => !file.endsWith(".json"));
    damage(join(folder, name));
    const asked = server.seen.length;
    const code = what.endsWith("nowhere") ? "NET_OFFLINE" : "CACHE_CORRUPT";
    await expect(fetchOf(url(), true)).rejects.toMatchObject({ name: "FileError", code });
    expect(server.seen.length).toBe(asked);

    // A folder in its place is nothing that a download may remove.
    if (what === "a folder") return expect(fetchOf(url(), false)).rejects.toMatchObject({ code: "FILE_WRITE" });
    expect(await hashOf(url(), false)).toBe(sha256(bytes));
    expect(server.seen.length).toBe(asked + 1);
    expect(await hashOf(url(), true)).toBe(sha256(bytes));
  });

  it.each(known)("%s: no harm where the name tells the hash", async (_, damage) => {
    await hashOf(hashed(), false);
    const [name] = readdirSync(folder);
    damage(join(folder, name));
    expect(await hashOf(hashed(), true)).toBe(sha256(bytes));
  });

  it.each([
    [
      "a wrong ETag",
      (path: string) => writeFileSync(`${path}.json`, readFileSync(`${path}.json`, "utf8").replace("one", "two")),
    ],
    ["a flipped bit", flip(100, 1)],
    ["zeros", fill(0, 1000, 0)],
    ["more bytes than the file has", (path: string) => appendFileSync(path, bytes)],
    ["an illegible record", (path: string) => writeFileSync(`${path}.json`, "{")],
    ["no record", (path: string) => rmSync(`${path}.json`)],
    ["no bytes", (path: string) => truncateSync(path, 0)],
  ])("an unfinished one with %s: the right file all the same", async (_, damage) => {
    const abort = new AbortController();
    const platform = { ...nodePlatform, openStore: async () => folderStore(folder) };
    server.trick = (_, response) => {
      response.writeHead(200, { "Content-Length": String(SIZE), ETag: '"one"' }).write(bytes.subarray(0, 50_000));
      return true;
    };
    const stopped = fetchFile(platform, hashed(), {
      signal: abort.signal,
      onProgress: (loaded) => loaded === 50_000 && abort.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    server.trick = () => false;
    const [partial] = readdirSync(folder).filter((file) => file.endsWith(".partial"));
    damage(join(folder, partial));
    expect(await hashOf(hashed(), false)).toBe(sha256(bytes));
    expect(readdirSync(folder)).toHaveLength(2);
  });
});
