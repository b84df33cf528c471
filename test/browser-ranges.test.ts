/** Checkpoints behind URLs in a browser: by ranges where the page may see what they are of, else whole. */

import { afterEach, beforeEach, expect, it } from "vitest";
import { writeSafetensors } from "../sdk/entries/node.js";
import { describeChromium, type OpenPage } from "./chromium.js";
import { type FileServer, serverPerTest } from "./file-server.js";

const anyPage = { "Access-Control-Allow-Origin": "*" };
const shown = { ...anyPage, "Access-Control-Expose-Headers": "Content-Range, ETag" };

/** 2 MB. */
const bytes = writeSafetensors([
  ["a", { data: new Float32Array(250_000).fill(1), shape: [250_000] }],
  ["b", { data: new Float32Array(250_000).fill(2), shape: [250_000] }],
]);

/** Opens a checkpoint and reads `b`: its first and last number, or the error. */
const readIn = (open: OpenPage, where: "inPage" | "inWorker", url: string) =>
  open[where](
    ({ maskfeat, outcome }, url) =>
      outcome(async () => {
        const checkpoint = await maskfeat.openCheckpoint(url);
        const { data } = await checkpoint.get("b");
        await checkpoint.close();
        return [checkpoint.names.join(), data.length, data[0], data[249_999]];
      }),
    url,
  );

describeChromium("checkpoints by ranges", (chromium) => {
  let open: OpenPage;
  let server: FileServer;
  const start = serverPerTest();
  beforeEach(async () => {
    [open, server] = [await chromium.open(), await start()];
    server.bytes = bytes;
  });
  afterEach(() => open.page.context().close());

  const right = { value: ["a,b", 250_000, 2, 2] };
  const ranges = () => server.seen.map(({ range }) => range);
  const head = "bytes=0-131071";
  const tensor = `bytes=${bytes.length - 1_000_000}-${bytes.length - 1}`;

  it.each(["inPage", "inWorker"] as const)("%s: of another origin that shows what is needed", async (where) => {
    server.headers = shown;
    expect(await readIn(open, where, server.url("w.safetensors"))).toEqual(right);
    expect(ranges()).toEqual([head, tensor]);
  });

  it("of another origin that hides it: whole", async () => {
    server.headers = anyPage;
    expect(await readIn(open, "inPage", server.url("w.safetensors"))).toEqual(right);
    expect(ranges()).toEqual([head, undefined]);
  });

  it("of another origin that answers no ranges: whole", async () => {
    server.headers = shown;
    server.trick = (request) => request.headers.range !== undefined && !!request.socket.destroy();
    expect(await readIn(open, "inPage", server.url("w.safetensors"))).toEqual(right);
    expect(ranges().at(-1)).toBeUndefined();
  });

  it("changed in between: a typed error", async () => {
    server.headers = shown;
    server.trick = (_, __, n) => {
      if (n > 1) server.etag = '"two"';
      return false;
    };
    const { error } = await readIn(open, "inPage", server.url("w.safetensors"));
    expect(error).toMatchObject({ name: "FileError", code: "FILE_READ" });
    expect(error?.message).toContain("has changed on the server");
  });

  it("that the page may not read: said so", async () => {
    const { error } = await readIn(open, "inPage", server.url("w.safetensors"));
    expect(error).toMatchObject({ name: "FileError", code: "NET_FAILED" });
    expect(error?.message).toMatch(/\(CORS\): it must send Access-Control-Allow-Origin/);
  });
});
