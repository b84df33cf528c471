/** Runs the built command line in a process of its own. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";
import { tiny } from "./tiny.js";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = resolve("dist/cli.js");
export const samples = resolve("sdk/demo/samples");
export const fixtures = resolve("conformance/golden/full/images");

/** The environment of a Linux machine without a GPU. */
export const noGpu = { LD_LIBRARY_PATH: "", VK_ICD_FILENAMES: resolve("no-such-driver.json") };

/** A temporary folder that goes when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "maskfeat-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Surroundings {
  /** Its stdin. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Program and first arguments; default: this Node. */
  readonly runtime?: readonly string[];
}

/** Runs `maskfeat-wgpu <args>` in `cwd`. */
export function cli(
  args: readonly string[],
  cwd: string,
  { input = "", env, runtime }: Surroundings = {},
): Promise<Ran> {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
    const [command, ...first] = runtime ?? [process.execPath];
    const child = execFile(command, [...first, program, ...args], options, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/** The JSON object of a run, which must be all of stdout. */
// biome-ignore lint/suspicious/noExplicitAny: its fields are what the tests look at
export async function json(args: readonly string[], cwd: string, more: Surroundings = {}): Promise<any> {
  const { stdout, stderr } = await cli([...args, "--json"], cwd, more);
  const lines = stdout.split("\n");
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`not one line of JSON: ${stdout}${stderr}`);
  return JSON.parse(lines[0]);
}

/** The tiny model as a configuration file. */
export const smallConfig = { kind: "pretrain", ...tiny, resizeEdge: 64 };

/** Writes the small model's configuration to `folder`; returns the options that choose it. */
export function smallModel(folder: string): string[] {
  const path = join(folder, "small.json");
  writeFileSync(path, JSON.stringify(smallConfig));
  return ["--model", path, "--weights", "procedural", "--threads", "1"];
}
