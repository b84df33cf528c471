// Kept downloads that are damaged, interrupted, killed and shared: what is given out must be the right bytes, or an error that says why not.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { damages, exchanges, FOLDER, partialDamages, randomDamage, recordDamages, SIZE } from "./damage.mjs";
import { pick } from "./random.mjs";
import { answer, content, hashedName, sha256 } from "./server.mjs";

const bytes = content(SIZE);
const HASH = sha256(bytes);
const PART = 50_000;
const OTHER = join(import.meta.dirname, "download.mjs");

/** Long enough for another process to start and want the same file. */
const OVERLAP_MS = 400;

/** A server that gives the file, `delay` milliseconds later, but never ends the next `unfinished` answers. */
class Server {
  requests = 0;
  unfinished = 0;
  delay = 0;
  server = createServer(async (request, response) => {
    this.requests++;
    response.on("error", () => {});
    if (this.delay > 0) await setTimeout(this.delay);
    if (this.unfinished === 0) return answer({ bytes, etag: '"one"' }, request, response);
    this.unfinished--;
    response.writeHead(200, { "Content-Length": String(SIZE), ETag: '"one"' }).write(bytes.subarray(0, PART));
  });

  async start() {
    await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
    this.server.unref();
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
  }
}

const entries = (...tables) => tables.flatMap(Object.entries);
const all = entries(damages, exchanges, recordDamages);

/** What happens to a download: its damage, whether the name tells the hash, and how many processes want it. */
function mutant(roll) {
  const named = roll(2) === 0;
  const kind = pick(roll, ["kept", "kept", "kept", "partial"]);
  const processes = roll(12) === 0 ? 2 : 1;
  const random = roll(3) > 0;
  if (kind === "partial") {
    // Of an unfinished file only a known hash tells that its bytes were changed.
    const [what, damage] = pick(roll, entries(partialDamages));
    return { bytes, kind, named: true, processes, killed: roll(8) === 0, what, damage };
  }
  const [what, damage] = random ? randomDamage(roll) : pick(roll, named ? all : entries(damages, recordDamages));
  return { bytes, kind, named, processes, what, damage };
}

/** Runs a download in a process of its own; resolves to the hash of what it got. */
function elsewhere(url) {
  const child = spawn(process.execPath, [OTHER, url], { stdio: ["ignore", "pipe", "inherit"] });
  const done = new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text.trim()));
  });
  return { child, done };
}

/** The row's source of mutants and what is done with each. */
export async function cacheRow(maskfeat) {
  const server = new Server();
  await server.start();

  /** A download, whose bytes are looked at themselves. */
  async function get(url, options) {
    const { path, sha256: said } = await maskfeat.download(url, options);
    const found = sha256(readFileSync(path));
    if (found !== HASH || said !== HASH) throw new Error(`gave out ${found}, said ${said}, right is ${HASH}`);
  }

  async function interrupt(url, folder, killed) {
    server.unfinished = 1;
    if (killed) {
      const { child, done } = elsewhere(url);
      const arrived = (file) => file.endsWith(".partial") && statSync(join(folder, file)).size === PART;
      while (!readdirSync(folder).some(arrived)) await setTimeout(5);
      child.kill("SIGKILL");
      return void (await done);
    }
    const abort = new AbortController();
    const onProgress = (loaded) => loaded === PART && abort.abort();
    await get(url, { signal: abort.signal, onProgress }).then(
      () => Promise.reject(new Error("an aborted download went on")),
      (error) => error.name === "AbortError" || Promise.reject(error),
    );
  }

  async function offline(url) {
    const asked = server.requests;
    try {
      await get(url, { offline: true });
    } catch (error) {
      if (!["CACHE_CORRUPT", "NET_OFFLINE"].includes(error.code)) throw error;
    }
    if (server.requests !== asked) throw new Error("a server was asked offline");
  }

  async function use({ kind, named, processes, killed, what, damage }) {
    const folder = mkdtempSync(join(tmpdir(), "maskfeat-fuzz-"));
    const url = `${server.origin}/${named ? hashedName(bytes) : "w.safetensors"}`;
    process.env.MASKFEAT_HOME = folder;
    try {
      await (kind === "partial" ? interrupt(url, folder, killed) : get(url));
      const end = kind === "partial" ? /\.partial$/ : /(?<!\.json)$/;
      damage(
        join(
          folder,
          readdirSync(folder).find((name) => end.test(name)),
        ),
      );
      await offline(url);
      if (what === FOLDER) {
        return await get(url).catch((error) => error.code === "FILE_WRITE" || Promise.reject(error));
      }
      const others = Array.from({ length: processes - 1 }, () => elsewhere(url).done);
      server.delay = processes > 1 ? OVERLAP_MS : 0;
      await get(url);
      for (const other of others) if ((await other) !== HASH) throw new Error(`another process got ${await other}`);
      const asked = server.requests;
      await get(url, { offline: true });
      if (server.requests !== asked) throw new Error("a server was asked offline");
    } catch (error) {
      throw new Error(`${kind}, ${what}, ${named ? "hash known" : "any name"}: ${error.stack}`);
    } finally {
      server.delay = 0;
      delete process.env.MASKFEAT_HOME;
      rmSync(folder, { recursive: true, force: true });
    }
  }

  return { next: mutant, use, slow: 30_000 };
}
