/** A lock between processes: a file that one of them makes, keeps fresh, and takes away. */

import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { pause } from "../base/pause.js";

const POLL = 100;
/** How often its holder touches the file, and after how long it counts as dead, in milliseconds. */
const BEAT = 5_000;
const DEAD = 60_000;

/**
 * Runs `work` while this call holds the lock at `path`. A holder that died is found by its process id, on another machine by its silence.
 * One that only seems dead (its machine slept) may then work beside the next: what the lock guards must stand that.
 * @throws the system's errors; AbortError
 */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const token = JSON.stringify([process.pid, hostname(), randomBytes(8).toString("hex")]);
  while (!(await acquire(path, token))) await pause(POLL, signal);
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), BEAT);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await textOf(path)) === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  await removeDead(path);
  return false;
}

const textOf = (path: string) => readFile(path, "utf8").catch(() => undefined);

async function removeDead(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  const token = await textOf(path);
  if (!found || token === undefined || (lives(token) && Date.now() - found.mtimeMs < DEAD)) return;
  // Renamed first: of several who saw the dead holder one succeeds, and can look whether it took a living one's lock instead.
  const taken = `${path}.${randomBytes(6).toString("hex")}`;
  const moved = await rename(path, taken).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await textOf(taken)) !== token) await link(taken, path).catch(() => undefined);
  await rm(taken, { force: true });
}

/** Whether the holder may be alive: certain only for processes of this machine. */
function lives(token: string): boolean {
  try {
    const [pid, host] = JSON.parse(token);
    if (host !== hostname() || !Number.isSafeInteger(pid) || pid <= 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A text that is being written is no token yet.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
