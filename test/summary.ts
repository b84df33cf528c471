/** A reporter that closes the output with the devices that skipped tests need, and with "N passed, N failed, N skipped" alone on its line. */

import type { Reporter, TestCase, TestModule } from "vitest/node";

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // a file that cannot be loaded, or an error outside of tests, fails the run too
    const outside = modules.filter((module) => module.errors().length > 0).length + errors.length;
    // as test/needs.ts names them
    const needs = new Set(tests.flatMap(({ fullName }) => /\(needs (.+?)\)(?: >|$)/.exec(fullName)?.[1] ?? []));
    const lines = [
      ...[...needs].map((device) => `skipped tests need ${device}`),
      `${count("passed")} passed, ${count("failed") + outside} failed, ${count("skipped")} skipped`,
    ];
    // after the other reporters' last words
    process.on("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }
}
