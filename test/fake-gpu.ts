/** GPUs that fail on command: real objects of Dawn behind proxies that change what one call does. */

import type { Platform } from "../sdk/model/platform.js";
import { nodePlatform } from "../sdk/platform/node.js";

/** `object` with some members replaced; methods keep their `this`. */
export function altered<T extends object>(object: T, changes: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(object, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return changes[key as keyof T];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** The real adapter of this process. */
export async function realAdapter(): Promise<GPUAdapter> {
  const adapter = await (await nodePlatform.gpu()).requestAdapter();
  if (!adapter) throw new Error("no adapter in this process");
  return adapter;
}

/** Node's platform with this adapter, or none. */
export function withAdapter(adapter: GPUAdapter | null): Platform {
  return { ...nodePlatform, gpu: async () => ({ requestAdapter: async () => adapter }) as unknown as GPU };
}

/** An adapter that passes for a real GPU, whose devices are altered by `change`. */
export function adapterOf(
  real: GPUAdapter,
  change: (device: GPUDevice) => Partial<Record<keyof GPUDevice, unknown>> = () => ({}),
): GPUAdapter {
  return altered(real, {
    info: {
      vendor: "test",
      architecture: "gpu",
      device: "",
      description: "",
      isFallbackAdapter: false,
      subgroupMaxSize: 4,
    },
    requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
      const device = await real.requestDevice(descriptor);
      return altered(device, change(device));
    },
  });
}

/** What `createShaderModule` is when the kernels' text is changed on its way to the compiler. */
export function withSource(device: GPUDevice, edit: (code: string) => string) {
  return {
    createShaderModule: (descriptor: GPUShaderModuleDescriptor) =>
      device.createShaderModule({ ...descriptor, code: edit(descriptor.code) }),
  };
}

/** An edit of kernels' text that counts how many it changed. */
export function replacing(text: string | RegExp, replacement: string) {
  const counted = {
    edits: 0,
    edit(code: string): string {
      const edited = code.replace(text, replacement);
      if (edited !== code) counted.edits++;
      return edited;
    },
  };
  return counted;
}

/** `buffer`, which tells when it is destroyed. Dawn takes no proxy of a buffer as an argument, so it is changed itself. */
export function onDestroy(buffer: GPUBuffer, tell: () => void): GPUBuffer {
  const destroy = buffer.destroy.bind(buffer);
  return Object.assign(buffer, {
    destroy() {
      tell();
      destroy();
    },
  });
}
