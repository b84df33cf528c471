import { describe, expect, it } from "vitest";
import { html } from "../sdk/report/page.js";
import { type ReportImage, report } from "../sdk/report/report.js";

const image = (name: string): ReportImage => ({
  name,
  width: 4,
  height: 3,
  shape: [1, 2],
  norm: 1,
  ms: 5,
  picture: "data:image/png;base64,AA==",
  thumbnail: "data:image/png;base64,AA==",
  hog: "data:image/png;base64,AA==",
  masked: "data:image/png;base64,AA==",
  hidden: 78,
  patches: 196,
});
const device = {
  kind: "wasm",
  adapter: null,
  isFallback: false,
  reason: "asked for",
  threads: 1,
  variant: "simd",
  selfTest: null,
} as const;
const similarity = [
  [1, 0.5, 0.25],
  [0.5, 1, -0.1],
  [0.25, -0.1, 1],
];

function page(trained = false): string {
  const images = ["a.png", '"><script>alert(1)</script>.png', "c.png"].map(image);
  const about = { version: "0.1.0", runtime: "node 20", model: "m", weights: "procedural", trained, device };
  return report({ ...about, images, similarity: { embedding: similarity, hog: similarity } });
}

describe("report", () => {
  it("escapes what is put in, and joins lists", () => {
    expect(html`<p title="${`"'<&>`}">${[html`<b>1</b>`, "<2>"]}</p>`.text).toBe(
      '<p title="&quot;&#39;&lt;&amp;&gt;"><b>1</b>&lt;2&gt;</p>',
    );
  });

  it("holds no script and makes no request, whatever the names", () => {
    const text = page();
    expect(text).not.toMatch(/<script|https?:|<link(?! rel="icon" href="data:,">)|@import/);
    expect(text).toContain("&lt;script&gt;");
    const sources = [...text.matchAll(/(?:src=|url\()["']?([a-z]+:)/g)].map((match) => match[1]);
    expect(new Set(sources)).toEqual(new Set(["data:"]));
  });

  it("orders neighbours by similarity", () => {
    const card = page().split('id="image-2"')[1];
    const order = [...card.matchAll(/href="#image-(\d)"/g)].map((match) => match[1]);
    expect(order).toEqual(["0", "1", "0", "1"]);
  });

  it("says that a model is untrained, when it is", () => {
    expect(page(false)).toContain("This model is untrained.");
    expect(page(true)).not.toContain("untrained");
  });
});
