/** The device card: what computes, why, and how fast. */

import type { DeviceInfo } from "../browser.js";
import { h } from "./dom.js";
import type { Facts } from "./protocol.js";

type Entry = readonly [term: string, value: string, more: string];

function threadsOf({ threads }: DeviceInfo): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

function deviceEntry(device: DeviceInfo, windowReason: string | undefined): Entry {
  const kind = device.kind === "wasm" ? "WebAssembly" : "WebGPU";
  const where = device.adapter ?? threadsOf(device);
  const software = device.isFallback ? [`a software adapter, not a GPU`] : [];
  const inWindow = windowReason === undefined ? [] : [`in this window, as no worker starts: ${windowReason}`];
  return ["Device", kind, [where, ...software, device.reason, ...inWindow].join(" · ")];
}

/** The self-test that the device passed before its first answer, where it has one. */
function selfTestEntry(device: DeviceInfo): Entry[] {
  const { selfTest } = device as DeviceInfo & { selfTest?: { passed: boolean; cases: number; worst: unknown } };
  if (!selfTest) return [];
  const { passed, cases, worst } = selfTest;
  const most = typeof worst === "number" ? `worst error ${worst.toPrecision(2)} of what is allowed` : "";
  return [["Self-test", passed ? "passed" : "failed", [`${cases} cases`, most].filter(Boolean).join(" · ")]];
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
  const entries: Entry[] = [
    deviceEntry(device, windowReason),
    ...selfTestEntry(device),
    ["Model", name, `weights: ${weights}`],
    ["Time per image", median === undefined ? "–" : `${median.toFixed(0)} ms`, "median, from file to embedding"],
    ["Runtime", runtime, `kernels: ${device.variant}`],
  ];
  list.replaceChildren(
    ...entries.map(([term, value, more]) => {
      return h("div", {}, h("dt", {}, term), h("dd", {}, value, h("small", {}, more)));
    }),
  );
}
