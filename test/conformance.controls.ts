/** Hosts of the suite whose device, for models too, is one of the test's own. */

import type { Host } from "../conformance/suite.js";
import type { Device } from "../gpu/device.js";
import { size } from "../gpu/graph/op.js";
import { completeConfig, type PartialConfig } from "../sdk/config/config.js";
import { traceAll, traceModel } from "../sdk/config/traced.js";
import { bestBuild } from "../sdk/device/builds.js";
import type { DeviceInfo } from "../sdk/device/open.js";
import { WasmDevice } from "../sdk/device/wasm.js";
import type { ModelOptions } from "../sdk/model/load.js";
import { Model } from "../sdk/model/model.js";
import { openParameters, upload, type Weights } from "../sdk/model/parameters.js";
import { Runner } from "../sdk/model/runner.js";
import { nodePlatform } from "../sdk/platform/node.js";
import { host } from "./conformance.host.js";
import { altered } from "./fake-gpu.js";

const info: DeviceInfo = {
  kind: "wasm",
  adapter: null,
  isFallback: false,
  reason: "a control of the suite",
  threads: 1,
  variant: "control",
  selfTest: null,
};

/** A model on a device that is already open. */
async function modelOn(device: Device, model: PartialConfig, options: ModelOptions): Promise<Model> {
  const { finalNorm, outType, weights } = options;
  const config = completeConfig({
    ...model,
    ...(finalNorm !== undefined && { finalNorm }),
    ...(outType !== undefined && { outType }),
  });
  const tape = traceAll(config);
  const source = await openParameters(nodePlatform, weights as Weights, { config, tape, surroundingsKnown: true }, {});
  const buffers = await upload(device, tape, source);
  return new Model({
    platform: nodePlatform,
    name: "custom",
    config,
    outIndices: [config.numLayers - 1],
    classes: source.classes ?? config.classes,
    weights: source.label,
    trained: source.trained,
    warnings: source.warnings,
    fresh: source.filled,
    device,
    deviceInfo: info,
    runner: new Runner(device, buffers, (work, shapes) => traceModel(work.name, config, shapes, work)),
  });
}

/** The suite's host on the devices that `make` gives. */
export function hostOn(make: () => Device): Host {
  return {
    ...host,
    api: {
      ...host.api,
      getModel: (model, options = {}) => modelOn(make(), model as PartialConfig, options),
    },
    open: async () => ({ device: make(), info }),
  };
}

/** A device that keeps what is written to it, and whose programs give zeros. */
export function zeroDevice(): Device {
  const real: Device = new WasmDevice(nodePlatform, 1, bestBuild()) as Device;
  const compile: Device["compile"] = async (plan, bound) => {
    const program = await real.compile(plan, bound);
    return { ...program, read: async () => plan.outputs.map(({ shape }) => new Float32Array(size(shape))) };
  };
  return altered(real, { compile });
}
