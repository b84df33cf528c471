/** Every case as a cell coloured by its share of the bound, a strip for each kernel, with the same numbers as tables beneath. */

import { type Html, html } from "../../sdk/report/page.js";
import type { CaseResult, Level } from "../case.js";
import type { Report } from "../report.js";
import { bars } from "./histogram.js";
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

/** More subjects of a single case than these share a strip. */
const MANY = 3;

/** A case and its place in the report, from which its row has its id. */
type Placed = CaseResult & { readonly index: number };

/** The class that colours a case: by bucket, "x" where it failed, "e" where nothing differs at all. */
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
