/** The page of the suite, as it is before its script runs. */

import { choice, devices, html, page } from "../../sdk/report/page.js";

const choices = {
  device: ["Device", devices],
  level: ["Level", { quick: "Quick", full: "Full", exhaustive: "Exhaustive" }],
  dtype: ["Numbers", { f32: "f32", f16: "f16", int8: "int8" }],
} as const;

const picks = Object.entries(choices).map(([name, [label, options]]) => {
  const buttons = choice(name, label, options);
  return html`<div class="pick"><span class="label" aria-hidden="true">${label}</span>${buttons}</div>`;
});

export const index = page({
  kind: "live",
  title: "Conformance of maskfeat-wgpu in your browser",
  skip: { id: "run", to: "the run" },
  heading: "Does it compute right, here?",
  lead:
    "The conformance suite runs on the device of your browser and holds every number to float64 and PyTorch references, " +
    "within bounds that follow from rounding. Nothing is sent anywhere else.",
  main: html`<section class="panel start" aria-label="The run">
  <p class="told" id="unready">Loading. Opened as a file this page cannot run: its folder has to be served, by any web server.</p>
  <fieldset class="choices" id="choices">
    <legend class="sr">What to run, and on which device</legend>
    ${picks}
  </fieldset>
  <details class="list" id="more"><summary>Only some cases</summary>
    <label class="label" for="cases">Pattern of case ids, in which * stands for anything</label>
    <input type="text" id="cases" placeholder="C2/linear/*" autocomplete="off" autocapitalize="none" spellcheck="false"></details>
  <div class="buttons">
    <button type="button" class="primary" id="run" disabled>Run the suite</button>
    <button type="button" id="cancel" hidden>Cancel</button>
  </div>
  <div class="live" id="live" hidden>
    <p id="status" role="status"></p>
    <progress id="progress" max="1" aria-label="Cases that are done"></progress>
    <p class="current" id="current"></p>
    <div class="strip" id="strip" aria-hidden="true"></div>
  </div>
  <p class="problem" id="problem" role="alert" hidden></p>
</section>
<section class="take" id="take" aria-label="Take the report along" hidden>
  <div class="buttons">
    <button type="button" id="json">Download JSON</button>
    <button type="button" id="markdown">Copy Markdown</button>
    <button type="button" id="html">Download HTML report</button>
  </div>
  <p class="told" id="told" role="status"></p>
  <div id="copy-box" hidden><label class="sr" for="copy-text">The report as Markdown</label><textarea id="copy-text" rows="8" readonly></textarea></div>
</section>
<div id="report"></div>`,
  footer: html`These are static files: the page works from any web server, and asks no other one for anything.`,
});
