/** A report as one HTML file without scripts and without requests, and only its body for pages that have their own frame. */

import { type Html, html, page, section, terms } from "../../sdk/report/page.js";
import type { CaseResult } from "../case.js";
import type { LevelSummary, Report } from "../report.js";
import { bars, heatMap, histograms, shade } from "./charts.js";
import {
  cosText,
  count,
  dateText,
  deviceName,
  errorNote,
  errorText,
  levelCos,
  levelName,
  levelResult,
  skippedByReason,
  timeText,
  useText,
  verdict,
  whole,
  worstCases,
  worstOf,
} from "./summary.js";

/** Failed cases that are shown at once; the others are behind a click. */
const FAILED_SHOWN = 20;

/** The share of the bound as the share of a bar. */
function gauge(use: number, colour: string): Html {
  const share = Math.min(100, Math.ceil(100 * use));
  return html`<span class="gauge" aria-hidden="true"><i class="${colour} s${share}"></i></span>`;
}

function levelRow(report: Report, level: LevelSummary): Html {
  const { worst } = level;
  const result = levelResult(level);
  const colour = worst ? shade({ use: worst.use, status: worst.use > 1 ? "failed" : "passed" }) : "";
  const most = worst
    ? html`<b>${useText(worst.use)}</b>${gauge(worst.use, colour)}<small>${worst.use > 0 ? worst.case : "nothing differs"}</small>`
    : html`<small>nothing ran</small>`;
  const none = (n: number) => (n === 0 ? "none" : "");
  return html`<tr role="row"><th role="rowheader" scope="row">${levelName(level.level)}</th>
<td role="cell" data-of="cases">${whole(level.cases)}</td><td role="cell" data-of="failed" class="${none(level.failed)}">${whole(level.failed)}</td><td role="cell" data-of="skipped" class="${none(level.skipped)}">${whole(level.skipped)}</td>
<td role="cell" data-of="cosine">${levelCos(report, level.level)}</td><td role="cell" class="most">${most}</td><td role="cell" class="result"><span class="badge ${result}">${result}</span></td></tr>`;
}

// roles are spelled out, as browsers forget a table's where narrow screens lay it out as blocks
function levels(report: Report): Html {
  const head = ["Level", "Cases", "Failed", "Skipped", "Cosine ≥", "Worst use", "Result"];
  return html`<table class="levels panel" role="table"><thead role="rowgroup"><tr role="row">${head.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${report.levels.map((level) => levelRow(report, level))}</tbody></table>`;
}

function measured(c: CaseResult): Html {
  return terms("numbers", [
    ["max error", errorText(c.maxAbs)],
    ["bound at worst", errorText(c.bound)],
    ["relative", errorText(c.maxRel)],
    ["ULP", useText(c.maxUlp)],
    ["cosine", cosText(c.cos)],
    ["numbers", whole(c.n)],
    ["kind of bound", c.boundKind],
    ["time", timeText(c.ms)],
  ]);
}

function closest(report: Report): Html {
  const items = worstCases(report.cases).map((c) => {
    const note = c.reason ? html`<p class="reason">${c.reason}</p>` : [];
    return html`<li class="panel"><div class="case"><code>${c.id}</code><p class="use"><b>${useText(c.use)}</b> ${c.use > 1 ? "times the bound" : "of the bound"}</p></div>
${gauge(c.use, shade(c))}${note}<div class="detail">${measured(c)}${bars(c.histogram, "Its numbers by share of the bound", "spark")}</div></li>`;
  });
  return html`<ol class="cases">${items}</ol>`;
}

function failed(report: Report): Html {
  const items = report.failed.map((one) => {
    return html`<li><code>${one.case}</code><p>${one.reason}</p><small>${errorNote(one)}</small></li>`;
  });
  const more = items.slice(FAILED_SHOWN);
  const rest = html`<details class="list"><summary>${whole(more.length)} more</summary><ul class="wrongs">${more}</ul></details>`;
  return html`<ul class="wrongs">${items.slice(0, FAILED_SHOWN)}</ul>${more.length > 0 ? rest : []}`;
}

