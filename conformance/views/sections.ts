/** The report's sections that are tables and lists: levels, cases closest to their bounds, failed and skipped ones, the device. */

import { type Html, html, terms } from "../../sdk/report/page.js";
import type { CaseResult } from "../case.js";
import type { LevelSummary, Report } from "../report.js";
import { shade } from "./heat.js";
import { bars } from "./histogram.js";
import {
  cosText,
  count,
  errorNote,
  errorText,
  levelCos,
  levelName,
  levelResult,
  skippedByReason,
  timeText,
  useText,
  whole,
  worstCases,
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
export function levels(report: Report): Html {
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

export function closest(report: Report): Html {
  const items = worstCases(report.cases).map((c) => {
    const note = c.reason ? html`<p class="reason">${c.reason}</p>` : [];
    return html`<li class="panel"><div class="case"><code>${c.id}</code><p class="use"><b>${useText(c.use)}</b> ${c.use > 1 ? "times the bound" : "of the bound"}</p></div>
${gauge(c.use, shade(c))}${note}<div class="detail">${measured(c)}${bars(c.histogram, "Its numbers by share of the bound", "spark")}</div></li>`;
  });
  return html`<ol class="cases">${items}</ol>`;
}

export function failed(report: Report): Html {
  const items = report.failed.map((one) => {
    return html`<li><code>${one.case}</code><p>${one.reason}</p><small>${errorNote(one)}</small></li>`;
  });
  const more = items.slice(FAILED_SHOWN);
  const rest = html`<details class="list"><summary>${whole(more.length)} more</summary><ul class="wrongs">${more}</ul></details>`;
  return html`<ul class="wrongs">${items.slice(0, FAILED_SHOWN)}</ul>${more.length > 0 ? rest : []}`;
}

export function skipped(report: Report): Html {
  const items = skippedByReason(report).map(({ reason, ids }) => {
    return html`<details class="panel"><summary><span class="why">${reason}</span> <small>${count(ids.length, "case")}</small></summary><ul>${ids.map((id) => html`<li><code>${id}</code></li>`)}</ul></details>`;
  });
  return html`<div class="stack">${items}</div>`;
}

export function device(report: Report): Html {
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
