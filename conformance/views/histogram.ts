/** How many numbers use how much of their bound: bars for the eye, a table for the rest. */

import { type Html, html } from "../../sdk/report/page.js";
import type { Report } from "../report.js";
import { added, bucketNames, count, levelName, whole } from "./summary.js";

/** Heights on a log scale, on which a single number beside millions is still seen. */
function heights(counts: readonly number[]): number[] {
  const top = Math.log10(1 + counts.reduce((a, b) => Math.max(a, b), 0)) || 1;
  return counts.map((n) => (n === 0 ? 0 : Math.max(4, Math.round((100 * Math.log10(1 + n)) / top))));
}

/** Bars of buckets; `label` says what is counted. */
export function bars(counts: readonly number[], label: string, kind: "spark" | "tall"): Html {
  const items = heights(counts).map((height, i) => {
    const colour = i === counts.length - 1 ? "x" : `u${i}`;
    const title = `${i === counts.length - 1 ? "over the bound" : `up to ${bucketNames[i]}`}: ${whole(counts[i])}`;
    return html`<span title="${title}"><i class="${colour} s${height}"></i></span>`;
  });
  return html`<div class="bars ${kind}" role="img" aria-label="${label}: ${spread(counts)}">${items}</div>`;
}

/** "median up to 1/64, largest up to 1/4" */
function spread(counts: readonly number[]): string {
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return "none";
  const upTo = (i: number) => counts.slice(0, i + 1).reduce((a, b) => a + b, 0);
  const median = counts.findIndex((_, i) => upTo(i) >= total / 2);
  const last = counts.findLastIndex((n) => n > 0);
  const name = (i: number) => (bucketNames[i] === "over" ? "over the bound" : `up to ${bucketNames[i]}`);
  return `median ${name(median)}, largest ${name(last)}`;
}

function numbersTable(rows: readonly { name: string; counts: readonly number[] }[]): Html {
  const head = bucketNames.map((name) => html`<th scope="col">${name}</th>`);
  const body = rows.map(({ name, counts }) => {
    return html`<tr><th scope="row">${name}</th>${counts.map((n) => html`<td>${whole(n)}</td>`)}</tr>`;
  });
  return html`<details class="list"><summary>Table<span class="sr"> of the counts</span></summary>
<div class="scroll" role="region" tabindex="0" aria-label="Counts by share of the bound"><table>
<thead><tr><th scope="col">Level</th>${head}</tr></thead><tbody>${body}</tbody></table></div></details>`;
}

/** One histogram for each level that compared numbers. */
export function histograms(report: Report): Html {
  const rows = report.levels.flatMap(({ level }) => {
    const counts = added(report.cases.filter((c) => c.level === level));
    return counts.some((n) => n > 0) ? [{ name: levelName(level), counts }] : [];
  });
  const axis = bucketNames.map((name) => html`<span>${name}</span>`);
  const figures = rows.map(({ name, counts }) => {
    const total = counts.reduce((a, b) => a + b, 0);
    return html`<figure class="panel"><figcaption><b>${name}</b><small>${count(total, "number")} · ${spread(counts)}</small></figcaption>
${bars(counts, name, "tall")}<div class="axis" aria-hidden="true">${axis}</div></figure>`;
  });
  return html`<div class="figures">${figures}</div>${numbersTable(rows)}`;
}
