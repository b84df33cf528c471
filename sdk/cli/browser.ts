/** Runs the suite's page in a browser of this machine: served on the loopback address, answered by one POST. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DeviceError, MaskFeatError, OptionError } from "../entries/node.js";
import type { Context } from "./output.js";
import { pagesOf, serve } from "./serve.js";

type Kind = "chromium" | "firefox" | "webkit";

/** Where browsers lie, by platform: names on the PATH, and full paths. */
const places: Readonly<Record<Kind, Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>>>> = {
  chromium: {
    linux: ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge", "brave-browser"],
    darwin: ["Google Chrome", "Chromium", "Microsoft Edge"].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    ),
    win32: ["Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"].flatMap(
      programFiles,
    ),
  },
  firefox: {
    linux: ["firefox", "firefox-esr"],
    darwin: ["/Applications/Firefox.app/Contents/MacOS/firefox"],
    win32: programFiles("Mozilla Firefox\\firefox.exe"),
  },
  webkit: {
    linux: ["epiphany", "MiniBrowser"],
    darwin: ["/Applications/Safari.app/Contents/MacOS/Safari"],
  },
};

function programFiles(path: string): string[] {
  if (process.platform !== "win32") return [];
  const folders = [process.env.ProgramFiles, process.env["ProgramFiles(x86)"], process.env.LOCALAPPDATA];
  return folders.flatMap((folder) => (folder ? [join(folder, path)] : []));
}

/** The executable of a browser, and how it is spoken to. @throws DeviceError DEVICE_ABSENT */
function findBrowser(asked: string): { program: string; kind: Kind } {
  if (!Object.hasOwn(places, asked)) {
    if (!existsSync(asked)) {
      const what = `--browser: expected chromium, firefox, webkit or an executable, and there is no file ${asked}`;
      throw new DeviceError("DEVICE_ABSENT", what);
    }
    return { program: asked, kind: /firefox/i.test(basename(asked)) ? "firefox" : "chromium" };
  }
  const kind = asked as Kind;
  const wanted = places[kind][process.platform] ?? [];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const paths = wanted.flatMap((name) => (name.includes(sep) ? [name] : folders.map((folder) => join(folder, name))));
  const program = paths.find((path) => existsSync(path));
  if (program) return { program, kind };
  const looked = wanted.map((name) => basename(name)).join(", ") || "none is known for this system";
  throw new DeviceError("DEVICE_ABSENT", `--browser ${kind}: not found (${looked}); name its executable instead`);
}

/** Without a window, with a profile of its own. */
function argumentsOf(kind: Kind, profile: string, url: string): string[] {
  // for sandboxes and drivers that need to be told
  const more = (process.env.MASKFEAT_BROWSER_ARGS ?? "").split(/\s+/).filter(Boolean);
  if (kind === "firefox") return ["-headless", "-no-remote", "-profile", profile, ...more, url];
  if (kind === "webkit") return [...more, url];
  return ["--headless=new", `--user-data-dir=${profile}`, "--no-first-run", "--no-default-browser-check", ...more, url];
}

const pageFolder = fileURLToPath(new URL("conformance", import.meta.url));
const RESULT = "/result";

/** The report's JSON from the page run with `parameters`. @throws DeviceError if there is no such browser; MaskFeatError; AbortError */
export async function conformanceInBrowser(
  { output, signal }: Context,
  asked: string,
  golden: string,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { program, kind } = findBrowser(asked);
  let deliver!: (text: string) => void;
  const delivered = new Promise<string>((resolve) => {
    deliver = resolve;
  });
  const pages = await pagesOf({ "/": pageFolder, "/golden/": golden });
  const serving = await serve(pages, 0, { path: RESULT, accept: deliver });
  const profile = await mkdtemp(join(tmpdir(), "maskfeat-browser-"));
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams([...given, ["start", ""], ["post", RESULT]]);
  output.note(`running in ${basename(program)} ...`);
  const child = spawn(program, argumentsOf(kind, profile, `${serving.url}?${query}`), { stdio: "ignore" });
  try {
    const ended = new Promise<never>((_, reject) => {
      child.on("error", (cause) => reject(gone(`${program} cannot be started: ${cause.message}`, cause)));
      child.on("exit", (code) => reject(gone(`${program} ended with ${code} before the suite had a result`)));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const text = await Promise.race([delivered, ended]);
    const { error } = JSON.parse(text);
    if (!error) return text;
    const Kind = error.code?.startsWith("OPT_") ? OptionError : MaskFeatError;
    throw new Kind(error.code ?? "DEVICE_FAILED", `in ${basename(program)}: ${error.message}`);
  } finally {
    child.removeAllListeners();
    child.kill();
    await serving.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const gone = (what: string, cause?: unknown) => new MaskFeatError("DEVICE_FAILED", what, { cause });
