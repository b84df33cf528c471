// Kept downloads that are damaged, interrupted, killed and shared: what is given out must be the right bytes, or an error that says why not.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
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
async function startServer() {
  const state = { requests: 0, unfinished: 0, delay: 0 };
  const server = createServer(async (request, response) => {
    state.requests++;
    response.on("error", () => {});
    if (state.delay > 0) await setTimeout(state.delay);
    if (state.unfinished === 0) return answer({ bytes, etag: '"one"' }, request, response);
    state.unfinished--;
    response.writeHead(200, { "Content-Length": String(SIZE), ETag: '"one"' }).write(bytes.subarray(0, PART));
  });
  await once(server.listen(0, "127.0.0.1").unref(), "listening");
  return Object.assign(state, { origin: `http://127.0.0.1:${server.address().port}` });
}

const entries = (...tables) => tables.flatMap(Object.entries);
const all = entries(damages, exchanges, recordDamages);

/** What happens to a download: its damage, whether the name tells the hash, and whether another process wants it, too. */
function mutant(roll) {
  const named = roll(2) === 0;
  const kind = pick(roll, ["kept", "kept", "kept", "partial"]);
  const shared = roll(12) === 0;
  const random = roll(3) > 0;
  if (kind === "partial") {
    // Only a known hash shows that the bytes of an unfinished file were changed.
    const [what, damage] = pick(roll, entries(partialDamages));
    return { bytes, kind, named: true, shared, killed: roll(8) === 0, what, damage };
  }
  const [what, damage] = random ? randomDamage(roll) : pick(roll, named ? all : entries(damages, recordDamages));
  return { bytes, kind, named, shared, what, damage };
}

const run = promisify(execFile);
/** Runs a download in a process of its own, which prints the hash of what it got. */
const elsewhere = (url) => run(process.execPath, [OTHER, url]);

/** The row's source of mutants and what is done with each. */
export async function cacheRow(maskfeat) {
  const server = await startServer();

  /** A download, whose bytes are looked at themselves. */
  async function get(url, options) {
    const { path, sha256: said } = await maskfeat.download(url, options);
    const found = sha256(readFileSync(path));
    if (found !== HASH || said !== HASH) throw new Error(`gave out ${found}, said ${said}, right is ${HASH}`);
  }

  async function interrupt(url, folder, killed) {
    server.unfinished = 1;
    if (killed) {
      const download = elsewhere(url);
      const arrived = (file) => file.endsWith(".partial") && statSync(join(folder, file)).size === PART;
      while (!readdirSync(folder).some(arrived)) await setTimeout(5);
      download.child.kill("SIGKILL");
      await download.catch(() => {});
      return;
    }
    const abort = new AbortController();
    const onProgress = (loaded) => loaded === PART && abort.abort();
    const stopped = await get(url, { signal: abort.signal, onProgress }).catch((error) => error);
    if (stopped?.name !== "AbortError") throw stopped ?? new Error("an aborted download went on");
  }

  /** Without the network the file is there, or an error of one of these codes. */
  async function offline(url, codes) {
    const asked = server.requests;
    await get(url, { offline: true }).catch((error) => codes.includes(error.code) || Promise.reject(error));
    if (server.requests !== asked) throw new Error("a server was asked offline");
  }

  async function use({ kind, named, shared, killed, what, damage }) {
    const folder = mkdtempSync(join(tmpdir(), "maskfeat-fuzz-"));
    const url = `${server.origin}/${named ? hashedName(bytes) : "w.safetensors"}`;
    process.env.MASKFEAT_HOME = folder;
    try {
      await (kind === "partial" ? interrupt(url, folder, killed) : get(url));
      const end = kind === "partial" ? /\.partial$/ : /(?<!\.json)$/;
      const file = readdirSync(folder).find((name) => end.test(name));
      damage(join(folder, file));
      await offline(url, ["CACHE_CORRUPT", "NET_OFFLINE"]);
      if (what === FOLDER) {
        return await get(url).catch((error) => error.code === "FILE_WRITE" || Promise.reject(error));
      }
      server.delay = shared ? OVERLAP_MS : 0;
      const [other] = await Promise.all([shared && elsewhere(url), get(url)]);
      if (other && other.stdout.trim() !== HASH) throw new Error(`another process got ${other.stdout}`);
      await offline(url, []);
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
