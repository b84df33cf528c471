/** Gives the test processes the software GPU as their Vulkan driver; the dynamic linker reads the environment when they start. */

import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";

export function setup(): void {
  if (softwareGpuRuns()) Object.assign(process.env, softwareGpu().env);
}
