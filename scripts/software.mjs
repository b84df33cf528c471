// Unpacks the software GPU (SwiftShader, a Vulkan driver) and the headless Chromium of the dev dependency @sparticuz/chromium, so that
// WebGPU runs on any Linux machine with x64 and glibc. Run by itself it fills the cache: 2 seconds, 270 MB.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const root = dirname(import.meta.dirname);
const folder = join(root, "node_modules/@sparticuz/chromium");

const ARCHIVES = ["swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"];

/** Whether this machine can run what is packed. */
export function softwareGpuRuns() {
  const glibc = process.report?.getReport().header.glibcVersionRuntime !== undefined;
  return process.platform === "linux" && process.arch === "x64" && glibc;
}

/** The packed configuration names folders of another machine; a Chromium without any font crashes at the first file input. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

function unpack(target) {
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  mkdirSync(temporary, { recursive: true });
  const read = (name) => brotliDecompressSync(readFileSync(join(folder, "bin", name)));
  for (const name of ARCHIVES) execFileSync("tar", ["-x", "--no-same-owner", "-C", temporary], { input: read(name) });
  writeFileSync(join(temporary, "fonts.conf"), FONTS);
  writeFileSync(join(temporary, "chromium"), read("chromium.br"), { mode: 0o755 });
  try {
    renameSync(temporary, target);
  } catch (error) {
    // another run was faster
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}

/**
 * Unpacks once and says where things are: `env` makes SwiftShader the Vulkan driver of a process that is started with it, `chromium` is
 * the browser's executable, `chromiumEnv` the environment and `chromiumArgs` the arguments that it needs. Call it where
 * `softwareGpuRuns()`.
 */
export function softwareGpu() {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const target = join(root, "node_modules/.cache", `software-gpu-${version}-fonts`);
  if (!existsSync(target)) unpack(target);
  return {
    env: { LD_LIBRARY_PATH: target, VK_ICD_FILENAMES: join(target, "vk_swiftshader_icd.json") },
    chromium: join(target, "chromium"),
    chromiumEnv: { LD_LIBRARY_PATH: join(target, "lib"), FONTCONFIG_PATH: target },
    chromiumArgs: "--no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --enable-features=Vulkan".split(
      " ",
    ),
  };
}

if (process.argv[1] === import.meta.filename) {
  console.log(
    softwareGpuRuns() ? JSON.stringify(softwareGpu(), undefined, 2) : "not for this machine: Linux x64 with glibc",
  );
}
