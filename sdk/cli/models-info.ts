/** The commands that tell what there is: `models` and `info`. */

import { Command } from "commander";
import { devices, embedded, listModels, modelInfo, runtime } from "../entries/node.js";
import { table } from "./output.js";
import type { Context, Define } from "./run.js";

export function modelsCommand(define: Define): Command {
  const command = new Command("models")
    .description("the registered models")
    .argument("[pattern]", "a shell pattern; names that begin so are shown");
  return define(command, modelsWork);
}

const millions = (n: number) => `${(n / 1e6).toFixed(1)} M`;

async function modelsWork({ output }: Context, [pattern]: [string?]) {
  const models = listModels(pattern).map(modelInfo);
  if (models.length === 0) output.note(`no model's name begins with ${pattern}; \`models\` alone lists all`);
  const rows = models.map((m) => [
    m.name,
    m.task ?? "pre-training",
    millions(m.parameters),
    millions(m.macs),
    Object.entries(m.metrics)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ") || "-",
  ]);
  return { fields: { models }, text: table(["model", "task", "parameters", "multiply-adds", "published"], rows) };
}

export function infoCommand(define: Define): Command {
  return define(new Command("info").description("runtime, devices and the embedded model"), infoWork);
}

async function infoWork() {
  const found = await devices();
  const rows = found.map((d) => [d.kind, d.available ? "yes" : "no", d.adapter ?? "-", d.reason]);
  const about = `${embedded.model}, weights ${embedded.weights}${embedded.trained ? "" : ", untrained"}`;
  const text = [
    `runtime   ${runtime}`,
    `embedded  ${about}`,
    "",
    table(["device", "usable", "adapter", "reason"], rows),
  ];
  return { fields: { runtime, devices: found, embedded }, text: text.join("\n") };
}
