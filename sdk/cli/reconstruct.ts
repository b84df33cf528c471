/** The command `reconstruct`: hides patches of an image and predicts their HOG features. */

import { Command } from "commander";
import { blockMask, type Formats, type Model, readNpy, ShapeError, type Tensor, writeNpy } from "../entries/node.js";
import { coverPatches, drawHog, pixelsOf } from "../report/pictures.js";
import { gridOf } from "../report/sample.js";
import { misuse } from "./errors.js";
import { png, sideBySide, writeFolder } from "./files.js";
import { singleInput, toTensor } from "./inputs.js";
import { addModelOptions, formatsOption, type ModelFlags, openModel, seedOption } from "./options.js";
import { type Context, type Define, modelFields, short, sum } from "./output.js";
import { pathOf, readArgument } from "./read.js";

interface ReconstructFlags extends ModelFlags {
  readonly formats: Formats;
  readonly seed?: number;
  readonly mask?: string;
  readonly out?: string;
}

export function reconstructCommand(define: Define): Command {
  const command = new Command("reconstruct")
    .description("predict the HOG features of hidden patches")
    .argument("<input>", "an image file or .npy array")
    .addOption(formatsOption())
    .addOption(seedOption("draw the mask from this seed (default: 0)"))
    .option("--mask <file.npy>", "u8 or f32 mask of 0 and 1, [h,w], [N] or [1,N]")
    .option("--out <folder>", "write target.npy, pred.npy, mask.npy and picture.png there");
  return define(addModelOptions(command), reconstructWork, [
    "reconstruct bird.jpg --seed 3 --out reconstruction",
    "reconstruct bird.jpg --mask mask.npy --json",
  ]);
}

async function reconstructWork(context: Context, [input]: [string], flags: ReconstructFlags) {
  if (flags.seed !== undefined && flags.mask !== undefined) {
    misuse("--seed and --mask exclude each other; give one of them");
  }
  const loaded = await singleInput(input, context, flags.formats);
  using model = await openModel(flags, context);
  const images = oneImage(toTensor(loaded, model.config), input);
  const mask = flags.mask === undefined ? drawMask(model, flags.seed ?? 0) : await readMask(model, flags.mask);
  const { loss, pred, target } = await model.forward(images, { mode: "loss", mask, signal: context.signal });
  const contents = () => ({
    "target.npy": writeNpy(target),
    "pred.npy": writeNpy(pred),
    "mask.npy": writeNpy({ data: Uint8Array.from(mask.data), shape: gridOf(model.config) }),
    "picture.png": picture(model, { images, mask, target, pred }),
  });
  const files = await writeFolder(flags.out, contents, context);
  const ones = sum(mask.data);
  const line = `loss    ${short(loss)} over ${ones} of ${mask.data.length} patches, prediction [${pred.shape}]`;
  return { about: modelFields(model), fields: { loss, ones, shape: pred.shape }, lines: [line], files };
}

function oneImage(images: Tensor, input: string): Tensor {
  if (images.shape[0] === 1) return images;
  throw new ShapeError("SHAPE_MISMATCH", `${input}: reconstruct takes one image, got [${images.shape}]`);
}

/** A mask [1,N] drawn as pre-training does. */
function drawMask(model: Model, seed: number): Tensor {
  const { data } = blockMask({ seed, grid: gridOf(model.config) });
  return { data: Float32Array.from(data), shape: [1, data.length] };
}

async function readMask(model: Model, path: string): Promise<Tensor> {
  const { data, shape } = readNpy(await readArgument(pathOf(path)), path);
  const [h, w] = gridOf(model.config);
  const fitting = [[h, w], [1, h, w], [h * w], [1, h * w]];
  if (!fitting.some((wanted) => String(wanted) === String(shape))) {
    throw new ShapeError("SHAPE_MISMATCH", `${path}: the mask must be [${h},${w}] or [${h * w}], got [${shape}]`);
  }
  return { data: Float32Array.from(data), shape: [1, h * w] };
}

/** Image, masked image, target and prediction side by side. */
function picture(model: Model, r: { images: Tensor; mask: Tensor; target: Tensor; pred: Tensor }): Uint8Array {
  const { config } = model;
  const image = pixelsOf(r.images, config);
  const hogOptions = { ...config.hog, grid: gridOf(config) };
  const masked = coverPatches(image, r.mask.data, config.patchSize);
  return png(sideBySide([image, masked, drawHog(r.target, hogOptions), drawHog(r.pred, hogOptions)]));
}
