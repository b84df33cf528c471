/** A matrix of similarities as a table whose cells are coloured. */

import type { ReportImage } from "./data.js";
import { type Html, html } from "./html.js";
import { type Shade, shades } from "./similarity.js";

export function heatMap(title: string, images: readonly ReportImage[], matrix: readonly number[][]): Html {
  const { low, high, shade } = shades(matrix);
  const head = images.map((image, i) => {
    return html`<th scope="col" title="${image.name}"><span class="thumb" style="background-image:var(--t${i})"></span><span class="sr">${image.name}</span></th>`;
  });
  const rows = images.map((image, i) => {
    const cells = matrix[i].map((value, j) => {
      return i === j ? html`<td class="self"><span class="sr">itself</span></td>` : cell(value, shade(value));
    });
    return html`<tr><th scope="row"><a href="#image-${i}" title="${image.name}"><span class="thumb" style="background-image:var(--t${i})"></span><span class="name">${image.name}</span></a></th>${cells}</tr>`;
  });
  return html`<figure class="map"><figcaption>${title} <small>${low.toFixed(3)} to ${high.toFixed(3)}</small></figcaption>
<table><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></figure>`;
}

function cell(value: number, { text, percent, hot }: Shade): Html {
  return html`<td class="${hot ? "hot" : "cool"}" style="--v:${percent}%" title="${value.toFixed(4)}">${text}</td>`;
}
