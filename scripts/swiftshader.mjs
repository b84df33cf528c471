// `npm run -s swiftshader -- <command ...>`: the command line with WebGPU on the software adapter of the dev dependencies.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { softwareGpu, softwareGpuRuns } from "./software.mjs";

if (!softwareGpuRuns()) {
  process.stderr.write("swiftshader: the software adapter is built for Linux x64 with glibc\n");
  process.exit(3);
}
const program = join(dirname(import.meta.dirname), "dist/cli.js");
const env = { MASKFEAT_DEVICE: "webgpu", ...process.env, ...softwareGpu().env };
process.on("SIGINT", () => {});
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { env, stdio: "inherit" });
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
