/** The page of `demo --web`, as it is before its script runs. */

import { mapsSection, untrained } from "../report/images.js";
import { choice, devices, html, page } from "../report/page.js";

export const index = page({
  kind: "live",
  title: "MaskFeat in your browser",
  skip: { id: "add", to: "adding images" },
  heading: "What the model sees",
  lead:
    "Your images, each turned into an embedding and into the HOG features that MaskFeat learns to predict. " +
    "All of it is computed in this page: no image leaves this computer.",
  main: html`<section aria-labelledby="device">
  <div class="bar"><h2 id="device">Device</h2>${choice("device", "What computes", devices)}</div>
  <div id="facts"></div>
  <p class="problem" id="device-problem" role="alert" hidden></p>
  <div id="untrained" hidden>${untrained}</div>
</section>
<section aria-labelledby="add">
  <h2 id="add" tabindex="-1">Images</h2>
  <div class="add">
    <input class="sr" type="file" id="files" multiple accept="image/jpeg,image/png,image/webp">
    <label class="drop" for="files" id="drop"><strong>Choose images</strong><span>or drop or paste them here: JPEG, PNG, WebP</span></label>
    <div class="buttons">
      <button type="button" class="primary" id="samples">Use the samples</button>
      <button type="button" id="clear" disabled>Remove all</button>
    </div>
  </div>
  <div class="status">
    <p id="status" role="status"></p>
    <progress id="progress" max="1" value="0" aria-label="Progress" hidden></progress>
  </div>
  <aside class="problems" id="problems" aria-labelledby="problems-title" hidden>
    <h3 id="problems-title">Files that could not be read</h3>
    <ul id="problem-list" aria-live="polite"></ul>
  </aside>
</section>
<div id="similarity-section" hidden>${mapsSection([])}</div>
<section id="cards-section" aria-labelledby="cards-title" hidden>
  <h2 id="cards-title">Image by image</h2>
  <div class="cards" id="cards"></div>
</section>`,
  footer: html`Served by <code>maskfeat-wgpu demo --web</code> only to this machine. The page sends no request to any other server.`,
});
