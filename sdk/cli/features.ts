/** The files that `extract` writes: features by stage, in the formats of the Python world and as JSON. */

import { ShapeError, type Tensor, writeNpy, writeNpyStrings, writeNpz, writeSafetensors } from "../entries/node.js";
import { stack } from "./files.js";

/** Features of one input at one stage: [b,...], b being 1 for an image. */
export interface Feature {
  readonly input: string;
  /** Number of the block, from 0. */
  readonly stage: number;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Facts that files with room for them carry. */
export type About = Readonly<Record<"model" | "weights" | "trained", string | boolean>>;

/** The metadata of a safetensors file: facts, and the inputs as JSON. */
export function metadataOf(about: About, inputs: readonly string[]): [string, string][] {
  const facts = Object.entries(about).map(([key, value]): [string, string] => [key, String(value)]);
  return [...facts, ["inputs", JSON.stringify(inputs)]];
}

type Encode = (features: readonly Feature[], about: About) => Uint8Array | string;

/** By the file name's ending. */
export const encoders: Readonly<Record<string, Encode>> = {
  ".npy": (features) => writeNpy(stages(features)[0][1]),
  ".npz": (features) => {
    const arrays = stages(features).map(([name, array]) => [name, writeNpy(array)] as const);
    return writeNpz([...arrays, ["inputs", writeNpyStrings(inputsOf(features))]]);
  },
  ".safetensors": (features, about) => {
    return writeSafetensors(stages(features), metadataOf(about, inputsOf(features)));
  },
  ".json": (features, about) => `${JSON.stringify({ ...about, outputs: features.map(asJson) })}\n`,
  ".jsonl": (features, about) => features.map((f) => `${JSON.stringify({ ...asJson(f), ...about })}\n`).join(""),
};

const asJson = ({ input, stage, shape, data }: Feature) => ({ input, stage, shape, data: [...data] });

/** A path for each row of the arrays. */
function inputsOf(features: readonly Feature[]): string[] {
  const [{ stage }] = features;
  return features.filter((f) => f.stage === stage).flatMap((f) => Array<string>(f.shape[0]).fill(f.input));
}

/** `stage<i>` and all of its features as one array [n,...]. @throws ShapeError where sizes differ */
function stages(features: readonly Feature[]): [string, Tensor][] {
  const numbers = [...new Set(features.map((f) => f.stage))];
  return numbers.map((stage) => [`stage${stage}`, stackOf(features.filter((f) => f.stage === stage))]);
}

function stackOf(features: readonly Feature[]): Tensor {
  const [first] = features;
  const item = first.shape.slice(1);
  const other = features.find((f) => String(f.shape.slice(1)) !== String(item));
  if (other) {
    const found = `${first.input} gives [${item}] and ${other.input} [${other.shape.slice(1)}]`;
    throw new ShapeError("SHAPE_MISMATCH", `one array holds features of one shape: ${found}; write .json or .jsonl`);
  }
  const rows = features.reduce((sum, f) => sum + f.shape[0], 0);
  return stack(
    features.map(({ data }) => data),
    ...[rows, ...item],
  );
}
