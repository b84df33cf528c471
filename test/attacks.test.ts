/** Every attack gets its one right answer, at once, and leaves nothing behind. */

import { describe, expect, it } from "vitest";
import { decode, openCheckpoint, readNpy } from "../sdk/entries/node.js";
import { type Attack, attacks } from "./attacks.js";
import { codeOf } from "./helpers.js";

const WITHIN_MS = 1000;

/** Everything that can be asked of a file. */
async function use({ opens, name }: Attack, bytes: Uint8Array<ArrayBuffer>) {
  if (opens === "npy") return void readNpy(bytes, name);
  if (opens === "image") return void (await decode(bytes));
  const checkpoint = await openCheckpoint(bytes);
  for (const tensor of checkpoint.names) await checkpoint.get(tensor);
  await checkpoint.close();
  return checkpoint.opaque.map(({ path, global }) => [path, global]);
}

/** Own properties of the prototypes that a careless parser would change. */
const prototypes = () =>
  [Object, Array, Map, Function, String].map(({ prototype }) => Reflect.ownKeys(prototype).length);

it("each has its own name", () => {
  expect(new Set(attacks.map(({ opens, name }) => `${opens} ${name}`)).size).toBe(attacks.length);
});

describe("attacks", () => {
  const before = prototypes();

  it.each(attacks.map((attack) => [attack.name, attack.code, attack] as const))("%s: %s", async (_, code, attack) => {
    const bytes = attack.bytes();
    const started = performance.now();
    let opaque: string[][] | undefined;
    const found = await codeOf(async () => {
      opaque = (await use(attack, bytes)) ?? undefined;
    });
    expect(found).toBe(code);
    if (attack.opaque) expect(opaque).toEqual(attack.opaque);
    else if (code === "none") expect(opaque ?? []).toEqual([]);
    expect(performance.now() - started).toBeLessThan(WITHIN_MS);
    expect(prototypes()).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
