/** A report as one HTML file without scripts and without requests, and its body alone for pages that have their own frame. */

import { type Html, html, page, section, terms } from "../../sdk/report/page.js";
import type { Report } from "../report.js";
import { heatMap } from "./heat.js";
import { histograms } from "./histogram.js";
import { closest, device, failed, levels, skipped } from "./sections.js";
import { dateText, deviceName, timeText, useText, verdict, whole, worstOf } from "./summary.js";

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
<p>Each result is held to a float64 or PyTorch reference, and its error to a bound that follows from rounding alone. <em>Use</em> is the largest error as a share of its bound; above 1 the case fails.</p></div></section>
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
