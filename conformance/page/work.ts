/** Runs the suite in a worker of the page, which stays responsive meanwhile. */

import { FileError } from "../../gpu/errors.js";
import { type Failure, failureOf } from "../../sdk/demo/protocol.js";
import * as api from "../../sdk/entries/browser.js";
import { browserPlatform } from "../../sdk/platform/browser.js";
import type { CaseResult } from "../case.js";
import type { Report } from "../report.js";
import { conformance, type RunOptions } from "../run.js";
import type { Host } from "../suite.js";

/** The choices of a run: the worker's only message from the page. */
export type Start = Pick<RunOptions, "scope" | "device" | "dtype" | "matmul" | "cases">;

/** A case is done. */
export interface Progress extends Pick<CaseResult, "id" | "status" | "use"> {
  readonly kind: "progress";
  readonly done: number;
  readonly total: number;
}

/** What comes back: any number of `progress`, then one of the others. */
export type Message =
  | Progress
  | { readonly kind: "done"; readonly report: Report }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A file beside this script, or undefined if the server has none. @throws FileError */
async function fetched(path: string): Promise<Uint8Array | undefined> {
  const url = new URL(path, import.meta.url);
  try {
    const response = await fetch(url);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new FileError("FILE_READ", `${url}: ${(cause as Error).message}`, { cause });
  }
}

const host: Host = {
  api,
  platform: browserPlatform,
  golden: (name) => fetched(`golden/${name}`),
  async sample(name) {
    const bytes = await fetched(`samples/${name}`);
    if (!bytes) throw new FileError("FILE_NOT_FOUND", `samples/${name}: the server has no such file`);
    return bytes;
  },
};

const send = (message: Message) => postMessage(message);

globalThis.onmessage = async ({ data }: MessageEvent<Start>) => {
  try {
    const report = await conformance(host, {
      ...data,
      onCase: ({ id, status, use }, done, total) => send({ kind: "progress", id, status, use, done, total }),
    });
    send({ kind: "done", report });
  } catch (error) {
    send({ kind: "failed", failure: failureOf(error) });
  }
};
