/** What is chosen before a run: by the page's buttons, and to begin with by its address. */

import { byId, choicesOf } from "../../sdk/demo/dom.js";
import type { Start } from "./work.js";

const names = ["device", "level", "dtype"] as const;

const chosen = (name: string) => choicesOf(name).find((input) => input.checked)?.value;

/** The run that is chosen now. */
export function choices(): Start {
  const cases = byId("cases", HTMLInputElement).value.trim();
  // only for comparisons, so that no button has it
  const matmul = new URLSearchParams(location.search).get("matmul") as Start["matmul"] | null;
  return {
    device: chosen("device") as Start["device"],
    scope: chosen("level") as Start["scope"],
    dtype: chosen("dtype") as Start["dtype"],
    ...(cases ? { cases } : {}),
    ...(matmul ? { matmul } : {}),
  };
}

/** What the address asks for beside choices. */
export interface Asked {
  readonly start: boolean;
  /** Where the report goes. */
  readonly post?: URL;
}

/** Takes the choices of the page's address. @throws RangeError for a value that is none of the choices, or an address of another server */
export function takeAddress(): Asked {
  const query = new URLSearchParams(location.search);
  for (const name of names) {
    const value = query.get(name);
    if (value === null) continue;
    const inputs = choicesOf(name);
    const input = inputs.find((choice) => choice.value === value);
    if (!input) throw new RangeError(`${name}: expected ${inputs.map((i) => i.value).join(", ")}, got ${value}`);
    input.checked = true;
  }
  const cases = query.get("cases");
  if (cases) {
    byId("cases", HTMLInputElement).value = cases;
    byId("more", HTMLDetailsElement).open = true;
  }
  return { start: query.has("start"), post: postAddress(query.get("post")) };
}

/** Reports go to the server that the page came from, and to no other. */
function postAddress(path: string | null): URL | undefined {
  if (path === null) return undefined;
  const url = new URL(path, location.href);
  if (url.origin !== location.origin) throw new RangeError(`post: expected a path of this server, got ${path}`);
  return url;
}
