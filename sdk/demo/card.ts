/** The card of an image: its pictures, its mask, what it resembles. */

import { nearest } from "../report/similarity.js";
import { button, h, paint, thumb } from "./dom.js";
import type { Features, Item } from "./item.js";
import type { Embedded, Masked } from "./protocol.js";

/** Neighbours that are shown. */
const NEIGHBOURS = 3;

export interface CardActions {
  remove(): void;
  newMask(): void;
}

/** A figure whose picture is drawn when there is one. */
class Picture {
  readonly canvas = h("canvas", { width: "1", height: "1" });
  readonly caption: HTMLElement;
  readonly figure: HTMLElement;

  constructor(caption: string) {
    this.caption = h("figcaption", {}, caption);
    this.figure = h("figure", {}, this.canvas, this.caption);
  }
}

export class Card {
  readonly element: HTMLElement;
  private readonly about = h("p", {}, "waiting");
  private readonly image = new Picture("Image");
  private readonly hog = new Picture("HOG features");
  private readonly mask = new Picture("Mask");
  private readonly seed = h("span");
  private readonly again: HTMLButtonElement;
  private readonly neighbours = h("div", { class: "neighbours" });

  constructor(
    private readonly item: Item,
    actions: CardActions,
  ) {
    const { name, number } = item;
    const title = h("h3", { id: `name-${number}` }, name);
    const remove = button("Remove", { class: "small", "aria-label": `Remove ${name}` }, actions.remove);
    this.again = button("New mask", { class: "small", "aria-label": `New mask for ${name}` }, () => {
      // from now on a change of it is an answer, to be read out
      this.seed.setAttribute("aria-live", "polite");
      actions.newMask();
    });
    const pictures = h("div", { class: "pictures" }, this.image.figure, this.hog.figure, this.mask.figure);
    this.element = h(
      "article",
      { class: "card", id: `image-${number}`, "aria-labelledby": `name-${number}` },
      h("header", {}, h("div", {}, title, this.about), remove),
      h("div", {}, pictures, h("div", { class: "again" }, this.seed, this.again)),
      this.neighbours,
    );
    this.wait();
  }

  /** Until there is something to show. */
  wait(): void {
    this.element.classList.add("waiting");
    this.again.disabled = true;
    this.neighbours.hidden = true;
  }

  show({ width, height, shape, ms, picture, hogPicture }: Embedded, masked: Masked): void {
    const { name } = this.item;
    this.element.classList.remove("waiting");
    this.again.disabled = false;
    this.about.textContent = `${width} × ${height} px · embedding [${shape.join(", ")}] · ${ms.toFixed(0)} ms`;
    paint(this.image.canvas, picture, `The image ${name}`);
    paint(this.hog.canvas, hogPicture, `Gradient orientations of ${name}, drawn as lines in cells`);
    this.showMask(masked);
  }

  showMask({ picture, hidden, patches }: Masked): void {
    paint(this.mask.canvas, picture, `${this.item.name} with ${hidden} of ${patches} patches covered`);
    this.mask.caption.textContent = `Mask · ${Math.round((100 * hidden) / patches)} % hidden`;
    this.seed.textContent = `mask of seed ${this.item.seed}`;
  }

  /** `items`: all that are done, this one among them. */
  showNeighbours(items: readonly Item[]): void {
    this.neighbours.hidden = items.length < 2;
    this.neighbours.replaceChildren(
      this.nearest("Nearest by embedding", items, "embedding"),
      this.nearest("Nearest by HOG", items, "hog"),
    );
  }

  private nearest(title: string, items: readonly Item[], features: Features): HTMLElement {
    const row = items.map((other) => this.item.similarity(other, features));
    const found = nearest(row, items.indexOf(this.item), NEIGHBOURS).map(({ index, value }) => {
      const { name, number, thumbnail } = items[index];
      const parts = [h("span", { class: "name" }, name), h("span", { class: "value" }, value.toFixed(3))];
      return h("li", {}, h("a", { href: `#image-${number}` }, thumb(thumbnail), ...parts));
    });
    return h("div", {}, h("h4", {}, title), h("ol", {}, ...found));
  }
}
