/** The command `conformance`: the suite on a device of this machine, and its report; `conformance diff` compares two reports. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { CaseResult } from "../../conformance/case.js";
import type { Report } from "../../conformance/report.js";
import type { RunOptions } from "../../conformance/run.js";
import { readBytes } from "../platform/node-files.js";
import { conformanceInBrowser } from "./browser.js";
import { misuse } from "./errors.js";
import { targetOption, writeFile } from "./files.js";
import { addDeviceOptions, choiceOption, type DeviceFlags } from "./options.js";
import type { Context, Define, Result } from "./output.js";
import { samplesFolder } from "./web.js";

interface ConformanceFlags extends DeviceFlags {
  readonly level: "quick" | "full" | "exhaustive";
  readonly cases?: string;
  readonly browser?: string;
  readonly golden?: string;
  readonly weights?: string;
  readonly html?: string;
  readonly md?: string;
  readonly baseline?: string;
}

/** What the repository has, and of that what the package brings; this file is built to `dist/`. */
const goldenFolders = ["../conformance/golden", "conformance/golden"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const goldenFolder = () => goldenFolders.find((folder) => existsSync(folder)) ?? goldenFolders[1];

/** The views are loaded where they are asked for, as is the suite: no other command needs its thousands of cases. */
const views = () => import("../../conformance/views/index.js");

export function conformanceCommand(define: Define): Command {
  const command = new Command("conformance")
    .description(
      "agreement with PyTorch, float64 and exact arithmetic on this machine's device; or: conformance diff A.json B.json",
    )
    .argument("[diff...]", "diff and two reports, to compare them")
    .addOption(choiceOption("--level <level>", "how thorough", ["quick", "full", "exhaustive"]).default("quick"))
    .option("--cases <glob>", "only cases whose id matches, for example 'C2/linear/*'")
    .option("--browser <name|path>", "run in a browser instead: chromium, firefox, webkit, or an executable")
    .option(
      "--golden <folder|file>",
      "the repository's conformance/golden, or goldens of your own checkpoint (needs --weights)",
    )
    .option("--weights <file>", "the checkpoint that --golden was made for")
    .addOption(targetOption("--html <file>", "write the report as a page", [".html"]))
    .addOption(targetOption("--md <file>", "write the report as Markdown", [".md"]))
    .option("--baseline <file>", "compare with the JSON of an earlier run; exit 1 where something became worse");
  return define(addDeviceOptions(command), conformanceWork, [
    "conformance",
    "conformance --device webgpu --html report.html",
    "conformance --browser chromium",
    "conformance diff before.json after.json",
  ]);
}

async function conformanceWork(context: Context, [args]: [string[]], flags: ConformanceFlags): Promise<Result> {
  if (args.length > 0) return diffWork(args);
  const { terminalText, markdown, htmlReport, compareReports, diffText } = await views();
  const baseline = flags.baseline === undefined ? undefined : await readReport(flags.baseline);
  const report = flags.browser === undefined ? await here(context, flags) : await inBrowser(context, flags);
  await writeFile(flags.html, () => htmlReport(report), context);
  await writeFile(flags.md, () => markdown(report), context);
  const diff = baseline && compareReports(baseline, report);
  const lines = [terminalText(report), "", ...(diff ? [diffText(diff), ""] : [])];
  const { command: _, version: __, ...fields } = report;
  const incomplete = !report.passed || (diff ? diff.worse > 0 : false);
  return { fields: { ...fields, diff }, lines, files: [flags.html, flags.md], incomplete };
}

async function diffWork(args: readonly string[]): Promise<Result> {
  if (args[0] !== "diff" || args.length !== 3) {
    misuse("usage: conformance diff A.json B.json, or conformance with only options");
  }
  const { compareReports, diffText } = await views();
  const diff = compareReports(await readReport(args[1]), await readReport(args[2]));
  return { fields: { ...diff }, lines: [diffText(diff)], incomplete: diff.worse > 0 };
}

async function readReport(path: string): Promise<Report> {
  const { parseReport } = await views();
  return parseReport(new TextDecoder().decode(await readBytes(path)), path);
}

/** What `--golden` names: another folder, or a user's own goldens with the weights that they belong to. */
async function goldenOf({ golden, weights }: ConformanceFlags): Promise<{ folder: string; own?: RunOptions["own"] }> {
  const isFile = golden !== undefined && statSync(golden, { throwIfNoEntry: false })?.isFile();
  if (weights !== undefined && !isFile) {
    misuse("--weights needs --golden FILE, the goldens made for them (npm run golden -- --checkpoint)", "OPT_MISSING");
  }
  if (golden === undefined) return { folder: goldenFolder() };
  if (!isFile) {
    if (existsSync(join(golden, "manifest.json"))) return { folder: golden };
    misuse(`--golden: expected conformance/golden of the repository, or a file, got ${golden}`);
  }
  if (weights === undefined) misuse("--golden FILE needs --weights, the checkpoint it was made for", "OPT_MISSING");
  return { folder: goldenFolder(), own: { name: golden, data: await readBytes(golden), weights } };
}

/** The suite in this process. */
async function here({ output, signal }: Context, flags: ConformanceFlags): Promise<Report> {
  const { conformance, nodeHost } = await import("../../conformance/node.js");
  const { folder, own } = await goldenOf(flags);
  const { level: scope, device, dtype, threads, turbo, matmul, cases } = flags;
  const onCase = (result: CaseResult, done: number, total: number) => {
    if (result.status === "failed")
      output.note(`${result.id} failed: ${result.reason ?? `uses ${result.use} of its bound`}`);
    output.progress(result.level, done, total);
  };
  const host = nodeHost(folder, samplesFolder);
  return conformance(host, { scope, device, dtype, threads, turbo, matmul, cases, own, signal, onCase });
}

async function inBrowser(context: Context, flags: ConformanceFlags): Promise<Report> {
  const { browser = "", level, device, dtype, matmul, cases, golden, weights, threads, turbo } = flags;
  for (const [option, value] of Object.entries({ "--weights": weights, "--threads": threads, "--turbo": turbo })) {
    if (value !== undefined) misuse(`${option} does not go with --browser`);
  }
  const folder = golden ?? goldenFolder();
  const text = await conformanceInBrowser(context, browser, folder, { level, device, dtype, matmul, cases });
  const { parseReport } = await views();
  return parseReport(text, browser);
}
