/** From a kernel's file to the text that WebGPU compiles. */

import type { Wgsl } from "./home.js";
import block from "./lib/block.wgsl";
import epilogue from "./lib/epilogue.wgsl";
import exp from "./lib/exp.wgsl";
import flat from "./lib/flat.wgsl";
import gelu from "./lib/gelu.wgsl";
import real from "./lib/real.wgsl";

const libs: Readonly<Record<string, string>> = { block, epilogue, exp, flat, gelu, real };

/** A file with the libraries that its first line names, storing elements as f16 or f32. */
export function moduleSource({ text }: Wgsl, f16: boolean): string {
  const names = text.slice(0, text.indexOf("\n")).matchAll(/lib\/(\w+)\.wgsl/g);
  const source = [text, ...[...names].map(([, name]) => libs[name])].join("\n");
  return f16 ? `enable f16;\n${source.replace("alias Real = f32;", "alias Real = f16;")}` : source;
}

/** How each binding of a file is accessed, in the order of their numbers, which is that of the file. */
export function bindingsOf({ text }: Wgsl): ("read-only-storage" | "storage")[] {
  const declared = [...text.matchAll(/@binding\(\d+\) var<storage, (read|read_write)>/g)];
  return declared.map(([, access]) => (access === "read" ? "read-only-storage" : "storage"));
}
