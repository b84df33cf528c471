/** The demo's report: one HTML file without scripts and without requests, whatever the names of the images are. */

import {
  type About,
  aboutImage,
  card,
  facts,
  figure,
  heatMaps,
  type Measures,
  mapsSection,
  maskTexts,
  neighbours,
  type Similarity,
  thumbRule,
  untrained,
} from "./images.js";
import { type Html, html, page } from "./page.js";
import type { Masked } from "./sample.js";

/** An image of the report; pictures are data URIs. */
export interface ReportImage extends Measures, Omit<Masked, "picture"> {
  readonly name: string;
  readonly picture: string;
  readonly thumbnail: string;
  readonly hog: string;
  readonly masked: string;
}

export interface ReportData extends About {
  readonly version: string;
  readonly images: readonly ReportImage[];
  readonly similarity: Similarity;
}

function cardOf(image: ReportImage, number: number, beside: readonly Html[]): Html {
  const { name } = image;
  const { alt, caption } = maskTexts(name, image);
  const picture = (source: string, text: string, under: string) =>
    figure(html`<img src="${source}" alt="${text}">`, under);
  const pictures = [
    picture(image.picture, `The image ${name}`, "Image"),
    picture(image.hog, `Gradient orientations of ${name}, drawn as lines in cells`, "HOG features"),
    picture(image.masked, alt, caption),
  ];
  return card({ name, number, about: aboutImage(image), pictures, neighbours: beside });
}

/** The whole page. */
export function report({ version, images, similarity, ...about }: ReportData): string {
  const named = images.map(({ name }, number) => ({ name, number }));
  const cards = images.map((image, i) => cardOf(image, i, neighbours(named, similarity, i)));
  const times = images.map(({ ms }) => ms);
  return page({
    kind: "report",
    title: `MaskFeat report · ${images.length} images`,
    rules: images.map(({ thumbnail }, i) => thumbRule(i, thumbnail)).join(""),
    skip: { id: "images", to: "the images" },
    version,
    heading: "What the model sees",
    lead: `${images.length} images, each turned into an embedding and into the HOG features that MaskFeat learns to predict.`,
    main: html`${facts(about, times)}${about.trained ? [] : untrained}
${mapsSection(heatMaps(named, similarity))}
<section aria-labelledby="images"><h2 id="images">Image by image</h2><div class="cards">${cards}</div></section>`,
    footer: html`Made by <code>maskfeat-wgpu demo</code> on this computer. This file is complete: it loads nothing and sends nothing.`,
  });
}
