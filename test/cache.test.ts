/** Damage to kept downloads: always found before they are used, mended where there is a network, named where there is none. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { damages, exchanges, FOLDER, partialDamages, recordDamages, SIZE } from "../scripts/fuzz/damage.mjs";
import { fetchFile } from "../sdk/io/cache.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { folderStore } from "../sdk/platform/node-store.js";
import { content, FileServer, sha256 } from "./file-server.js";

const bytes = content(SIZE);

vi.mock("../sdk/base/pause.js", async () => import("./short-pause.js"));

let folder: string;
const server = new FileServer();
beforeAll(async () => {
  server.bytes = bytes;
  await server.start();
});
afterAll(() => server.stop());

const fetchOf = (url: string, offline: boolean) =>
  fetchFile({ ...nodePlatform, openStore: async () => folderStore(folder) }, url, { offline });

/** The hash of the file that is given out. */
async function hashOf(url: string, offline: boolean): Promise<string> {
  const { source, sha256: hash } = await fetchOf(url, offline);
  expect(sha256(await source.read(0, source.size))).toBe(hash);
  await source.close();
  return hash;
}

const hashed = () => server.url();
const unnamed = () => server.url("w.safetensors");
const known = Object.entries(recordDamages);
const cases = [
  ...Object.entries({ ...damages, ...exchanges }).map(
    ([what, damage]) => [what, "a name with its hash", hashed, damage] as const,
  ),
  ...Object.entries({ ...damages, ...recordDamages }).map(
    ([what, damage]) => [what, "any name", unnamed, damage] as const,
  ),
];

describe("a kept file", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "maskfeat-cache-"));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it.each(cases)("%s (%s): found, named offline, mended online", async (what, _, url, damage) => {
    await hashOf(url(), false);
    const [name] = readdirSync(folder).filter((file) => !file.endsWith(".json"));
    damage(join(folder, name));
    const asked = server.seen.length;
    const code = what.endsWith("nowhere") ? "NET_OFFLINE" : "CACHE_CORRUPT";
    await expect(fetchOf(url(), true)).rejects.toMatchObject({ name: "FileError", code });
    expect(server.seen.length).toBe(asked);

    if (what === FOLDER) return expect(fetchOf(url(), false)).rejects.toMatchObject({ code: "FILE_WRITE" });
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

  it.each(Object.entries(partialDamages))(
    "an unfinished one with %s: the right file all the same",
    async (_, damage) => {
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
    },
  );
});
