/** Files with plain and averaged weights (scripts/golden/peers/averages.py): what their projects load, told where it is a choice. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { getModel, openCheckpoint, writeSafetensors, writeTorch } from "../sdk/entries/node.js";
import { ours } from "./naming.js";
import { tiny } from "./tiny.js";

interface Row {
  readonly name: string;
  /** 1: the plain weights, 2: their average. */
  readonly takes: number;
  readonly told: boolean;
  readonly ema: number | "refused";
  readonly noEma: number | "refused";
  readonly file: string;
}

const { rows } = JSON.parse(readFileSync("test/fixtures/peers/averages.json", "utf8")) as { rows: readonly Row[] };

/** What every tensor of the file holds. */
async function taken({ file }: Row, ema?: boolean) {
  const checkpoint = await openCheckpoint(gunzipSync(Buffer.from(file, "base64")), { ema });
  const name = checkpoint.names.find((key) => key.endsWith("norm1.weight"))!;
  return { value: (await checkpoint.get(name)).data[0], warnings: checkpoint.warnings };
}

describe.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
  it("gives what its project loads", async () => {
    const { value, warnings } = await taken(row);
    expect(value).toBe(row.takes);
    expect(warnings.length > 0).toBe(row.told);
    if (row.told)
      expect(warnings[0]).toMatch(/"\w+".*("\w+".*(ema: (true|false)|same names)|holds averages)|holds averages/);
  });

  it.each([
    [true, row.ema],
    [false, row.noEma],
  ] as const)("with ema: %s gives %s", async (ema, wanted) => {
    const work = taken(row, ema).then(({ value }) => value);
    if (wanted !== "refused") expect(await work).toBe(wanted);
    else await expect(work).rejects.toMatchObject({ name: "CheckpointError", code: "CKPT_MISMATCH" });
  });
});

it("getModel chooses, tells, and refuses a choice that there is not", async () => {
  const config = { kind: "backbone", ...tiny } as const;
  const torch = writeTorch(ours(config));
  await expect(getModel(config, { weights: torch, ema: true })).rejects.toThrow(
    /ema: true, but the file has no averaged/,
  );
  await expect(getModel(config, { weights: torch, ema: "no" as never })).rejects.toMatchObject({ code: "OPT_VALUE" });
  const flat = writeSafetensors(ours(config));
  await expect(openCheckpoint(flat, { ema: true })).rejects.toMatchObject({ code: "CKPT_MISMATCH" });
  await expect(getModel(tiny, { weights: "procedural", ema: true })).rejects.toMatchObject({ code: "OPT_VALUE" });
});
