/** y = x W^T + b, then nothing, gelu, or the sum with a residual. */

import { expect, fanIn, sameShape, size } from "../graph/op.js";
import type { Value } from "../graph/tape.js";
import { type Dispatch, type Matmul, op, type Product } from "./home.js";
import text from "./linear.wgsl";
import anyText from "./linear_any.wgsl";
import directText from "./linear_direct.wgsl";
import { chunkOf, evenRuns, perStep, runs } from "./slices.js";

const file = { name: "linear", text };
const anyFile = { name: "linear_any", text: anyText };
const directFile = { name: "linear_direct", text: directText };

/** Workgroups from which on a product is cut into squares of 64 rather than 32 outputs: enough to fill a large GPU. */
const MANY_GROUPS = 256;

/** The grid of workgroups that make `rows` x `columns` outputs each. */
export const blocks = ({ M, N }: Product, rows: number, columns: number): Dispatch["grid"] => [
  Math.ceil(N / columns),
  Math.ceil(M / rows),
];

/** Through workgroup memory: the fastest on GPUs. */
export const tiled: Matmul = {
  name: "tiled",
  dispatch(product) {
    const [columns, rows] = blocks(product, 64, 64);
    const SIDE = columns * rows >= MANY_GROUPS ? 16 : 8;
    return { file, constants: { SIDE }, grid: blocks(product, 4 * SIDE, 4 * SIDE) };
  },
};

/** Straight from storage: the fastest on software adapters (linear_direct.wgsl has the measurement). */
export const direct: Matmul = {
  name: "direct",
  dispatch: (product) => ({ file: directFile, constants: {}, grid: blocks(product, 64, 64) }),
};

/** For widths that vectors of four do not divide. */
const general: Matmul = {
  name: "any",
  // 8 x 8 invocations with 4 x 4 outputs each
  dispatch: (product) => ({ file: anyFile, constants: {}, grid: blocks(product, 32, 32) }),
};

/** As both devices' kernels number them (lib/epilogue.wgsl, assembly/nn/lib/epilogue.ts); 0 is none. */
const EPILOGUES = { gelu: 1, residual: 2 } as const;
type Epilogue = keyof typeof EPILOGUES;
const numberOf = (epilogue?: Epilogue) => (epilogue ? EPILOGUES[epilogue] : 0);

function productOf([x, weight]: readonly Value[]): Product {
  const [N, K] = [weight.shape[0], fanIn(weight.shape)];
  return { M: size(x.shape) / K, N, K };
}

/** Rows that a step on WASM takes: with a block of 768 columns they take 600 KB of the second-level cache. */
const SLICE_ROWS = 200;

/** Panels that a thread takes at a time: they share the reads of the input from the second-level cache. */
const CHUNK_PANELS = 6;

export const linear = op<{ epilogue?: Epilogue }>({
  inputs: ["x", "weight", "bias", "residual?"], // [...,K], [N,...] of K elements a row, [N], [...,N]
  outputs: ["y"], // [...,N]
  layouts: { weight: "packed" },
  takesEpilogues: /* @__PURE__ */ Object.keys(EPILOGUES),
  shape([x, weight, bias, residual], { epilogue }) {
    const K = x.at(-1);
    expect(weight.length >= 2 && fanIn(weight) === K, `weight must be [N, ${K}]`);
    expect(sameShape(bias, [weight[0]]), `bias must be [${weight[0]}]`);
    const y = [...x.slice(0, -1), weight[0]];
    expect((residual !== undefined) === (epilogue === "residual"), "a residual belongs to the epilogue of that name");
    expect(!residual || sameShape(residual, y), `residual must be [${y}]`);
    return [y];
  },
  macs: ([, weight], [y]) => size(y) * fanIn(weight),
  grad({ inputs: [x, weight, , residual], attrs, record }, dy) {
    // an activation within the kernel hides what its gradient needs: tapes are fused afterwards
    if (attrs.epilogue && !residual) return undefined;
    return [...record("linearGrad", [dy, x, weight]), residual && dy];
  },
  kernels: [file, anyFile, directFile],
  webgpu({ inputs, outputs, attrs }, { matmul }) {
    const [x, weight, bias, residual = bias] = inputs;
    const product = productOf(inputs);
    const { N, K } = product;
    const { constants, ...chosen } = (N % 4 === 0 && K % 4 === 0 ? matmul : general).dispatch(product);
    const bindings = [x, weight, bias, residual, ...outputs];
    return { ...chosen, constants: { ...constants, K, N, EPILOGUE: numberOf(attrs.epilogue) }, bindings };
  },
  wasm({ inputs, outputs: [y], attrs }, { core, format, threads }) {
    const [x, weight, bias, residual] = inputs;
    const { M, N, K } = productOf(inputs);
    const columns = format.columns(core);
    const { kernel, ownBytes, more } = format.product(core, K);
    return evenRuns(M, SLICE_ROWS).flatMap(({ from, to }) => {
      const rows = to - from;
      const row = (value: Value, width: number) => ({ value, element: from * width });
      const factors = [weight, bias, residual ? row(residual, N) : 0, row(y, N), rows, K, N, numberOf(attrs.epilogue)];
      const products = runs(Math.ceil(N / columns), perStep(rows * K * columns, threads)).map((panels) => {
        const chunk = chunkOf(panels.to - panels.from, threads, CHUNK_PANELS);
        return { kernel, args: [...factors, panels.from, panels.to, chunk, ...more], ownBytes };
      });
      return [{ ...format.input(core, rows, K), args: [row(x, K), rows, K] }, ...products];
    });
  },
});
