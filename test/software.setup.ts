/**
 * Gives the test processes the software GPU as their Vulkan driver, unless another is named; the dynamic linker reads the environment when
 * they start.
 */

import { softwareGpu, softwareGpuRuns } from "../scripts/software.mjs";

export function setup(): void {
  if (softwareGpuRuns() && !process.env.VK_ICD_FILENAMES) Object.assign(process.env, softwareGpu().env);
}
