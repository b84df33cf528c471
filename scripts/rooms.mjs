// The import rules, types counted: a room of sdk/ imports only rooms above it, gpu/ only itself, graph/ no op, and no files form a circle.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";

/** The rooms of sdk/, each of which may import those before it. */
export const rooms = [
  ...["base", "io", "wasm", "image", "checkpoint", "config", "device", "model", "data", "train", "search", "platform"],
  ...["entries", "report", "demo", "cli", "guide"],
];

/** The parts of sdk/ that rooms of the public API's users may name beside themselves. */
const uses = {
  cli: /^sdk\/(cli|report|entries|base\/(ahead|check)|platform\/node)/,
  report: /^sdk\/(report|entries\/public)/,
  demo: /^sdk\/(demo|report|entries\/(browser|public))/,
};

/** Packages and Node's own modules, and where they may be named. */
const PLATFORM_FILES = /^sdk\/(platform\/node|cli\/)/;

const roomOf = (file) => /^sdk\/([^/]+)\//.exec(file)?.[1];

/** Why `file` must not import `target`, if it must not. */
function whyNot(file, target) {
  const [from, to] = [file, target].map((path) => path.split("/")[0]);
  // the types of the compiled kernels are its own
  if (from === "gpu" && to !== "gpu" && to !== "build") return "gpu imports only itself";
  if (file.startsWith("gpu/graph/") && !/^gpu\/(graph\/|errors\.ts)/.test(target)) return "graph imports no op";
  if (/^sdk\/(checkpoint|image|io|base|wasm)\//.test(file) && to === "gpu" && target !== "gpu/errors.ts")
    return "only errors of gpu are known here";
  if (from !== "sdk") return undefined;
  if (to === "test" || (to === "conformance" && roomOf(file) !== "cli")) return "the product imports no tests";
  if (to === "sdk" && uses[roomOf(file)] && !uses[roomOf(file)].test(target))
    return `${roomOf(file)} uses the public API`;
  const [own, other] = [file, target].map((path) => rooms.indexOf(roomOf(path)));
  if (to === "sdk" && other > own) return `${roomOf(target)} is below ${roomOf(file)}`;
  return undefined;
}

/** A circle that can be reached from files, if there is one: `path` led to them, and nothing was found behind those that are `done`. */
function circle(graph, files = graph.keys(), path = [], done = new Set()) {
  for (const file of files) {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    const found = done.has(file) ? undefined : circle(graph, graph.get(file), [...path, file], done);
    if (found) return found;
    done.add(file);
  }
  return undefined;
}

/** Every import that breaks a rule, a line each; none where the house is in order. */
export function brokenRules(root) {
  const all = ["gpu", "sdk", "conformance"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true }).map((file) => `${top}/${file.replaceAll("\\", "/")}`),
  );
  const files = all.filter((file) => file.endsWith(".ts")).sort();
  const broken = [];
  const graph = new Map();
  for (const file of files) {
    const room = roomOf(file);
    if (room && !rooms.includes(room)) broken.push(`${file}: ${room} is no room of scripts/rooms.mjs`);
    const targets = [];
    // types and re-exports included
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"), true, true);
    for (const { fileName: name } of importedFiles) {
      if (!name.startsWith(".")) {
        const outside = /^(node:|webgpu$|sharp$)/.test(name) && !PLATFORM_FILES.test(file);
        if (outside && /^(gpu|sdk)\//.test(file))
          broken.push(`${file}: ${name} is imported in sdk/platform and sdk/cli`);
        continue;
      }
      const target = normalize(join(dirname(file), name))
        .replaceAll("\\", "/")
        .replace(/\.js$/, ".ts");
      const why = whyNot(file, target);
      if (why) broken.push(`${file} imports ${target}: ${why}`);
      if (files.includes(target)) targets.push(target);
    }
    graph.set(file, targets);
  }
  const found = circle(graph);
  return found ? [...broken, `a circle: ${found.join(" -> ")}`] : broken;
}
