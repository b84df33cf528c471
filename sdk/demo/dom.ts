/** Elements of pages: made of templates that escape, so that a file's name can do nothing. */

import type { Image } from "../entries/browser.js";
import type { Html } from "../report/page.js";

/** The element that a template describes. */
export function elementOf(template: Html): HTMLElement {
  const holder = document.createElement("template");
  holder.innerHTML = template.text;
  return holder.content.firstElementChild as HTMLElement;
}

/** Puts templates in the place of what an element holds. */
export function fill(element: Element, ...templates: readonly Html[]): void {
  element.innerHTML = templates.map(({ text }) => text).join("");
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

/** The buttons of a choice. */
export const choicesOf = (name: string) => [...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];

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
