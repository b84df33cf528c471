/** The page's side of the worker: calls as promises. */

import { type Calls, type Reply, type Request, STARTED } from "./protocol.js";

/** What a call failed with. */
export class WorkError extends Error {
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: WorkError): void;
  onProgress?(ratio: number): void;
}

export class Client {
  private readonly pending = new Map<number, Pending>();
  private last = 0;

  /** `reason`: why the model runs in the window instead of in a worker, where it does. */
  constructor(
    private readonly port: Worker | MessagePort,
    readonly reason?: string,
  ) {
    port.onmessage = ({ data }: MessageEvent<Reply>) => this.take(data);
    if ("onerror" in port) port.onerror = (event: ErrorEvent) => this.fail(event.message);
  }

  call<K extends keyof Calls>(
    name: K,
    argument: Calls[K]["argument"],
    onProgress?: (ratio: number) => void,
  ): Promise<Calls[K]["result"]> {
    const request: Request<K> = { id: ++this.last, name, argument };
    return new Promise((resolve, reject) => {
      this.pending.set(request.id, { resolve: resolve as Pending["resolve"], reject, onProgress });
      this.port.postMessage(request);
    });
  }

  private take(reply: Reply): void {
    const pending = this.pending.get(reply.id);
    if (!pending) return;
    if ("progress" in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.pending.delete(reply.id);
    if ("failure" in reply) pending.reject(new WorkError(reply.failure.message, reply.failure.code));
    else pending.resolve(reply.result);
  }

  private fail(message: string): void {
    const error = new WorkError(`the worker failed: ${message}`);
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

function startWorker(): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./work.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => data === STARTED && resolve(worker);
    worker.onerror = ({ message }) => reject(new Error(message || "the worker's script did not load"));
  });
}

/** Starts a worker, or the same code in this window where that fails. */
export async function connect(): Promise<Client> {
  try {
    return new Client(await startWorker());
  } catch (error) {
    const { serve } = await import("./work.js");
    const { port1, port2 } = new MessageChannel();
    serve(port2);
    return new Client(port1, (error as Error).message);
  }
}
