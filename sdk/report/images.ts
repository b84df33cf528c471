/** What pages show of images: a card for each, maps of their similarities, and how they were computed. */

import type { DeviceInfo } from "../entries/public.js";
import { cosineSimilarity } from "../entries/public.js";
import { type Html, html, scroll, section, terms } from "./page.js";
import type { Masked, Sample } from "./sample.js";

/** An image's name, and its number on the page. */
export interface Named {
  readonly name: string;
  readonly number: number;
}

/** Cosine similarities of all pairs, by embedding and by HOG features. */
export interface Similarity {
  readonly embedding: readonly (readonly number[])[];
  readonly hog: readonly (readonly number[])[];
}

/** Who resembles whom. */
export function similarityOf(samples: readonly Sample[]): Similarity {
  const pairs = (of: keyof Similarity) => samples.map((a) => samples.map((b) => cosineSimilarity(a[of], b[of])));
  return { embedding: pairs("embedding"), hog: pairs("hog") };
}

export interface CardParts extends Named {
  readonly about: string;
  readonly pictures: readonly Html[];
  readonly neighbours: readonly Html[];
  /** Buttons of a page that computes. */
  readonly remove?: Html;
  readonly again?: Html;
}

/** The card of an image. */
export function card({ name, number, about, pictures, neighbours, remove, again }: CardParts): Html {
  return html`<article class="card" id="image-${number}" aria-labelledby="name-${number}">
<header><div><h3 id="name-${number}">${name}</h3><p>${about}</p></div>${remove ?? []}</header>
<div><div class="pictures">${pictures}</div>${again ?? []}</div>
<div class="neighbours">${neighbours}</div>
</article>`;
}

/** The numbers of a sample that cards show. */
export type Measures = Pick<Sample, "width" | "height" | "shape" | "norm" | "ms">;

export function figure(picture: Html, caption: string): Html {
  return html`<figure>${picture}<figcaption>${caption}</figcaption></figure>`;
}

/** What stands under an image's name. */
export function aboutImage({ width, height, shape, norm, ms }: Measures): string {
  return `${width} × ${height} px · embedding [${shape.join(", ")}] · length ${norm.toFixed(3)} · ${ms.toFixed(0)} ms`;
}

/** The text of the picture of a mask, and what stands under it. */
export function maskTexts(name: string, { hidden, patches }: Omit<Masked, "picture">) {
  const alt = `${name} with ${hidden} of ${patches} patches covered`;
  return { alt, caption: `Mask · ${Math.round((100 * hidden) / patches)} % hidden` };
}

/** Neighbours that are shown. */
const NEIGHBOURS = 3;

/** What image `self` of `images` resembles most. */
export function neighbours(images: readonly Named[], { embedding, hog }: Similarity, self: number): Html[] {
  const list = (title: string, matrix: Similarity["hog"]) => {
    const others = matrix[self].map((value, index) => ({ value, index })).filter(({ index }) => index !== self);
    const nearest = others.sort((a, b) => b.value - a.value).slice(0, NEIGHBOURS);
    const items = nearest.map(({ index, value }) => {
      const { name, number } = images[index];
      const texts = html`<span class="name">${name}</span><span class="value">${value.toFixed(3)}</span>`;
      return html`<li><a href="#image-${number}">${thumb(number)}${texts}</a></li>`;
    });
    return html`<div><h4>${title}</h4><ol>${items}</ol></div>`;
  };
  return [list("Nearest by embedding", embedding), list("Nearest by HOG", hog)];
}

/** A small picture beside a name that says the same. */
const thumb = (number: number) => html`<span class="thumb t${number}"></span>`;

/** The rule of the style sheet that shows the thumbnail of an image wherever it stands. `url`: a data URL. */
export const thumbRule = (number: number, url: string): string => `.t${number}{background-image:url("${url}")}`;

/** From this share of the range on, cells are dark enough for light text. */
const HOT = 0.65;

