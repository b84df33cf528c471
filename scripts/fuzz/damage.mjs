// Damage to kept downloads. Each takes the path of a file; its record lies at `path.json`.
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { pick, scrambled } from "./random.mjs";
import { content, sha256 } from "./server.mjs";

/** Bytes of the file that is damaged. */
export const SIZE = 150_000;

const change = (path, edit) => writeFileSync(path, edit(readFileSync(path)));
const flip = (at, bit) => (path) => change(path, (all) => all.fill(all[at] ^ (1 << bit), at, at + 1));
const fill = (from, to, value) => (path) => change(path, (all) => all.fill(value, from, Math.min(to, all.length)));
const instead = (make) => (path) => {
  rmSync(path);
  make(path);
};
const record = (edit) => (path) => writeFileSync(`${path}.json`, edit(readFileSync(`${path}.json`, "utf8")));
const field = (name, value) => record((text) => JSON.stringify({ ...JSON.parse(text), [name]: value }));
const html = "<!doctype html><html><body><div id=app></div></body></html>";

/** A folder in its place is nothing that a download may remove. */
export const FOLDER = "a folder";

/** Damage that shows in every file, whatever is known of it. */
export const damages = {
  ...Object.fromEntries(
    [0, 1, 7, 8, 511, 512, 65_535, 65_536, SIZE / 2, SIZE - 1].map((at, i) => {
      return [`bit ${i % 8} of byte ${at} flipped`, flip(at, i % 8)];
    }),
  ),
  "two bits flipped": (path) => [flip(10, 3), flip(20, 3)].map((damage) => damage(path)),
  "two bytes swapped": (path) =>
    change(path, (all) => {
      const at = all.findIndex((byte, i) => i > 1000 && byte !== all[i + 1]);
      return Buffer.concat([all.subarray(0, at), all.subarray(at, at + 2).reverse(), all.subarray(at + 2)]);
    }),
  ...Object.fromEntries(
    [0, 1, 512, SIZE / 2, SIZE - 1].map((size) => [`cut to ${size} bytes`, (path) => truncateSync(path, size)]),
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
  "a file of another kind": (path) => writeFileSync(path, readFileSync("package.json")),
  [FOLDER]: instead(mkdirSync),
  "a link that leads nowhere": instead((path) => symlinkSync(`${path}.gone`, path)),
  "a link to a device": instead((path) => symlinkSync("/dev/zero", path)),
  "record: the hash of another file": field("sha256", sha256(content(7))),
  "record: a digit of the hash changed": record((text) =>
    text.replace(/("sha256":")(.)/, (_, a, b) => `${a}${b === "0" ? "1" : "0"}`),
  ),
  "record: the hash in part": record((text) => text.replace(/("sha256":".{32}).{32}/, "$1")),
  "record: another length": field("size", SIZE - 1),
};

/** Damage that only a hash in the name shows: if none is known beforehand, a file whose record fits is right by definition. */
export const exchanges = {
  "file and record of another download": (path) => {
    writeFileSync(path, content(SIZE, 3));
    field("sha256", sha256(content(SIZE, 3)))(path);
  },
};

/** Damage only to the record, which matters only if the name has no hash. */
export const recordDamages = {
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

/** Damage to a download that was interrupted. */
export const partialDamages = {
  "a wrong ETag": record((text) => text.replace("one", "two")),
  "a flipped bit": flip(100, 1),
  zeros: fill(0, 1000, 0),
  "more bytes than the file has": (path) => appendFileSync(path, content(SIZE)),
  "an illegible record": record(() => "{"),
  "no record": (path) => rmSync(`${path}.json`),
  "no bytes": (path) => truncateSync(path, 0),
};

/** Damage by chance: what it is, and the damage. */
export function randomDamage(roll) {
  const [from, length] = [roll(SIZE), roll(SIZE)];
  const seed = roll(2 ** 31);
  const bits = Array.from({ length: 1 + (seed % 8) }, (_, i) => flip((from + i * length) % SIZE, i));
  const changed = (path) => change(path, (all) => scrambled(roll, all));
  const changedRecord = record((text) => Buffer.from(scrambled(roll, Buffer.from(text))));
  return pick(roll, [
    ["random bits flipped", (path) => bits.map((damage) => damage(path))],
    [`cut to ${from} bytes`, (path) => truncateSync(path, from)],
    [`zeros from ${from}`, fill(from, from + 1 + length, 0)],
    [`0xff from ${from}`, fill(from, from + 1 + length, 0xff)],
    ["bytes changed, lost, added", changed],
    ["a web page", (path) => writeFileSync(path, html.padEnd(from))],
    ["another file", (path) => writeFileSync(path, content(from, seed))],
    ["a record changed, cut, added to", changedRecord],
    [`a record cut to ${from % 100}`, record((text) => text.slice(0, from % 100))],
    ["a file and its record", (path) => [changedRecord, changed].map((damage) => damage(path))],
  ]);
}
