/** HTML as tagged templates that escape whatever is put into them, the skeleton of all pages and reports, and parts that they share. */

import { version } from "../../package.json";
import { style } from "./style.js";

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return String(part).replace(/[&<>"']/g, (c) => entities[c]);
}

/** Strings and numbers between the braces are escaped, arrays joined, and other templates put in as they are. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + render(parts[i - 1]) + string));
}

/** What a page that computes may do: scripts and pictures are its own, WASM may be compiled, threads start from a Blob. */
export const livePolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
  "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'";
const reportPolicy =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

const noScript = html`
<noscript><p class="problem">This page computes in your browser and needs JavaScript.</p></noscript>`;

/** A patch's gradient lines, as in the HOG pictures. */
const logo = html`<svg class="logo" viewBox="0 0 48 48" aria-hidden="true"><rect width="48" height="48" rx="12"/>
<path d="M10 16l8-6M22 17l5-8M33 16h8M10 27l7-5M20 29l8-9M34 29l5-9M9 38h8M21 40l6-8M32 37l8 2"/></svg>`;

export interface PageParts {
  readonly title: string;
  /** "live": it has a script, `page.js`, and its other files beside it; "report": one file without scripts and without requests. */
  readonly kind: "live" | "report";
  /** More rules for the style sheet of a report. */
  readonly rules?: string;
  /** Where the first link leads. */
  readonly skip: { readonly id: string; readonly to: string };
  /** The version is that of this package, unless the page says another. */
  readonly version?: string;
  /** What the line above the heading has behind the version. */
  readonly eyebrow?: Html;
  readonly heading: string;
  readonly lead?: string;
  readonly main: Html;
  readonly footer: Html;
}

/** A whole page. */
export function page({ kind, rules = "", skip, eyebrow, lead, ...parts }: PageParts): string {
  const live = kind === "live";
  const files = html`<link rel="icon" type="image/svg+xml" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script type="module" src="page.js"></script>`;
  const inline = html`<link rel="icon" href="data:,">
<style>${new Html(style + rules)}</style>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Html(live ? livePolicy : reportPolicy)}">
<title>${parts.title}</title>
${live ? files : inline}
</head>
<body>
<a class="skip" href="#${skip.id}">Skip to ${skip.to}</a>
<header class="top">
<div class="brand">${logo}<div><p class="eyebrow">maskfeat-wgpu ${parts.version ?? version}${eyebrow ?? []}</p><h1>${parts.heading}</h1></div></div>
${lead ? html`<p class="lead">${lead}</p>` : []}${live ? noScript : []}
</header>
<main>${parts.main}</main>
<footer><p>${parts.footer}</p></footer>
</body>
</html>
`.text;
}

/** A part of a page under its own heading. */
export function section(id: string, title: string, hint: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><p class="hint">${hint}</p>${content}</section>`;
}

/** Terms, their values, and what is small beneath a value. `kind`: the list's class. */
export function terms(kind: string, entries: readonly (readonly [term: string, value: string, more?: string])[]): Html {
  const rows = entries.map(([term, value, more]) => {
    return html`<div><dt>${term}</dt><dd>${value}${more ? html`<small>${more}</small>` : []}</dd></div>`;
  });
  return html`<dl class="${kind}">${rows}</dl>`;
}

/** A table that scrolls in its own box where it is wider. */
export function scroll(label: string, table: Html): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}

/** Values of which one is chosen, to begin with the first, and their names. */
export function choice(name: string, label: string, options: Readonly<Record<string, string>>): Html {
  const buttons = Object.entries(options).map(([value, text], i) => {
    const checked = i === 0 ? " checked" : "";
    return html`<label><input type="radio" name="${name}" value="${value}"${checked}><span>${text}</span></label>`;
  });
  return html`<div class="choice" role="radiogroup" aria-label="${label}">${buttons}</div>`;
}

export const devices = { auto: "Auto", webgpu: "WebGPU", wasm: "WebAssembly" };
