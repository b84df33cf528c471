/** The names of a classifier's classes: the caller's, the checkpoint's own, the model's, or those of the data set it was trained on. */

import { CheckpointError, OptionError } from "../../gpu/errors.js";
import { isNames } from "../checkpoint/classes.js";
import type { ModelConfig } from "./config.js";

export type Classes = readonly string[];

/** Code of the runtime that is loaded on demand. */
export interface ClassPlatform {
  /** The names of ImageNet's classes; absent if code is not loaded on demand. */
  imagenetClasses?(): Promise<Classes>;
}

/** Checks the option `classes`. @throws OptionError if it is no list of as many names as the model has classes. */
export function checkClasses(given: Classes | undefined, { kind, numClasses }: ModelConfig): void {
  if (given === undefined) return;
  if (kind !== "classifier") throw new OptionError("OPT_VALUE", `classes: a model of kind ${kind} has none`);
  if (!isNames(given)) throw new OptionError("OPT_VALUE", "classes: expected an array of names");
  if (given.length === numClasses) return;
  throw new OptionError("OPT_VALUE", `classes: ${given.length} names were given, the model has ${numClasses} classes`);
}

/** Where names can come from. */
export interface NameSources {
  readonly given?: Classes;
  /** The open weights. */
  readonly weights: { readonly label: string; readonly classes?: Classes };
  /** The registered model's own. */
  readonly registered?: Classes;
}

/**
 * The names by label, undefined if none are known.
 * @throws CheckpointError if a checkpoint names another number of classes than the model has, and no names are given instead.
 */
export async function classesOf(
  platform: ClassPlatform,
  { kind, numClasses, dataset }: ModelConfig,
  { given, weights, registered }: NameSources,
): Promise<Classes | undefined> {
  if (kind !== "classifier" || given) return given;
  const { label, classes } = weights;
  if (classes && classes.length !== numClasses) {
    const found = `${label} names ${classes.length} classes, the model has ${numClasses}`;
    throw new CheckpointError("CKPT_MISMATCH", `${found}; give the option classes, or fit numClasses`);
  }
  const imagenet = dataset === "imagenet-1k" && numClasses === 1000;
  return classes ?? registered ?? (imagenet ? platform.imagenetClasses?.() : undefined);
}
