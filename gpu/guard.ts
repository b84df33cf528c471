/** Turns the ways in which WebGPU fails (error scopes, uncaptured errors, loss of the device) into errors of the call that caused them. */

import { DeviceError, DeviceLostError, OutOfMemoryError } from "./errors.js";

const SCOPES = ["validation", "internal", "out-of-memory"] as const;

/** What is known of a device, and who uses it. */
interface Watched {
  readonly guards: Set<Guard>;
  loss?: DeviceLostError;
}

const watched = new WeakMap<GPUDevice, Watched>();

/** One handler of `lost` for all guards of a device: a promise keeps its handlers, and a caller's device may see many models. */
function watch(device: GPUDevice): Watched {
  const found = watched.get(device);
  if (found) return found;
  const made: Watched = { guards: new Set() };
  watched.set(device, made);
  device.lost.then(({ reason, message }) => {
    const what = `the GPU device was lost (${[reason, message].filter(Boolean).join(": ")})`;
    made.loss = new DeviceLostError("DEVICE_LOST", `${what}; make a new model`);
    for (const guard of made.guards) guard.end(made.loss);
  });
  return made;
}

export class Guard {
  private readonly watched: Watched;
  /** What happened outside of any call; every later call fails with it. */
  private failure?: DeviceError;
  /** How to end what waits for the device. (A race with its `lost` would keep a record of every call for as long as the device lives.) */
  private readonly waiting = new Set<(loss: DeviceError) => void>();

  private readonly uncaptured = ({ error }: GPUUncapturedErrorEvent): void => {
    this.failure ??= new DeviceError("DEVICE_FAILED", `the GPU device reported: ${error.message}`);
  };

  /** @param own whether the device is ours: another owner's uncaptured errors are not our business, as our calls are all scoped. */
  constructor(
    private readonly device: GPUDevice,
    own: boolean,
  ) {
    this.watched = watch(device);
    this.watched.guards.add(this);
    if (own) device.addEventListener("uncapturederror", this.uncaptured);
  }

  /**
   * Lets go of the device; to be called before it is destroyed. In Node a device that still has a listener is never freed: Dawn 0.6.2 kept
   * 65 MB of each on SwiftShader.
   */
  close(): void {
    this.watched.guards.delete(this);
    this.device.removeEventListener("uncapturederror", this.uncaptured);
  }

  /** Ends the calls under way. */
  end(loss: DeviceLostError): void {
    for (const reject of this.waiting) reject(loss);
  }

  /** @throws DeviceError if the device has failed or was lost. */
  check(): void {
    const failure = this.watched.loss ?? this.failure;
    if (failure) throw failure;
  }

  /**
   * What `work` gives, once the device has accepted all that it did. `bytes`: what it allocates; `undo`: gives back what was made in vain.
   * @throws OutOfMemoryError, DeviceError, DeviceLostError
   */
  async scoped<T>(what: string, bytes: number, work: () => T, undo?: (made: T) => void): Promise<T> {
    this.check();
    for (const scope of SCOPES) this.device.pushErrorScope(scope);
    let result: T;
    let caught: Promise<(GPUError | null)[]>;
    try {
      result = work();
    } finally {
      // popped in any case: a scope that stays open would swallow later errors
      caught = Promise.all(SCOPES.map(() => this.device.popErrorScope()));
      caught.catch(() => {});
    }
    try {
      this.throwFirst(what, bytes, await this.orLost(caught));
      return result;
    } catch (error) {
      undo?.(result);
      throw error;
    }
  }

  private throwFirst(what: string, bytes: number, [memory, internal, validation]: (GPUError | null)[]): void {
    if (memory) {
      const hint = "use a smaller batch, image or model, or device wasm";
      throw new OutOfMemoryError(`${what}: the GPU has no ${bytes} bytes left (${memory.message})`, bytes, hint);
    }
    const error = validation ?? internal;
    if (error) throw new DeviceError("DEVICE_FAILED", `${what}: ${error.message}`);
    this.check();
  }

  /** `promise`, or the loss of the device: what waits for a lost device might wait for ever. */
  async orLost<T>(promise: Promise<T>): Promise<T> {
    try {
      return await this.untilLost(promise);
    } catch (cause) {
      this.check();
      if (cause instanceof DeviceError) throw cause;
      const { name, message } = cause as Error;
      // a mapping that was not cancelled is aborted only by loss
      if (name === "AbortError") throw new DeviceLostError("DEVICE_LOST", `${message}; make a new model`, { cause });
      throw new DeviceError("DEVICE_FAILED", `the GPU device reported: ${message}`, { cause });
    }
  }

  private untilLost<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.waiting.delete(reject));
    });
  }
}