function skipped(report: Report): Html {
  const items = skippedByReason(report).map(({ reason, ids }) => {
    return html`<details class="panel"><summary><span class="why">${reason}</span> <small>${count(ids.length, "case")}</small></summary><ul>${ids.map((id) => html`<li><code>${id}</code></li>`)}</ul></details>`;
  });
  return html`<div class="stack">${items}</div>`;
}

function device(report: Report): Html {
  const { runtime, version, dtype, hashes, facts } = report;
  const { selfTest: test } = report.device;
  const found = (what: string, { cases, worst }: NonNullable<typeof test>) =>
    `${what}: ${count(cases, "answer")}, largest error ${useText(worst)} of what is allowed`;
  return terms("about panel", [
    ...facts.map(({ name, value }) => [name, value] as const),
    ...(test ? [["self-test", found(test.passed ? "passed" : "failed", test)] as const] : []),
    ["numbers stored as", dtype],
    ["runtime", runtime],
    ["package", `maskfeat-wgpu ${version}`],
    ...Object.entries(hashes).map(([name, hash]) => [`SHA-256 of ${name}`, hash] as const),
  ]);
}

const good = html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="24"/><path d="M14 25l7 7 13-15"/></svg>`;
const bad = html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="24"/><path d="M16 16l16 16M32 16L16 32"/></svg>`;

function head(report: Report): Html {
  const { cases, passed, scope, dtype, ms } = report;
  const numbers = cases.reduce((sum, { n }) => sum + n, 0);
  const worst = worstOf(report);
  const uses = cases.map(({ use }) => use).sort((a, b) => a - b);
  const more = report.skipped.length > 0 ? `, ${whole(report.skipped.length)} skipped` : "";
  const tiles = terms("facts", [
    ["Worst use", worst ? useText(worst.use) : "–", worst ? worst.case : "nothing was compared"],
    ["Numbers compared", whole(numbers), `in ${whole(cases.length)} cases${more}`],
    ["Median use", uses.length > 0 ? useText(uses[Math.floor(uses.length / 2)]) : "–", "half of the cases use less"],
    ["Device", deviceName(report), `${scope} run in ${dtype}, ${timeText(ms)}`],
  ]);
  return html`<section class="verdict ${passed ? "pass" : "fail"}" aria-labelledby="verdict">
${passed ? good : bad}<div><h2 id="verdict">${verdict(report)}</h2>
<p>Each result is held to a float64 or PyTorch reference, and its error to a bound that follows from rounding. <em>Use</em> is the largest error as a share of its bound; above 1 the case fails.</p></div></section>
${tiles}`;
}

/** All that the report says, for the body of a page that has the style sheet. */
export function reportBody(report: Report): Html {
  const some = report.cases.length > 0;
  return html`<div class="report">${head(report)}
${report.failed.length > 0 ? section("failed", "What failed", "In the order in which it was found.", failed(report)) : []}
${section("levels", "Level by level", "From the device's arithmetic up to whole models and images.", levels(report))}
${some ? section("map", "Every case", "A cell is a case, coloured by its use on a log scale. A click on a cell leads to its numbers.", heatMap(report)) : []}
${some ? section("histograms", "Every number", "How much of their bound all compared numbers use, one by one. Heights are on a log scale.", histograms(report)) : []}
${some ? section("closest", "Closest to their bounds", "The cases that use most, with all that was measured.", closest(report)) : []}
${report.skipped.length > 0 ? section("skipped", "What was skipped", "A case that cannot run here is no pass.", skipped(report)) : []}
${section("device", "Device and code", "What computed, and what exactly was compared.", device(report))}</div>`;
}

/** The whole file. */
export function htmlReport(report: Report): string {
  const { date, version } = report;
  return page({
    kind: "report",
    title: `${report.passed ? "Passed" : "Failed"}: conformance of ${deviceName(report)}`,
    skip: { id: "levels", to: "the levels" },
    version,
    eyebrow: html` · <time datetime="${date}">${dateText(date)}</time>`,
    heading: "Conformance report",
    main: reportBody(report),
    footer: html`Made by <code>maskfeat-wgpu conformance</code>. This file is complete: it loads nothing and sends nothing.`,
  });
}
