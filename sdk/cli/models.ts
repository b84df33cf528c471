/** The commands that tell what there is, `models` and `info`, and `download`. */

import { Command } from "commander";
import { devices, download, embedded, listModels, modelInfo, runtime } from "../entries/node.js";
import { copyAtomic } from "../platform/node-files.js";
import { packageReports } from "../platform/node-packages.js";
import { checkFolder } from "./files.js";
import { type Context, type Define, table } from "./output.js";

export function modelsCommand(define: Define): Command {
  const command = new Command("models")
    .description("the registered models")
    .argument("[pattern]", "a shell pattern; names that begin so are shown");
  return define(command, modelsWork, ["models", "models 'vit-*' --json"]);
}

const millions = (n: number) => `${(n / 1e6).toFixed(1)} M`;

async function modelsWork({ output }: Context, [pattern]: [string?]) {
  const models = listModels(pattern).map(modelInfo);
  if (models.length === 0)
    output.note(`no model's name begins with ${pattern}; \`models\` without a pattern lists all`);
  const rows = models.map((m) => [
    m.name,
    m.task ?? "pre-training",
    millions(m.parameters),
    millions(m.macs),
    Object.entries(m.metrics)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ") || "-",
  ]);
  return { fields: { models }, lines: [table(["model", "task", "parameters", "multiply-adds", "published"], rows)] };
}

export function infoCommand(define: Define): Command {
  const command = new Command("info").description("runtime, devices, optional packages and the embedded model");
  return define(command, infoWork, ["info", "info --json"]);
}

async function infoWork() {
  const found = await devices();
  const rows = found.map((d) => [d.kind, d.available ? "yes" : "no", d.adapter ?? "-", d.reason]);
  const packages = await packageReports();
  const needs = packages.map((p) => [p.name, p.usable ? "yes" : "no", p.brings, p.reason]);
  const about = `${embedded.model}, weights ${embedded.weights}${embedded.trained ? "" : ", untrained"}`;
  const lines = [
    `runtime   ${runtime}`,
    `embedded  ${about}`,
    "",
    table(["device", "usable", "adapter", "reason"], rows),
    "",
    table(["package", "usable", "brings", "reason"], needs),
  ];
  return { fields: { runtime, devices: found, packages, embedded }, lines };
}

interface DownloadFlags {
  readonly to?: string;
  readonly integrity?: string;
  readonly offline?: boolean;
}

export function downloadCommand(define: Define): Command {
  const command = new Command("download")
    .description("a published checkpoint, or the file of a URL; downloaded once, verified each time")
    .argument("<name|url>", "a registered model (see models), or a http or https URL")
    .option("--to <file>", "copy it to this file")
    .option("--integrity <hash>", "what its SHA-256 must be: sha256- and base64")
    .option("--offline", "verify the kept file, ask no server");
  return define(command, downloadWork, [
    "download vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k",
    "download https://example.org/model.pth --to model.pth",
  ]);
}

async function downloadWork({ output, signal }: Context, [from]: [string], flags: DownloadFlags) {
  const { to, integrity, offline } = flags;
  if (to !== undefined) checkFolder(to);
  const mb = (bytes: number) => Math.round(bytes / 1e6);
  const onProgress = (loaded: number, total = loaded) => output.progress("downloading", mb(loaded), mb(total), 0, "MB");
  const { url, path: kept, bytes, sha256 } = await download(from, { signal, integrity, offline, onProgress });
  const path = to ?? kept;
  if (to !== undefined && kept !== null) {
    signal.throwIfAborted();
    await copyAtomic(kept, to);
  }
  return { fields: { path, bytes, sha256, url }, lines: [path ?? "", `${bytes} bytes, sha256 ${sha256}`] };
}
