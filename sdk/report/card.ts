/** One image of the report: what it is, how it is described, and what it resembles. */

import type { ReportData, ReportImage } from "./data.js";
import { type Html, html } from "./html.js";
import { nearest } from "./similarity.js";

/** Neighbours that are shown. */
const NEIGHBOURS = 3;

export function card(images: readonly ReportImage[], similarity: ReportData["similarity"], i: number): Html {
  const image = images[i];
  const share = Math.round((100 * image.hidden) / image.patches);
  return html`<article class="card" id="image-${i}" aria-labelledby="name-${i}">
<header><h3 id="name-${i}">${image.name}</h3>
<p>${image.width} × ${image.height} px · embedding [${image.shape.join(", ")}] · length ${image.norm.toFixed(3)} · ${image.ms.toFixed(0)} ms</p></header>
<div class="pictures">
  ${figure(image.picture, `The image ${image.name}`, "Image")}
  ${figure(image.hog, `Gradient orientations of ${image.name}, drawn as lines in cells`, "HOG features")}
  ${figure(image.masked, `${image.name} with ${image.hidden} of ${image.patches} patches covered`, `Mask · ${share} % hidden`)}
</div>
<div class="neighbours">
  ${neighbours("Nearest by embedding", images, similarity.embedding[i], i)}
  ${neighbours("Nearest by HOG", images, similarity.hog[i], i)}
</div>
</article>`;
}

function figure(source: string, alt: string, caption: string): Html {
  return html`<figure><img src="${source}" alt="${alt}"><figcaption>${caption}</figcaption></figure>`;
}

function neighbours(title: string, images: readonly ReportImage[], row: readonly number[], self: number): Html {
  const items = nearest(row, self, NEIGHBOURS).map(({ value, index: j }) => {
    return html`<li><a href="#image-${j}"><span class="thumb" style="background-image:var(--t${j})"></span><span class="name">${images[j].name}</span><span class="value">${value.toFixed(3)}</span></a></li>`;
  });
  return html`<div><h4>${title}</h4><ol>${items}</ol></div>`;
}
