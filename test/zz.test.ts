import { readFileSync } from "node:fs";
import { it } from "vitest";
import { conformance } from "../conformance/run.js";
import * as api from "../sdk/node.js";
import { nodePlatform } from "../sdk/platform/node.js";

it("quick", async () => {
  const device = (process.env.ZDEV ?? "wasm") as "wasm";
  const host = {
    api,
    platform: nodePlatform,
    golden: async (n: string) => new Uint8Array(readFileSync("conformance/golden/" + n)),
    sample: async () => new Uint8Array(),
  };
  const r = await conformance(host, {
    scope: (process.env.ZSCOPE ?? "quick") as "quick",
    device,
    cases: process.env.ZCASES,
  });
  console.log(
    JSON.stringify(
      {
        levels: r.levels,
        ms: r.ms,
        failed: r.failed.slice(0, 20),
        facts: r.facts,
        skipped: r.skipped.length,
        passed: r.passed,
      },
      null,
      1,
    ),
  );
  for (const c of r.cases)
    if ((c.level === "C0" && c.reason) || c.level === "C1" || c.level === "C3" || c.level === "C4")
      console.log(c.id, c.n, c.use, c.maxUlp, c.ms.toFixed(0), c.reason);
}, 1e6);
