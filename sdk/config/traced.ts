/** The functions of a configured model: traced with its own target, and counted. */

import { size } from "../../gpu/graph/op.js";
import type { Value } from "../../gpu/graph/tape.js";
import {
  type FunctionName,
  type FunctionOptions,
  functionsOf,
  type Shapes,
  type Traced,
  trace,
} from "../../gpu/models/functions.js";
import { macsOf } from "../../gpu/profile.js";
import { lacks, type ModelConfig, outTypes } from "./config.js";
import { target } from "./targets.js";

/** Shapes of the inputs of all functions, for images of the model's own size. */
function ownShapes(c: ModelConfig, B = 1): Shapes {
  const N = (c.imageSize / c.patchSize) ** 2;
  return { images: [B, 3, c.imageSize, c.imageSize], mask: [B, N], target: [B, N, target.width(c)] };
}

/** A function of the model for inputs of `shapes`; default: one image of its own size. @throws ShapeError */
export function traceModel(
  name: FunctionName,
  c: ModelConfig,
  shapes = ownShapes(c),
  options: FunctionOptions = {},
  tape?: Traced["tape"],
): Traced {
  return trace(name, c, shapes, { target: { width: target.width(c), loss: target.loss }, ...options }, tape);
}

/** What the model was trained for, on `B` images of its own size. */
export const traceMain = (c: ModelConfig, B = 1): Traced => traceModel(functionsOf[c.kind][0], c, ownShapes(c, B));

/** Everything that a model of this kind can be asked for, on one tape: it has all parameters. */
export function traceAll(c: ModelConfig): Traced["tape"] {
  let { tape } = traceMain(c);
  for (const name of functionsOf[c.kind])
    for (const outType of name === "features" ? outTypes : [c.outType])
      tape = traceModel(name, c, undefined, { outType }, tape).tape;
  return tape;
}

/** The parameters that a checkpoint of the model must have: those of what it was trained for. */
export function ownParams(c: ModelConfig): Value[] {
  return [...traceMain(c).tape.params.values()].filter(({ name }) => !lacks(c, name));
}

/** Multiply-adds of `extractFeat` on one image, counted as mmengine's `get_model_complexity_info` does. */
export function countMacs(c: ModelConfig): number {
  return traceModel("features", c).tape.calls.reduce((sum, call) => sum + macsOf(call), 0);
}

/** Trainable numbers of a model. */
export const countParameters = (c: ModelConfig): number =>
  ownParams(c).reduce((sum, { shape }) => sum + size(shape), 0);
