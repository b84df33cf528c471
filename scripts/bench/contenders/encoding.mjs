// How long the CPU takes to tell WebGPU what to do.

/** Where WebGPU's classes are: in browsers global, in Node in the package `webgpu`. */
async function gpuClasses() {
  return globalThis.GPUDevice ? globalThis : (await import("webgpu")).globals;
}

/** Collects milliseconds from the creation of a call's first command encoder to the return of its submit. */
export async function timeEncoding() {
  const { GPUDevice, GPUQueue } = await gpuClasses();
  const { createCommandEncoder } = GPUDevice.prototype;
  const { submit } = GPUQueue.prototype;
  const times = [];
  let start = 0;
  GPUDevice.prototype.createCommandEncoder = function (descriptor) {
    start = performance.now();
    return createCommandEncoder.call(this, descriptor);
  };
  GPUQueue.prototype.submit = function (buffers) {
    submit.call(this, buffers);
    times.push(performance.now() - start);
  };
  return times;
}
