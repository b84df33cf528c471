/** Where images and choices come from: chooser, drop, clipboard, samples, the device's buttons, the page's address. */

import type { DeviceChoice } from "../entries/browser.js";
import { byId, choicesOf } from "./dom.js";

export interface Taker {
  open(device: DeviceChoice): Promise<void>;
  add(files: readonly File[]): void;
  clear(): void;
  problem(name: string, error: unknown): void;
}

/** Listens to all of it, and opens the device that is chosen to begin with. */
export function watchInputs(taker: Taker): void {
  watchFiles(taker);
  byId("samples", HTMLButtonElement).addEventListener("click", () => takeSamples(taker));
  byId("clear", HTMLButtonElement).addEventListener("click", () => taker.clear());
  const choices = choicesOf("device");
  const asked = new URLSearchParams(location.search).get("device");
  for (const choice of choices) {
    if (choice.value === asked) choice.checked = true;
    choice.addEventListener("change", () => taker.open(choice.value as DeviceChoice));
  }
  const chosen = choices.find((choice) => choice.checked) ?? choices[0];
  void taker.open(chosen.value as DeviceChoice);
}

function watchFiles(taker: Taker): void {
  const files = byId("files", HTMLInputElement);
  files.addEventListener("change", () => {
    taker.add([...(files.files ?? [])]);
    // the same file may be chosen again
    files.value = "";
  });
  document.addEventListener("paste", ({ clipboardData }) => taker.add([...(clipboardData?.files ?? [])]));
  // all of the page takes what is dropped: beside the zone, the browser would leave the page and show the file
  const dragging = (on: boolean) => document.documentElement.classList.toggle("dragging", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dragging(true);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) dragging(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dragging(false);
    taker.add([...(event.dataTransfer?.files ?? [])]);
  });
}

async function takeSamples(taker: Taker): Promise<void> {
  try {
    const names: string[] = await (await got("samples.json")).json();
    const files = names.map(async (name) => new File([await (await got(`samples/${name}`)).blob()], name));
    taker.add(await Promise.all(files));
  } catch (error) {
    taker.problem("The samples", error);
  }
}

async function got(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response;
}
