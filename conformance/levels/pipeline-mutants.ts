/** Mistakes of the image pipeline, of descriptors, and of what is drawn at random, which C5 must find. */

import { mistakes } from "./mistakes.js";

export const mutants = [
  mistakes("C5/decode/*", "sdk/platform/node-decode.ts", [
    [
      "blue for red in decoded files",
      "data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),",
      "data: Uint8Array.from(data, (_, i) => data[i + 2 - 2 * (i % 3)]),",
      { quick: true },
    ],
    ["the EXIF turn is not applied", "TURNS[turn - 1]", "TURNS[0]"],
  ]),
  mistakes("C5/preprocess/*", "sdk/image/transform.ts", [
    [
      "bicubic for bilinear",
      'size, filter === "bicubic", region)',
      'size, filter !== "nearest" as string, region)',
      { quick: true },
    ],
    [
      "the longer edge is rounded, not truncated",
      "height: Math.trunc((edge * height) / width) };",
      "height: Math.round((edge * height) / width) };",
      { scope: "full" },
    ],
    [
      "the crop's offset is rounded down",
      "const left = Math.max(0, round((width - side) / 2));",
      "const left = Math.max(0, Math.floor((width - side) / 2));",
      { scope: "full" },
    ],
  ]),
  mistakes("C5/resize/*", "assembly/resize.ts", [
    [
      "the resize has no antialiasing",
      `  const shrink = 1.0 / max(scale, 1);
  const support = supportOf(cubic, scale);`,
      `  const shrink = 1.0;
  const support = supportOf(cubic, 1);`,
    ],
    ["Pillow's weights are truncated", "k = <i32>(weight < 0 ? weight - 0.5 : weight + 0.5);", "k = <i32>weight;"],
    ["Pillow's sums are truncated", "const ROUND: i32 = 1 << (PRECISION - 1);", "const ROUND: i32 = 0;"],
    [
      "Pillow's bicubic with a = -0.75",
      `  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;`,
      `  if (x < 1) return (1.25 * x - 2.25) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.75 : 0;`,
    ],
  ]),
  mistakes("C5/resize/*", "assembly/cubic.ts", [
    ["OpenCV's bicubic with A = -0.5", "const A: f32 = -0.75;", "const A: f32 = -0.5;"],
    ["OpenCV's weights are truncated", "<i32>nearest(weight * 2048)", "<i32>(weight * 2048)"],
    ["OpenCV's columns are summed in integers throughout", "const whole = numbers & ~7;", "const whole = 0;"],
  ]),
  mistakes("C5/normalize/*", "sdk/image/transform.ts", [
    [
      "mean and deviation are swapped",
      "Float32Array.from([mean, std].flat())",
      "Float32Array.from([std, mean].flat())",
    ],
  ]),
  mistakes("C5/normalize/*", "assembly/pixels.ts", [
    ["a pixel is divided before the mean is taken from it", "(<f32>v - mean) / std)", "<f32>v / std - mean / std)"],
    [
      "a pixel is multiplied by the inverse of the deviation",
      "(<f32>v - mean) / std)",
      "(<f32>v - mean) * (<f32>1.0 / std))",
    ],
  ]),
  mistakes("C5/random crop/*", "sdk/image/random-crop.ts", [
    [
      "random crops draw the left before the top",
      `    const top = rng.randint(0, height - h + 1);
    return { top, left: rng.randint(0, width - w + 1), width: w, height: h };`,
      `    const left = rng.randint(0, width - w + 1);
    return { top: rng.randint(0, height - h + 1), left, width: w, height: h };`,
    ],
  ]),
  mistakes("C5/hog/*", "assembly/hog.ts", [
    ["HOG: the Gaussian window is off", "if (window) weigh(magnitude, windows + row * (y % window), width);", ""],
    [
      "HOG: the arguments of atan2 are swapped",
      "binOf(load<f32>(gx), load<f32>(gx + row), borders, nbins)",
      "binOf(load<f32>(gx + row), load<f32>(gx), borders, nbins)",
    ],
    [
      "HOG: orientations over 360 degrees",
      "return (angle / <f32>Math.PI) * <f32>nbins;",
      "return (angle / <f32>Math.PI) * 0.5 * <f32>nbins;",
    ],
    ["HOG: negative angles count up", "const bin = negative ? nbins - count : count;", "const bin = count;"],
    [
      "HOG: the diagonal as exact arithmetic has it",
      "return negative ? -1.121631e-8 : 2e-8;",
      "return 0;",
      { scope: "full" },
    ],
    [
      "HOG: the angle is not rounded to f32",
      "return (<f64>below + <f64>reinterpret<f32>(bits)) / 2;",
      "return (phase * Math.PI) / nbins;",
    ],
    [
      "HOG: the angle is rounded towards zero",
      "return (<f64>below + <f64>reinterpret<f32>(bits)) / 2;",
      "return <f64>reinterpret<f32>(bits);",
    ],
    [
      "HOG: the phase is not rounded to f32",
      "function phaseOf(angle: f32, nbins: i32): f32 {\n  return (angle / <f32>Math.PI) * <f32>nbins;",
      "function phaseOf(angle: f32, nbins: i32): f64 {\n  return (<f64>angle / Math.PI) * nbins;",
    ],
    [
      "HOG: a negative angle on a border votes beyond it",
      "if (beyond ? reached <= <f32>phase : reached < <f32>phase) break;",
      "if (reached < <f32>phase) break;",
    ],
    [
      "HOG: a positive angle on a border votes before it",
      "if (beyond ? reached <= <f32>phase : reached < <f32>phase) break;",
      "if (reached <= <f32>phase) break;",
    ],
    [
      "HOG: the border's pixels are repeated, not reflected",
      "const from = y < 0 ? 1 : y < height ? y : height - 2;",
      "const from = y < 0 ? 0 : y < height ? y : height - 1;",
    ],
  ]),
  mistakes("C5/hog/tokens*", "assembly/hog.ts", [
    [
      "HOG: the features of a token in another order",
      "((token * 3 + c) * nbins * side + (cy % side)) * side + (cx % side)",
      "((token * 3 + c) * nbins * side + (cx % side)) * side + (cy % side)",
      { quick: true },
    ],
  ]),
  mistakes("C5/hog picture/*", "assembly/picture.ts", [
    [
      "HOG: the picture shows magnitudes without the square root",
      "<u8>(255 * sqrt(max(magnitude, 0)))",
      "<u8>(255 * max(magnitude, 0))",
    ],
  ]),
  mistakes("C5/mask/pyslowfast*", "assembly/mask.ts", [
    [
      "masks: Python's draw leaves the last position out",
      "rngBelowPython(rng, total - length + 1)",
      "rngBelowPython(rng, max(1, total - length))",
    ],
    [
      "masks: one block too few",
      `  while (count < num) {
    const fresh = block(`,
      `  while (count + 16 < num) {
    const fresh = block(`,
    ],
  ]),
  mistakes("C5/mask/mmpretrain*", "assembly/mask.ts", [
    [
      "masks: numpy's draw takes the last position in",
      "rngBelowNumpy(rng, total - length)",
      "rngBelowNumpy(rng, total - length + 1)",
    ],
  ]),
  mistakes("C5/mask/mmpretrain*", "sdk/image/mask.ts", [
    [
      "random: masks are drawn from the next seed",
      'return library === "numpy" ? mt19937numpy(seed!)',
      'return library === "numpy" ? mt19937numpy(seed! + 1)',
    ],
  ]),
  mistakes("C5/mask/*", "assembly/mask.ts", [
    [
      "masks: height and width of a block are exchanged",
      `    const h = side(area * aspect);
    const w = side(area / aspect);`,
      `    const h = side(area / aspect);
    const w = side(area * aspect);`,
      { times: 2 },
    ],
  ]),
  mistakes("C5/random/python*", "sdk/image/rng.ts", [
    [
      "random: Python's stream is seeded as numpy's",
      "exports.rngSeedPython(rng, put(digits), digits.length)",
      "exports.rngSeedNumpy(rng, (put(digits), digits[0]))",
    ],
  ]),
  mistakes("C5/random/numpy*", "assembly/rng.ts", [
    [
      "random: numpy's integers by the remainder",
      "while (value > last) value = rngU32(state) & mask;",
      "if (value > last) value = value % n;",
    ],
  ]),
  mistakes("C5/random/*", "assembly/rng.ts", [
    [
      "random: the two words of a double are exchanged",
      `  const high = <f64>(rngU32(state) >> 5);
  const low = <f64>(rngU32(state) >> 6);`,
      `  const low = <f64>(rngU32(state) >> 6);
  const high = <f64>(rngU32(state) >> 5);`,
    ],
  ]),
];
