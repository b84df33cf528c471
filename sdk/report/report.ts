/** The demo's page: one HTML file without scripts and without requests, whatever the names of the images are. */

import { card } from "./card.js";
import type { ReportData } from "./data.js";
import { heatMap } from "./heatmap.js";
import { Html, html } from "./html.js";
import { style } from "./style.js";

/** The whole page. */
export function report(data: ReportData): string {
  const { images, similarity } = data;
  const thumbnails = images.map((image, i) => `--t${i}:url(${image.thumbnail})`).join(";");
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>MaskFeat report · ${images.length} images</title>
<style>${new Html(`${style}:root{${thumbnails}}`)}</style>
</head>
<body>
<a class="skip" href="#images">Skip to the images</a>
<header class="top">
  <div class="brand">${logo}<div><p class="eyebrow">maskfeat-wgpu ${data.version}</p><h1>What the model sees</h1></div></div>
  <p class="lead">${images.length} images, each turned into an embedding and into the HOG features that MaskFeat learns to predict.</p>
  ${facts(data)}
  ${data.trained ? [] : untrained}
</header>
<main>
<section aria-labelledby="similarity">
  <h2 id="similarity">Who resembles whom</h2>
  <p class="hint">Cosine similarity of every pair. Colours span each map's own range, from its least to its most similar pair.</p>
  <div class="maps">
    ${heatMap("By embedding", images, similarity.embedding)}
    ${heatMap("By HOG features", images, similarity.hog)}
  </div>
</section>
<section aria-labelledby="images">
  <h2 id="images">Image by image</h2>
  <div class="cards">${images.map((_, i) => card(images, similarity, i))}</div>
</section>
</main>
<footer><p>Made by <code>maskfeat-wgpu demo</code> on this computer. This file is complete: it loads nothing and sends nothing.</p></footer>
</body>
</html>
`;
  return page.text;
}

/** A patch's gradient lines, as in the HOG pictures. */
const logo = html`<svg class="logo" viewBox="0 0 48 48" aria-hidden="true"><rect width="48" height="48" rx="12"/><path d="M10 16l8-6M22 17l5-8M33 16h8M10 27l7-5M20 29l8-9M34 29l5-9M9 38h8M21 40l6-8M32 37l8 2"/></svg>`;

const untrained = html`<aside class="notice" aria-label="About the weights">
  <strong>This model is untrained.</strong>
  Its weights follow from a formula, not from images. The computation is the real one, and every machine gets the same numbers,
  but nothing has been learned: embeddings that are close do not mean images that show the same.
  Pre-processing, masks and HOG features need no training and are what they will be with a trained model.
</aside>`;

function facts({ model, weights, device, runtime, images }: ReportData): Html {
  const milliseconds = images.map((image) => image.ms).sort((a, b) => a - b);
  const median = milliseconds[Math.floor(milliseconds.length / 2)];
  const where = device.adapter ?? (device.threads === 1 ? "1 thread" : `${device.threads} threads`);
  const entries: [string, string, string][] = [
    ["Device", device.kind === "wasm" ? "WebAssembly" : "WebGPU", `${where} · ${device.reason}`],
    ["Model", model, `weights: ${weights}`],
    ["Time per image", `${median.toFixed(0)} ms`, "median, from file to embedding"],
    ["Runtime", runtime, `kernels: ${device.variant}`],
  ];
  const rows = entries.map(([term, value, more]) => {
    return html`<div><dt>${term}</dt><dd>${value}<small>${more}</small></dd></div>`;
  });
  return html`<dl class="facts">${rows}</dl>`;
}
