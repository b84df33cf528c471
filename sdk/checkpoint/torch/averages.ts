/**
 * Which weights of a file are meant: training often leaves averages of the weights (EMA, SWA) or a teacher beside the plain ones, and each
 * project reads back its own choice.
 */

import { constant } from "../../base/constant.js";
import { type Fail, quoted } from "../fail.js";
import { bareName } from "../names/prefix.js";
import { Dict, type Key, TensorRef, Unknown, type Value } from "./values.js";

interface Pair {
  readonly averaged: string;
  readonly plain: string;
  /** What the project's own programs load. */
  readonly takes: "averaged" | "plain";
  /** In this dict this name tells the project's files from others. */
  readonly mark?: readonly [dict: string, name: string];
  /** A reader of these files expects nothing else. */
  readonly silent?: true;
}

const timm = { takes: "averaged", silent: true } as const;

/** In the order in which they are looked for. */
const PAIRS = constant((): readonly Pair[] => [
  // torchvision's references: an AveragedModel of torch
  { averaged: "model_ema", plain: "model", takes: "plain", mark: ["model_ema", "n_averaged"] },
  // timm, DeiT, BEiT, ConvNeXt
  { averaged: "state_dict_ema", plain: "state_dict", ...timm },
  { averaged: "state_dict_ema", plain: "model", ...timm },
  { averaged: "model_ema", plain: "state_dict", ...timm },
  { averaged: "model_ema", plain: "model", ...timm },
  // mmengine exchanges the two when it saves, and its averaged model counts steps
  { averaged: "state_dict", plain: "ema_state_dict", takes: "averaged", mark: ["ema_state_dict", "steps"] },
  // Lightning's WeightAveraging
  { averaged: "state_dict", plain: "current_model_state", takes: "averaged" },
  // DINO and iBOT; I-JEPA
  { averaged: "teacher", plain: "student", takes: "averaged" },
  { averaged: "target_encoder", plain: "encoder", takes: "averaged" },
]);

/** mmengine, Lightning and timm; PySlowFast; DeiT and MAE; DeepSpeed. */
const PLAIN = ["state_dict", "model_state", "model", "module"];

/** Names of dicts and lists that hold averages, in all projects. */
const AVERAGED = /(^|[_.])(ema|swa|teacher|momentum|shadow|averaged?|averaging|target)([_.]|$)/i;

export interface Choice {
  /** Key of the dict that holds the weights; undefined if the outermost dict holds them itself. */
  readonly key?: string;
  /** What else could have been taken, for people. */
  readonly warnings: readonly string[];
}

/** A dict with a tensor in it, or what claims to be one. */
function isWeights(value: Value | undefined): boolean {
  if (value instanceof Unknown) return true;
  return (
    value instanceof Dict && [...value.entries.values()].some((v) => v instanceof TensorRef || v instanceof Unknown)
  );
}

/**
 * Finds the weights in a file's outermost dict: what its project would load, or with `ema` the averaged (true) or the plain ones (false).
 * @throws CheckpointError CKPT_MISMATCH if the file has not what `ema` asks for
 */
export function chooseWeights(root: Dict, ema: boolean | undefined, fail: Fail): Choice {
  const has = (key: string) => isWeights(root.entries.get(key));
  const named = (dict: string, name: string) => {
    const value = root.entries.get(dict);
    return value instanceof Dict && value.entries.has(name);
  };
  const pair =
    PAIRS.find(({ averaged, plain, mark }) => has(averaged) && has(plain) && (!mark || named(...mark))) ??
    unknownPair(root, PLAIN.find(has));
  if (pair) {
    const takes = ema === undefined ? pair.takes : ema ? "averaged" : "plain";
    const other = takes === "averaged" ? "plain" : "averaged";
    const chosen = `${quoted(pair[takes])} (${takes}) was taken and not ${quoted(pair[other])} (${other})`;
    const told = `two sets of weights: ${chosen}; ema: ${takes === "plain"} takes the other`;
    return { key: pair[takes], warnings: ema === undefined && !pair.silent ? [told] : [] };
  }
  const averages = [...new Set(PAIRS.map(({ averaged }) => averaged)), ...keysOf(root)].filter((key) => {
    return !PLAIN.includes(key) && AVERAGED.test(key) && has(key);
  });
  const key = [...PLAIN, ...averages, "student", "encoder"].find(has);
  const found = key === undefined ? "its tensors" : quoted(key);
  const isAverage = key !== undefined && averages.includes(key);
  if (ema !== undefined && ema !== isAverage) {
    const wanted = ema ? "averaged weights" : "plain weights";
    if (ema || isAverage) fail("CKPT_MISMATCH", `ema: ${ema}, but the file has no ${wanted} beside ${found}`);
  }
  return { key, warnings: [...twinsOf(root, key), ...nameless(root)] };
}

const keysOf = ({ entries }: Dict): string[] => [...entries.keys()].filter((key) => typeof key === "string");

/** Averages of a project that is not known, beside weights of the same names: the plain ones are taken. */
function unknownPair(root: Dict, plain: string | undefined): Pair | undefined {
  const averaged = plain && sameNames(root, plain).find((key) => AVERAGED.test(key));
  return averaged ? { averaged, plain, takes: "plain" } : undefined;
}

/** Other dicts at the top, of whose tensors at least half are called as one of `key`'s. */
function sameNames(root: Dict, key: string): string[] {
  const names = new Set(tensorNames(root.entries.get(key)));
  // a hostile file has one large dict in thousands of places
  const seen = new Set([root.entries.get(key)]);
  return keysOf(root).filter((other) => {
    if (seen.size === seen.add(root.entries.get(other)).size) return false;
    const theirs = tensorNames(root.entries.get(other));
    return (
      theirs.length > 0 && 2 * theirs.filter((name) => names.has(name)).length >= Math.max(theirs.length, names.size)
    );
  });
}

function tensorNames(value: Value | undefined): string[] {
  if (!(value instanceof Dict)) return [];
  return [...value.entries].flatMap(([key, item]) =>
    typeof key === "string" && item instanceof TensorRef ? bareName(key) : [],
  );
}

function twinsOf(root: Dict, key: string | undefined): string[] {
  const twins = key === undefined ? [] : sameNames(root, key);
  return twins.map((twin) => `${quoted(key!)} was taken; ${quoted(twin)} beside it has tensors of the same names`);
}

/** Averages that are lists of tensors, which only names could distinguish. */
function nameless(root: Dict): string[] {
  const found: string[] = [];
  const seen = new Set<Dict>();
  const visit = (dict: Dict, path: string, depth: number): void => {
    if (seen.size === seen.add(dict).size) return;
    for (const [key, value] of dict.entries) {
      const place = path === "" ? text(key) : `${path}.${text(key)}`;
      const list: readonly Value[] = Array.isArray(value) ? value : [];
      if (AVERAGED.test(text(key)) && list.some((item) => item instanceof TensorRef)) found.push(place);
      if (value instanceof Dict && depth < 3) visit(value, place, depth + 1);
    }
  };
  visit(root, "", 0);
  return found.slice(0, 4).map((place) => `${quoted(place)} holds averages without names, which cannot be taken`);
}

const text = (key: Key) => String(key).slice(0, 200);