/** A matrix of similarities as a table whose cells are coloured over the range of the matrix without its diagonal. */
function heatMap(title: string, images: readonly Named[], matrix: Similarity["hog"]): Html {
  const others = matrix.flatMap((row, i) => row.filter((_, j) => j !== i));
  const low = others.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = others.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const cell = (value: number) => {
    const share = (value - low) / (high - low || 1);
    // two decimals, without the zero in front
    const text = value.toFixed(2).replace(/^(-?)0\./, "$1.");
    const shade = `s${Math.round(100 * share)} ${share > HOT ? "hot" : "cool"}`;
    return html`<td class="${shade}" title="${value.toFixed(4)}">${text}</td>`;
  };
  const itself = html`<td class="self"><span class="sr">itself</span></td>`;
  const heads = images.map(({ name, number }) => {
    return html`<th scope="col" title="${name}">${thumb(number)}<span class="sr">${name}</span></th>`;
  });
  const rows = images.map(({ name, number }, i) => {
    const link = html`<a href="#image-${number}" title="${name}">${thumb(number)}<span class="sr">${name}</span></a>`;
    return html`<tr><th scope="row">${link}</th>${matrix[i].map((value, j) => (i === j ? itself : cell(value)))}</tr>`;
  });
  const table = html`<table aria-label="${title}"><thead><tr><td></td>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
  return html`<figure class="map"><figcaption>${title} <small>${low.toFixed(3)} to ${high.toFixed(3)}</small></figcaption>
${scroll(`Map: ${title}`, table)}</figure>`;
}

export function heatMaps(images: readonly Named[], { embedding, hog }: Similarity): Html[] {
  return [heatMap("By embedding", images, embedding), heatMap("By HOG features", images, hog)];
}

/** The part of a page that has the maps. */
export function mapsSection(maps: readonly Html[]): Html {
  const hint =
    "Cosine similarity of every pair. Colours span each map's own range, from its least to its most similar pair.";
  return section("similarity", "Who resembles whom", hint, html`<div class="maps" id="maps">${maps}</div>`);
}

export const untrained = html`<aside class="notice" aria-label="About the weights">
  <strong>This model is untrained.</strong>
  Its weights follow from a formula, not from images. The computation is the real one, and every machine gets the same numbers,
  but nothing has been learned: embeddings that are close do not mean images that show the same.
  Pre-processing, masks and HOG features need no training and are what they will be with a trained model.
</aside>`;

/** About a loaded model. */
export interface About {
  readonly model: string;
  readonly weights: string;
  readonly trained: boolean;
  readonly device: DeviceInfo;
  readonly runtime: string;
}

/**
 * What computes, why, and how fast. `times`: milliseconds of the images so far; `inWindow`: why the model runs in the page's window instead
 * of in a worker, if it does.
 */
export function facts({ device, model, weights, runtime }: About, times: readonly number[], inWindow?: string): Html {
  const { kind, adapter, isFallback, threads, variant, reason, selfTest } = device;
  const where = [
    adapter ?? (threads === 1 ? "1 thread" : `${threads} threads`),
    isFallback ? "a software adapter, not a GPU" : "",
    `kernels ${variant}`,
    reason,
    inWindow === undefined ? "" : `in this window, because no worker starts: ${inWindow}`,
  ];
  const worst = selfTest && `${(100 * selfTest.worst).toPrecision(2)} % of the error that is allowed`;
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return terms("facts", [
    ["Device", kind === "wasm" ? "WebAssembly" : "WebGPU", where.filter(Boolean).join(" · ")],
    // known answers that the device was held to before its first one to us
    selfTest
      ? ["Self-test", selfTest.passed ? "passed" : "failed", `${selfTest.cases} cases, at worst ${worst}`]
      : ["Self-test", "off", "the device's answers are not checked"],
    ["Model", model, `weights: ${weights}`],
    [
      "Time per image",
      sorted.length > 0 ? `${median.toFixed(0)} ms` : "–",
      `median, from file to embedding, in ${runtime}`,
    ],
  ]);
}
