/** Mistakes of devices and of their memory, which C0 must find. */

import { mistakes } from "./mistakes.js";

export const mutants = [
  mistakes("C0/*", "gpu/webgpu-program.ts", [
    [
      "outputs are copied before the run: those of the run before",
      `    const pass = encoder.beginComputePass({ label: "plan" });
    for (const dispatch of this.parts.dispatches) encodeDispatch(pass, dispatch);
    pass.end();
    this.copyOutputs(encoder);`,
      `    this.copyOutputs(encoder);
    const pass = encoder.beginComputePass({ label: "plan" });
    for (const dispatch of this.parts.dispatches) encodeDispatch(pass, dispatch);
    pass.end();`,
      { cases: "C0/repeats/layerNorm*", device: "webgpu", quick: true },
    ],
  ]),
  mistakes("C0/*", "sdk/device/wasm.ts", [
    [
      "outputs are views of the device's memory, which the next run overwrites",
      "this.view(outputs[i].address, size(shape)).slice()),",
      "this.view(outputs[i].address, size(shape))),",
    ],
    [
      "a program computes once and keeps its answer",
      "run: (options) => this.run(table, steps, options),",
      `run: async (options) => {
          if (!table.label.endsWith("run")) await this.run(table, steps, options);
          (table as { label: string }).label += " run";
        },`,
      { cases: "C0/repeats/*", quick: true },
    ],
  ]),
  mistakes("C0/*", "sdk/wasm/heap.ts", [
    [
      "memory is handed out in too small blocks",
      "const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);",
      "const size = Math.max(ALIGN, Math.floor(bytes / ALIGN) * ALIGN);",
    ],
  ]),
];
