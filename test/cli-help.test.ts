import { describe, expect, it } from "vitest";
import { Output } from "../sdk/cli/output.js";
import { buildProgram } from "../sdk/cli/program.js";
import { Progress } from "../sdk/cli/progress.js";

const program = buildProgram({ output: new Output(false), signal: new AbortController().signal });

describe("help", () => {
  it.each([program, ...program.commands].map((command) => [command.name(), command] as const))(
    "of %s has examples, and lines of at most 100 columns",
    (name, command) => {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      const lines = help.split("\n");
      expect(lines.filter((line) => line.length > 100)).toEqual([]);
      const examples = lines.slice(lines.indexOf("Examples:") + 1).filter((line) => line.startsWith("  "));
      expect(examples.length).toBeGreaterThan(0);
      const beginning = name === "maskfeat-wgpu" ? "  maskfeat-wgpu " : `  maskfeat-wgpu ${name}`;
      for (const example of examples) expect(example.startsWith(beginning)).toBe(true);
      // each example has only options that the command knows
      const options = examples.flatMap((example) => example.split("#")[0].match(/--[a-z-]+/g) ?? []);
      const known = [program, ...program.commands].flatMap((c) => c.options.map(({ long }) => long));
      for (const option of options)
        expect(name === program.name() ? known : command.options.map(({ long }) => long)).toContain(option);
    },
  );
});

describe("progress", () => {
  function shown(isTerminal: boolean, steps: readonly (readonly [ms: number, done: number])[]) {
    let now = 0;
    let text = "";
    const progress = new Progress(
      (more) => (text += more),
      () => isTerminal,
      () => now,
    );
    for (const [ms, done] of steps) {
      now = ms;
      progress.show("images", done, 2000, 500);
    }
    return text;
  }

  it("is a bar with rate and time left on a terminal", () => {
    const text = shown(true, [
      [0, 500],
      [10_000, 1000],
    ]);
    expect(text.split("\r\x1b[2K").at(-1)).toBe("images ██████████░░░░░░░░░░ 1,000 of 2,000, 50/s, 20 s left");
  });

  it("is a line every ten seconds elsewhere", () => {
    const steps = Array.from({ length: 25 }, (_, i) => [1000 * i, 500 + i] as const);
    expect(shown(false, steps)).toBe(
      "maskfeat-wgpu: images: 510 of 2,000, 1.0/s, 25 min left\nmaskfeat-wgpu: images: 520 of 2,000, 1.0/s, 25 min left\n",
    );
  });
});
