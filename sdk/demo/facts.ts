/** The device card: what computes, why, and how fast. */

import type { DeviceInfo } from "../entries/browser.js";
import { h } from "./dom.js";
import type { Facts } from "./protocol.js";

type Entry = readonly [term: string, value: string, more: string];

function deviceEntry({ kind, adapter, isFallback, threads, variant, reason }: DeviceInfo, inWindow?: string): Entry {
  const parts = [
    adapter ?? (threads === 1 ? "1 thread" : `${threads} threads`),
    isFallback ? "a software adapter, not a GPU" : "",
    `kernels ${variant}`,
    reason,
    inWindow === undefined ? "" : `in this window, as no worker starts: ${inWindow}`,
  ];
  return ["Device", kind === "wasm" ? "WebAssembly" : "WebGPU", parts.filter(Boolean).join(" · ")];
}

/** Known answers that the device was held to before its first one to us. */
function selfTestEntry({ selfTest }: DeviceInfo): Entry {
  if (!selfTest) return ["Self-test", "off", "the device's answers are not checked"];
  const worst = `${(100 * selfTest.worst).toPrecision(2)} % of the error that is allowed`;
  return ["Self-test", selfTest.passed ? "passed" : "failed", `${selfTest.cases} cases, at worst ${worst}`];
}

/** `times`: milliseconds of the images so far. */
export function showFacts(
  list: HTMLElement,
  { device, name, weights, runtime }: Facts,
  times: readonly number[],
  windowReason?: string,
): void {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const time = median === undefined ? "–" : `${median.toFixed(0)} ms`;
  const entries: Entry[] = [
    deviceEntry(device, windowReason),
    selfTestEntry(device),
    ["Model", name, `weights: ${weights}`],
    ["Time per image", time, `median, from file to embedding, in ${runtime}`],
  ];
  list.replaceChildren(
    ...entries.map(([term, value, more]) => {
      return h("div", {}, h("dt", {}, term), h("dd", {}, value, h("small", {}, more)));
    }),
  );
}
