/** A user's own checkpoint: its goldens certify the file that they were made for, and no other. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openGolden } from "../conformance/golden.js";
import { ownParams } from "../sdk/config/traced.js";
import { completeConfig, writeSafetensors } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";
import { cli, json, temporaryFolder } from "./cli.js";
import { tiny } from "./tiny.js";

const folder = temporaryFolder();
const [golden, weights, others] = ["own.safetensors", "weights.safetensors", "others.safetensors"].map((name) =>
  join(folder, name),
);

/** The numbers of a checkpoint that somebody might have; `factor` makes it another one. */
function checkpoint(factor: number): Uint8Array {
  const tensors = ownParams(completeConfig({ kind: "pretrain", ...tiny })).map(({ name, shape }) => {
    const data = proceduralFill(name, shape)!.map((v) => v * factor);
    return [name, { data, shape }] as const;
  });
  return writeSafetensors(new Map(tensors));
}

/** Of the cases in the goldens. */
let ids: string[];

beforeAll(async () => {
  // the goldens of the tiny model, as they would be of a checkpoint with its numbers
  const bytes = new Uint8Array(readFileSync("conformance/golden/quick/tiny.safetensors"));
  const file = await openGolden("tiny", bytes);
  // a checkpoint of pre-training has no ln2, by which avg_featmap ends
  const cases = file.cases.filter((c) => c.model.kind === "pretrain" && c.outType !== "avg_featmap");
  const tensors = await Promise.all(cases.map(async (c) => [c.tensor, await file.tensor(c.tensor)] as const));
  const own = cases.map((c) => ({ ...c, id: `user/${c.id}`, weights: "user", scope: "full" }));
  ids = own.map(({ id }) => `C4/${id}`);
  writeFileSync(golden, writeSafetensors(new Map(tensors), [["cases", JSON.stringify(own)]]));
  writeFileSync(weights, checkpoint(1));
  writeFileSync(others, checkpoint(1.0001));
});

const run = (file: string) => [
  "conformance",
  "--device",
  "wasm",
  "--golden",
  golden,
  "--weights",
  file,
  "--cases",
  "C4/*",
];

describe("conformance --golden FILE --weights FILE", () => {
  it("passes for the checkpoint that the goldens were made for", async () => {
    const report = await json(run(weights), folder);
    expect(report.failed).toEqual([]);
    expect(report).toMatchObject({ passed: true, levels: [{ level: "C4", failed: 0 }] });
    expect(report.cases.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it("fails for another one, though it differs by a ten-thousandth", async () => {
    const report = await json(run(others), folder);
    expect(report.passed).toBe(false);
    expect(report.failed.length).toBe(report.cases.length);
  });

  it("says what a file is that holds no goldens", async () => {
    const { code, stderr } = await cli(
      [...run(weights).slice(0, 3), "--golden", weights, "--weights", weights],
      folder,
    );
    expect(stderr).toMatch(/expected the goldens of a model/);
    expect(code).toBe(1);
  });
});
