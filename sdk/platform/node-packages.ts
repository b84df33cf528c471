/** The packages that Node uses if they are installed: what each one brings, and why it cannot be used if it cannot. */

import { unpermitted } from "./node-source.js";

/** What each optional package brings. */
const packages = {
  sharp: "image files (JPEG, PNG, WebP)",
  webgpu: "the GPU (WebGPU)",
} as const;

type PackageName = keyof typeof packages;

/** An optional package of this runtime. */
export interface PackageReport {
  readonly name: PackageName;
  readonly brings: string;
  readonly usable: boolean;
  /** "installed", or why it cannot be used, with the command that mends it. */
  readonly reason: string;
}

/**
 * Loads an optional package; `specifier` is another module in its place, for tests.
 * @throws Error whose message says in one line why the package cannot be used and, unless a permission is missing, the command that mends it
 */
// biome-ignore lint/suspicious/noExplicitAny: the caller knows what the package exports
export async function loadPackage(name: PackageName, specifier: string = name): Promise<any> {
  try {
    // in a variable, so that bundlers do not resolve the package
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
  } catch (cause) {
    throw new Error(whyNot(name, specifier, cause), { cause });
  }
}

function whyNot(name: PackageName, specifier: string, cause: unknown): string {
  const denied = unpermitted(cause);
  if (denied) return `which this process may not load: ${denied}`;
  const [why] = String((cause as Error).message)
    .trim()
    .split("\n");
  // each runtime words it differently: "Cannot find package 'x' imported from ...", 'Import "x" not a dependency ...'
  const isMissing = /MODULE_NOT_FOUND/.test(String((cause as { code?: unknown }).code)) && /["'`]([^"'`]+)/.exec(why);
  if (isMissing && isMissing[1] === specifier) return `which is not installed: npm i ${name}`;
  return `which does not work on this machine (${why}); install it again here: npm i ${name}`;
}

/** Every optional package, and whether this process can load it. */
export function packageReports(): Promise<PackageReport[]> {
  const names = Object.keys(packages) as PackageName[];
  return Promise.all(
    names.map(async (name) => {
      const report = { name, brings: packages[name] };
      try {
        await loadPackage(name);
        return { ...report, usable: true, reason: "installed" };
      } catch (error) {
        return { ...report, usable: false, reason: (error as Error).message.replace(/^which /, "") };
      }
    }),
  );
}
