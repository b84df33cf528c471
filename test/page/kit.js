// What the functions of `inPage` and `inWorker` find in their global scope: the built package, and small helpers (see test/chromium.ts).
import * as maskfeat from "/dist/browser.js";

async function sha256(data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What `work` gives, or the name, code and message of what it throws. */
async function outcome(work) {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: { name: error.name, code: error.code, message: error.message } };
  }
}

async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const load = (url) => import(url);

globalThis.kit = { maskfeat, sha256, outcome, bytesOf, load };
if (!globalThis.document) postMessage("loaded");
