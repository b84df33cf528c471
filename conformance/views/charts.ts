/** Every number as part of a bar, and every case as a cell coloured by its share of the bound, with the same numbers as tables beneath. */

import { type Html, html } from "../../sdk/report/page.js";
import type { CaseResult, Level } from "../case.js";
import type { Report } from "../report.js";
import {
  added,
  bucketNames,
  bucketOf,
  count,
  errorText,
  groupBy,
  levelName,
  parts,
  useText,
  whole,
  worstCases,
} from "./summary.js";

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

/** More subjects of a single case than these share a strip. */
const MANY = 3;

/** A case and its place in the report, from which its row has its id. */
type Placed = CaseResult & { readonly index: number };

/** The class that colours a case: by bucket, "x" if it failed, "e" if nothing differs at all. */
export function shade({ status, use }: Pick<CaseResult, "status" | "use">): string {
  if (status === "failed") return "x";
  return use === 0 ? "e" : `u${bucketOf(use)}`;
}

/** Names cases of a strip by what tells them apart. */
function namer(cases: readonly Placed[]): (c: Placed) => string {
  const subjects = new Set(cases.map(({ id }) => parts(id).subject));
  return ({ id }) => (subjects.size === 1 && parts(id).rest) || id.slice(id.indexOf("/") + 1);
}

// a strip is one picture; its cells are for the pointer, the tables for everyone
function strip(cases: readonly Placed[]): Html {
  const nameOf = namer(cases);
  const cells = cases.map((c) => {
    const title = `${nameOf(c)}: use ${useText(c.use)}${c.status === "failed" ? ", failed" : ""}`;
    return html`<a class="${shade(c)}" href="#case-${c.index}" tabindex="-1" title="${title}"></a>`;
  });
  return html`<div class="strip" aria-hidden="true">${cells}</div>`;
}

function row(c: Placed, called: string): Html {
  const numbers = [useText(c.use), ...[c.maxAbs, c.bound].map(errorText), useText(c.maxUlp), whole(c.n)];
  const name = c.reason ? html`${called}<small>${c.reason}</small>` : called;
  const cells = numbers.map((number) => html`<td>${number}</td>`);
  return html`<tr id="case-${c.index}"><th scope="row"><i class="key ${shade(c)}"></i>${name}</th>${cells}<td>${c.status}</td></tr>`;
}

function list(subject: string, cases: readonly Placed[]): Html {
  const nameOf = namer(cases);
  return html`<details class="list"><summary>Table<span class="sr"> of ${subject}: ${count(cases.length, "case")}</span></summary>
<div class="scroll" role="region" tabindex="0" aria-label="Cases of ${subject}"><table>
<thead><tr><th scope="col">Case</th><th scope="col">Use</th><th scope="col">Max error</th><th scope="col">Bound at worst</th><th scope="col">ULP</th><th scope="col">Numbers</th><th scope="col">Status</th></tr></thead>
<tbody>${cases.map((c) => row(c, nameOf(c)))}</tbody></table></div></details>`;
}

function kernel(subject: string, cases: readonly Placed[]): Html {
  const failed = cases.filter(({ status }) => status === "failed").length;
  const [worst] = worstCases(cases, 1);
  const state =
    failed > 0
      ? html`<b class="bad">${whole(failed)} failed</b>`
      : html`${worst.use > 0 ? `worst ${useText(worst.use)}` : "nothing differs"}`;
  return html`<div class="kernel"><div class="who"><h4>${subject}</h4><p>${count(cases.length, "case")} · ${state}</p></div>
${worst.use > 0 ? bars(added(cases), `All numbers of ${subject} by share of the bound`, "spark") : []}
${strip(cases)}${list(subject, cases)}</div>`;
}

/** Cases by subject; where many subjects have one case each, these are together. */
function bySubject(cases: readonly Placed[]): Map<string, Placed[]> {
  const subjects = groupBy(cases, ({ id }) => parts(id).subject);
  const single = new Set([...subjects].filter(([, group]) => group.length === 1).map(([subject]) => subject));
  if (single.size <= MANY) return subjects;
  const name = single.size === subjects.size ? "all" : "one case each";
  return groupBy(cases, ({ id }) => (single.has(parts(id).subject) ? name : parts(id).subject));
}

function levelMap(level: Level, cases: readonly Placed[]): Html {
  const kernels = bySubject(cases);
  return html`<section class="panel" aria-label="${levelName(level)}"><h3>${levelName(level)}</h3>
${[...kernels].map(([subject, group]) => kernel(subject, group))}</section>`;
}

/** What the colours mean. */
function legend(): Html {
  const shares = bucketNames
    .slice(0, -1)
    .map((name, i) => html`<li class="b${i}"><i class="u${i}"></i><span>${name}</span></li>`);
  return html`<ul class="legend" aria-label="Colours: the share of its bound that a case uses, at most">
<li class="b"><i class="e"></i><span>equal</span></li>${shares}<li class="b"><i class="x"></i><span>failed</span></li></ul>`;
}

/** A map of all cases. */
export function heatMap({ cases }: Report): Html {
  const placed = cases.map((c, index) => ({ ...c, index }));
  const levels = groupBy(placed, ({ level }) => level);
  return html`${legend()}<div class="stack">${[...levels].map(([level, group]) => levelMap(level, group))}</div>`;
}
