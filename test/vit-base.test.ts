/** The full ViT-B/16 through the command line, from an image file to features, against a float64 run of the same graph. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runPlan } from "../conformance/reference.js";
import { plan } from "../gpu/graph/plan.js";
import { trace } from "../gpu/models/functions.js";
import { findModel } from "../sdk/config/registry.js";
import { decode, preprocess, readNpy } from "../sdk/entries/node.js";
import { proceduralFill } from "../sdk/model/fill.js";

const name = "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k";
const image = "sdk/demo/samples/flower-blue.webp";

it("differs from float64 by less than 1e-5", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-"));
  const out = join(folder, "features.npy");
  const raw = ["--out-type", "raw", "--json", "--out", out];
  const args = ["dist/cli.js", "extract", image, "--model", name, "--weights", "procedural", ...raw];
  const json = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  const { data, shape } = readNpy(readFileSync(out), out);
  rmSync(folder, { recursive: true });
  expect(shape).toEqual([1, 197, 768]);
  expect(json.outputs[0].first).toEqual([...data.slice(0, 8)]);

  const { config } = findModel(name);
  const { tape, outputs } = trace("features", config, { images: [1, 3, 224, 224] }, { outType: "raw" });
  const pixels = preprocess(await decode(image));
  const [expected] = runPlan(plan(tape.calls, outputs), (value) =>
    Float64Array.from(value.name === "images" ? pixels.data : proceduralFill(value.name, value.shape)!),
  );
  const differences = expected.map((v, i) => Math.abs(v - data[i]));
  expect(differences.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-5);
  // and the features are not small themselves
  expect(expected.reduce((a, b) => Math.max(a, b))).toBeGreaterThan(1);
});
