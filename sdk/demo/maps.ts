/** Matrices of similarities as tables whose cells are coloured, as in the report. */

import { shades } from "../report/similarity.js";
import { h, thumb } from "./dom.js";
import type { Item } from "./item.js";

/** Least widths in pixels; a wider table scrolls in its own box. */
const CELL = 26;
const HEAD = 34;

export function heatMap(title: string, items: readonly Item[], values: readonly (readonly number[])[]): HTMLElement {
  const { low, high, shade } = shades(values);
  const names = items.map((item) => {
    const name = h("span", { class: "sr" }, item.name);
    return h("th", { scope: "col", title: item.name }, thumb(item.thumbnail), name);
  });
  const rows = values.map((row, i) => {
    const { name, number, thumbnail } = items[i];
    const link = h("a", { href: `#image-${number}`, title: name }, thumb(thumbnail), h("span", { class: "sr" }, name));
    const cells = row.map((value, j) => {
      if (i === j) return h("td", { class: "self" }, h("span", { class: "sr" }, "itself"));
      const { text, percent, hot } = shade(value);
      const cell = h("td", { class: hot ? "hot" : "cool", title: value.toFixed(4) }, text);
      cell.style.setProperty("--v", `${percent}%`);
      return cell;
    });
    return h("tr", {}, h("th", { scope: "row" }, link), ...cells);
  });
  const table = h(
    "table",
    { "aria-label": title },
    h("thead", {}, h("tr", {}, h("td"), ...names)),
    h("tbody", {}, ...rows),
  );
  table.style.minWidth = `${HEAD + CELL * items.length}px`;
  const range = h("small", {}, `${low.toFixed(3)} to ${high.toFixed(3)}`);
  const box = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Map: ${title}` }, table);
  return h("figure", { class: "map" }, h("figcaption", {}, `${title} `, range), box);
}
