/** Elements of the page: made of text and attributes, never of markup, so that a file's name can do nothing. */

import type { Image } from "../entries/browser.js";

/** An element with attributes and children; strings become text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

export function button(text: string, attributes: Readonly<Record<string, string>>, onClick: () => void) {
  const element = h("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", onClick);
  return element;
}

/** Draws an image on a canvas of its own size; `label` is its text for those who do not see it. */
export function paint(canvas: HTMLCanvasElement, { data, width, height }: Image, label: string): void {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
}

/** An image as a URL, for small pictures that are shown many times. */
export function urlOf(image: Image): string {
  const canvas = document.createElement("canvas");
  paint(canvas, image, "");
  return canvas.toDataURL();
}

/** A small picture beside a name that says the same. */
export function thumb(url: string): HTMLElement {
  const span = h("span", { class: "thumb" });
  span.style.backgroundImage = `url("${url}")`;
  return span;
}
