/** Runs tests.ts as on a machine that lacks every device but Deno. */

import { defineConfig } from "vitest/config";

const devices = ["WASM", "Dawn", "Chromium", "shader-f16"];

export default defineConfig({
  test: {
    include: ["test/absent/tests.ts"],
    provide: { absent: Object.fromEntries(devices.map((device) => [device, `no ${device}`])) },
  },
});
