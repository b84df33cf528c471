// Writes README's table of models, between its markers, from what the command `models --json` gives.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);

/** The table in `text`, between its markers. */
export const place = /(?<=^<!-- models: .*-->\n)[\s\S]*?(?=^<!-- \/models -->$)/m;

const link = (name, url) => (url ? `[${name}](${url})` : "");

/** The rows of `models`, as `models --json` lists them, in Markdown. */
export function modelTable(models) {
  const rows = models.map((m) => [
    `\`${m.name}\``,
    (m.parameters / 1e6).toFixed(2),
    (m.macs / 1e9).toFixed(2),
    m.metrics["Top 1 Accuracy"]?.toFixed(1) ?? (m.task ? "" : "pre-training"),
    link("config", m.config),
    link("weights", m.weights),
    link("log", m.log),
  ]);
  const head = ["model", "parameters (M)", "FLOPs (G)", "top-1 (%)", "config", "weights", "log"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

if (process.argv[1] === import.meta.filename) {
  const { models } = JSON.parse(
    execFileSync(process.execPath, [join(root, "dist/cli.js"), "models", "--json"], { encoding: "utf8" }),
  );
  const readme = join(root, "README.md");
  writeFileSync(readme, readFileSync(readme, "utf8").replace(place, modelTable(models)));
}
