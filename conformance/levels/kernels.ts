/**
 * C2: every op on its own, against float64, at the shapes and with the data that its home lists (ops/). Shapes are 1, primes, tile sizes and
 * their neighbours, the models' own, and beyond one side of a grid; data are what makes kernels fail, which the average number is not.
 */

import type { Call } from "../../gpu/graph/tape.js";
import { callOf, measureCall } from "../calls.js";
import type { Scope } from "../case.js";
import { allKinds, dataOf, type OpCase, type Stored } from "../ops/define.js";
import { homeOf, ops } from "../reference.js";
import { type Case, type Env, isSoftware } from "../suite.js";

/** A call, and where it is tried. */
export interface KernelCase {
  readonly id: string;
  readonly scope: Scope;
  /** Software GPUs run it at scope quick. */
  readonly soft: boolean;
  readonly call: Call;
  /** Numbers that a device can store which stores them so. */
  inputs(stored?: Stored): Float32Array[];
}

function attrsText(attrs: object): string {
  const parts = Object.entries(attrs).filter(([name]) => name !== "eps");
  return parts.map(([name, value]) => ` ${name} ${Array.isArray(value) ? value.join("x") : value}`).join("");
}

/** What tells cases of an op apart. */
export const textOf = ({ shapes, attrs }: OpCase<object>) =>
  `${shapes.map((shape) => `[${shape}]`).join(" ")}${attrsText(attrs)}`;

/** Every op at each of its shapes with all kinds of data that are tried there. */
export const opCases = (): KernelCase[] =>
  ops.flatMap(([name, home]) =>
    home.cases.flatMap((c) => {
      const call = callOf(name, c.shapes, c.attrs as never);
      const kinds = c.only ? c.kinds : (home.kinds ?? allKinds);
      return kinds.map((kind) => ({
        id: `C2/${name}/${textOf(c)}/${kind}`,
        scope: c.kinds.includes(kind) ? c.scope : "full",
        soft: c.soft && c.kinds.includes(kind),
        call,
        inputs: (stored: Stored = { numberBytes: 4, weights: "f32" }) => dataOf(home, call, kind, stored),
      }));
    }),
  );

const SLOW = "a software GPU compiles slowly: it runs a part of these at level quick; level full has all";

/** The level's cases. */
export function kernelCases({ device, deviceInfo }: Env, asked: Scope): Case[] {
  const isSlow = isSoftware(deviceInfo) && asked === "quick";
  return opCases().map(({ id, scope, soft, call, inputs }) => ({
    id,
    level: "C2",
    boundKind: homeOf(call).bound ? "closed" : "exact",
    scope,
    skip: isSlow && !soft ? SLOW : undefined,
    measure: () => measureCall(device, call, inputs(device)),
  }));
}
