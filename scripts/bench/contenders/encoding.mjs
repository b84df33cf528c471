// How long the CPU takes to tell WebGPU what to do.

/** Collects milliseconds from the creation of a call's first command encoder to the return of its submit. */
export async function timeEncoding() {
  // WebGPU's classes are global in browsers, in Node in the package `webgpu`
  const { GPUDevice, GPUQueue } = globalThis.GPUDevice ? globalThis : (await import("webgpu")).globals;
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
