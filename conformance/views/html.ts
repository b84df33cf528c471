/** A report as one HTML file without scripts and without requests, and its body alone for pages that have their own frame. */

import { Html, html } from "../../sdk/report/html.js";
import type { Report } from "../report.js";
import { heatMap } from "./heat.js";
import { histograms } from "./histogram.js";
import { closest, device, failed, levels, skipped } from "./sections.js";
import { style } from "./style.js";
import { dateText, deviceName, timeText, useText, verdict, whole, worstOf } from "./summary.js";

const good = html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="24"/><path d="M14 25l7 7 13-15"/></svg>`;
const bad = html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="24"/><path d="M16 16l16 16M32 16L16 32"/></svg>`;

function head(report: Report): Html {
  const { cases, passed, scope, dtype, ms } = report;
  const numbers = cases.reduce((sum, { n }) => sum + n, 0);
  const worst = worstOf(report);
  const uses = cases.map(({ use }) => use).sort((a, b) => a - b);
  const more = report.skipped.length > 0 ? `, ${whole(report.skipped.length)} skipped` : "";
  const tiles: [string, string, string][] = [
    ["Worst use", worst ? useText(worst.use) : "–", worst ? worst.case : "nothing was compared"],
    ["Numbers compared", whole(numbers), `in ${whole(cases.length)} cases${more}`],
    ["Median use", uses.length > 0 ? useText(uses[Math.floor(uses.length / 2)]) : "–", "half of the cases use less"],
    ["Device", deviceName(report), `${scope} run in ${dtype}, ${timeText(ms)}`],
  ];
  return html`<section class="verdict ${passed ? "pass" : "fail"}" aria-labelledby="verdict">
${passed ? good : bad}<div><h2 id="verdict">${verdict(report)}</h2>
<p>Each result is held to a float64 or PyTorch reference, and its error to a bound that follows from rounding alone. <em>Use</em> is the largest error as a share of its bound; above 1 the case fails.</p></div></section>
<dl class="facts">${tiles.map(([term, value, note]) => html`<div><dt>${term}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>`;
}

function section(id: string, title: string, hint: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><p class="hint">${hint}</p>${content}</section>`;
}

/** All that the report says, for the body of a page that has `style`. */
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
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<title>${report.passed ? "Passed" : "Failed"}: conformance of ${deviceName(report)}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#levels">Skip to the levels</a>
<header class="top"><p class="eyebrow">maskfeat-wgpu ${report.version} · <time datetime="${report.date}">${dateText(report.date)}</time></p><h1>Conformance report</h1></header>
<main>${reportBody(report)}</main>
<footer><p>Made by <code>maskfeat-wgpu conformance</code>. This file is complete: it loads nothing and sends nothing.</p></footer>
</body>
</html>
`;
  return page.text;
}
