/** A matrix of similarities as a table whose cells are coloured. */

import { type Html, html } from "./html.js";
import type { ReportImage } from "./report.js";

/** From this share of the range on, cells are dark enough for light text. */
const HOT = 0.65;

export function heatMap(title: string, images: readonly ReportImage[], matrix: readonly number[][]): Html {
  const others = matrix.flatMap((row, i) => row.filter((_, j) => j !== i));
  const low = Math.min(...others);
  const range = Math.max(...others) - low || 1;
  const head = images.map((image, i) => {
    return html`<th scope="col" title="${image.name}"><span class="thumb" style="background-image:var(--t${i})"></span><span class="sr">${image.name}</span></th>`;
  });
  const rows = images.map((image, i) => {
    const cells = matrix[i].map((value, j) => {
      return i === j ? html`<td class="self"><span class="sr">itself</span></td>` : cell(value, (value - low) / range);
    });
    return html`<tr><th scope="row"><a href="#image-${i}" title="${image.name}"><span class="thumb" style="background-image:var(--t${i})"></span><span class="name">${image.name}</span></a></th>${cells}</tr>`;
  });
  return html`<figure class="map"><figcaption>${title} <small>${low.toFixed(3)} to ${(low + range).toFixed(3)}</small></figcaption>
<table><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></figure>`;
}

function cell(value: number, share: number): Html {
  const text = value.toFixed(2).replace(/^(-?)0\./, "$1.");
  return html`<td class="${share > HOT ? "hot" : "cool"}" style="--v:${(100 * share).toFixed(0)}%" title="${value.toFixed(4)}">${text}</td>`;
}
