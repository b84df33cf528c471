/** The suite in the visitor's browser: choices, a run that can be cancelled, and its report, to be read and taken along. */

import { byId, fill } from "../../sdk/demo/dom.js";
import type { Failure } from "../../sdk/demo/protocol.js";
import type { Report } from "../report.js";
import { htmlReport, reportBody } from "../views/html.js";
import { markdown } from "../views/markdown.js";
import { verdict } from "../views/summary.js";
import { type Asked, choices, takeAddress } from "./choices.js";
import { Live } from "./live.js";
import type { Message } from "./work.js";

const ui = {
  choices: byId("choices", HTMLFieldSetElement),
  run: byId("run", HTMLButtonElement),
  cancel: byId("cancel", HTMLButtonElement),
  problem: byId("problem", HTMLElement),
  take: byId("take", HTMLElement),
  told: byId("told", HTMLElement),
  report: byId("report", HTMLElement),
  copyBox: byId("copy-box", HTMLElement),
  copyText: byId("copy-text", HTMLTextAreaElement),
};

const live = new Live();
let worker: Worker | undefined;
let report: Report | undefined;
let asked: Asked = { start: false };

function start(): void {
  report = undefined;
  ui.problem.hidden = true;
  ui.take.hidden = true;
  ui.copyBox.hidden = true;
  ui.told.textContent = "";
  ui.report.replaceChildren();
  ui.choices.disabled = true;
  ui.run.hidden = true;
  ui.cancel.hidden = false;
  live.begin();
  // one worker for each run: ended, it gives back all that it held
  worker = new Worker(new URL("./work.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Message>) => take(data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail({ name: "Error", message: `The worker of this page failed: ${event.message || "its script did not load"}` });
  };
  worker.postMessage(choices());
}

function take(message: Message): void {
  if (message.kind === "progress") live.add(message);
  else if (message.kind === "failed") fail(message.failure);
  else finish(message.report);
}

/** The page is ready for another run. */
function stop(status: string, keep: boolean): void {
  worker?.terminate();
  worker = undefined;
  ui.choices.disabled = false;
  ui.run.hidden = false;
  ui.run.textContent = "Run again";
  ui.cancel.hidden = true;
  live.end(status, keep);
}

function finish(found: Report): void {
  report = found;
  stop(`Done: ${verdict(found)}.`, false);
  fill(ui.report, reportBody(found));
  ui.take.hidden = false;
  document.title = `${found.passed ? "Passed" : "Failed"}: conformance`;
  void deliver(found);
}

function fail({ name, code, message }: Failure): void {
  stop("No report: the run could not be finished.", true);
  showProblem(code ? `${message} (${code})` : message);
  void deliver({ error: { name, code, message } });
}

function showProblem(text: string): void {
  ui.problem.textContent = `${text}.`.replace(/\.\.$/, ".");
  ui.problem.hidden = false;
}

/** Gives the outcome to the program that opened this page to get it. */
async function deliver(outcome: object): Promise<void> {
  if (!asked.post) return;
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(asked.post, { method: "POST", headers, body: JSON.stringify(outcome) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
  } catch (error) {
    showProblem(`The report could not be handed to ${asked.post.pathname}: ${(error as Error).message}`);
  }
}

function download(type: string, extension: string, text: string): void {
  const { device, dtype, scope, date } = report!;
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `conformance-${scope}-${device.kind}-${dtype}-${date.slice(0, 10)}.${extension}`;
  link.click();
  // the browser reads it after this turn
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  ui.told.textContent = `${link.download} is downloaded.`;
}

async function copy(): Promise<void> {
  const text = markdown(report!);
  try {
    await navigator.clipboard.writeText(text);
    ui.told.textContent = "The Markdown is in the clipboard.";
  } catch {
    // pages that were not loaded by HTTPS, and users who refuse
    ui.copyText.value = text;
    ui.copyBox.hidden = false;
    ui.copyText.select();
    ui.told.textContent = "This page may not write to the clipboard: copy the text below.";
  }
}

ui.run.addEventListener("click", start);
ui.cancel.addEventListener("click", () => {
  stop(`Cancelled after ${live.reached}.`, true);
  ui.run.focus();
});
byId("json", HTMLButtonElement).addEventListener("click", () => {
  download("application/json", "json", `${JSON.stringify(report)}\n`);
});
byId("html", HTMLButtonElement).addEventListener("click", () => download("text/html", "html", htmlReport(report!)));
byId("markdown", HTMLButtonElement).addEventListener("click", () => void copy());

byId("unready", HTMLElement).remove();
ui.run.disabled = false;
try {
  asked = takeAddress();
  if (asked.start) start();
} catch (error) {
  const { message } = error as Error;
  showProblem(`The page's address is wrong: ${message}`);
}
