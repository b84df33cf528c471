/** One test for each of some devices; all but Deno are absent (vitest.config.ts). test/needs.test.ts looks at what becomes of them. */

import { expect, it } from "vitest";
import { describeOn } from "../needs.js";

for (const device of ["WASM", "Dawn", "Chromium", "shader-f16"] as const) {
  describeOn(device, "tests", () => {
    it("run", () => {
      expect.unreachable();
    });
  });
}

describeOn("Deno", "tests of Deno", () => {
  it("run", () => {
    expect(1).toBe(1);
  });
});
