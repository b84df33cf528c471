/** An image of the page: its file, what was computed of it, and the card that shows it. */

import { aboutImage, card, figure, maskTexts, neighbours, type Similarity, thumbRule } from "../report/images.js";
import { html } from "../report/page.js";
import type { Masked, Sample } from "../report/sample.js";
import { elementOf, fill, paint, urlOf } from "./dom.js";

const small = (label: string, text: string) => {
  return html`<button type="button" class="small" aria-label="${label}">${text}</button>`;
};

export class Card {
  readonly element: HTMLElement;
  result?: Sample;
  /** Seed of its mask. */
  seed: number;
  private readonly again: HTMLButtonElement;

  /** `number` is its own on this page. */
  constructor(
    readonly number: number,
    readonly file: File,
    actions: { remove(): void; newMask(): void },
  ) {
    this.seed = number;
    const { name } = file;
    const canvas = html`<canvas width="1" height="1"></canvas>`;
    this.element = elementOf(
      card({
        name,
        number,
        about: "waiting",
        pictures: ["Image", "HOG features", "Mask"].map((caption) => figure(canvas, caption)),
        neighbours: [],
        remove: small(`Remove ${name}`, "Remove"),
        again: html`<div class="again"><span></span>${small(`New mask for ${name}`, "New mask")}</div>`,
      }),
    );
    const [remove, again] = this.element.querySelectorAll("button");
    remove.addEventListener("click", actions.remove);
    again.addEventListener("click", () => {
      // from now on a change of it is an answer, to be read out
      this.find(".again span").setAttribute("aria-live", "polite");
      actions.newMask();
    });
    this.again = again;
    this.wait();
  }

  get name(): string {
    return this.file.name;
  }

  /** Computed on another device, or not yet. */
  wait(): void {
    this.result = undefined;
    this.element.classList.add("waiting");
    this.again.disabled = true;
    this.find(".neighbours").hidden = true;
  }

  show(result: Sample, masked: Masked): void {
    this.result = result;
    this.element.classList.remove("waiting");
    this.again.disabled = false;
    this.find("header p").textContent = aboutImage(result);
    // a rule may be set by a script where the page's policy forbids styles of single elements
    const [sheet] = document.styleSheets;
    sheet.insertRule(thumbRule(this.number, urlOf(result.thumbnail)), sheet.cssRules.length);
    this.paint(0, result.picture, `The image ${this.name}`);
    this.paint(1, result.hogPicture, `Gradient orientations of ${this.name}, drawn as lines in cells`);
    this.showMask(masked);
  }

  showMask(masked: Masked): void {
    const { alt, caption } = maskTexts(this.name, masked);
    this.paint(2, masked.picture, alt);
    this.find("figure:last-child figcaption").textContent = caption;
    this.find(".again span").textContent = `mask of seed ${this.seed}`;
  }

  /** `cards`: all that are done, this one among them. */
  showNeighbours(cards: readonly Card[], similarity: Similarity): void {
    this.find(".neighbours").hidden = cards.length < 2;
    fill(this.find(".neighbours"), ...neighbours(cards, similarity, cards.indexOf(this)));
  }

  private find(selector: string): HTMLElement {
    return this.element.querySelector<HTMLElement>(selector)!;
  }

  private paint(i: number, image: Sample["picture"], label: string): void {
    paint(this.element.querySelectorAll("canvas")[i], image, label);
  }
}
