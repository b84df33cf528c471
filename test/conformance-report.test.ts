import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { levels } from "../conformance/case.js";
import type { Report } from "../conformance/report.js";
import { htmlReport } from "../conformance/views/html.js";
import { describeChromium } from "./chromium.js";
import { madeUpReport } from "./reports.js";
import { layout, sights, watched } from "./sights.js";

const long = `C2/${"linear".repeat(30)}/${"[4,13] ".repeat(40)}`;
const awkward = madeUpReport(300, 30, {
  runtime: "x".repeat(300),
  facts: [{ name: "n".repeat(200), value: "v".repeat(500) }],
  skipped: [{ id: long, reason: "r".repeat(300) }],
});
const reports: Readonly<Record<string, Report>> = {
  "300 cases": madeUpReport(300),
  "3,000 cases, some of which fail": madeUpReport(3000, 14),
  "long names": {
    ...awkward,
    cases: awkward.cases.map((c, i) => (i % 9 === 0 ? { ...c, id: `${c.level}/${long}${i}`, reason: long } : c)),
    failed: awkward.failed.map((one) => ({ ...one, case: long, reason: long })),
    levels: awkward.levels.map((level) => ({ ...level, worst: { case: long, use: 1e9 } })),
  },
};

describeChromium("reports of the conformance suite", (chromium) => {
  const { open, wrong } = watched(chromium);

  describe.each(Object.keys(reports))("as a file: %s", (name) => {
    let page: Page;

    beforeAll(async () => {
      const body = htmlReport(reports[name]);
      page = await open("http://report.test/", "r.html", (p) => {
        return p.route("**/r.html", (route) => route.fulfill({ body, contentType: "text/html" }));
      });
    });

    it.each(sights)("fits %d pixels in the %s scheme", async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      expect(await layout(page)).toEqual({ page: width, beyond: [], scheme: colorScheme });
    });

    it("is printed without what has no use on paper", async () => {
      await page.emulateMedia({ media: "print" });
      expect(await page.locator(".list > summary").first().isVisible()).toBe(false);
      await page.emulateMedia({ media: "screen" });
    });

    it("leads from a cell to the row of its case, and has all of it for those who see no colours", async () => {
      await page.setViewportSize({ width: 1440, height: 900 });
      const { cases } = reports[name];
      const at = cases.length - 1;
      const row = page.locator(`#case-${at}`);
      expect(await row.isVisible()).toBe(false);
      await page.locator(`.strip a[href="#case-${at}"]`).click();
      await row.waitFor({ state: "visible", timeout: 5000 });
      expect(await row.locator("td").last().innerText()).toBe(cases[at].status);
      expect(await page.locator(".strip:not([aria-hidden])").count()).toBe(0);
      expect(await page.locator(".strip a:not([tabindex='-1'])").count()).toBe(0);
      expect(await page.locator('.bars:not([role="img"]), .bars:not([aria-label])').count()).toBe(0);
      expect(await page.getByRole("table").first().getByRole("row").count()).toBe(1 + levels.length);
      const ids = await page.locator("[id]").evaluateAll((all) => all.map((e) => e.id));
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  // last, for all of the pages above
  it("complained about nothing, and asked nobody else", () => {
    expect(wrong).toEqual([]);
  });
});
