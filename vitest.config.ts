import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Imports `.wasm` as bytes and `.wgsl` as text, as the bundler's loaders do. */
const assets = {
  name: "assets",
  enforce: "pre" as const,
  load(id: string) {
    if (id.endsWith(".wgsl")) return `export default ${JSON.stringify(readFileSync(id, "utf8"))};`;
    if (!id.endsWith(".wasm")) return undefined;
    const base64 = readFileSync(id).toString("base64");
    return `export default new Uint8Array(Buffer.from("${base64}", "base64"));`;
  },
};

export default defineConfig({
  plugins: [assets],
  test: {
    globalSetup: "test/software.setup.ts",
    include: ["test/**/*.test.ts"],
    reporters: [process.env.CI ? ["default", { summary: false }] : "default", "./test/summary.ts"],
    pool: "forks",
    maxWorkers: 2,
    // names of cases stand in titles whole
    chaiConfig: { truncateThreshold: 200 },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
