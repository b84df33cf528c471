// Writes the model as ONNX: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, in the wire format of protocol buffers
// (https://protobuf.dev/programming-guides/encoding/). The graph is what PyTorch's exporter makes of a vision transformer, in operators
// that ONNX Runtime has fast kernels and fusions for: MatMul with weights [in,out] and Add, LayerNormalization, Gelu.

import { Buffer } from "node:buffer";

/** Opset 20 has Gelu; version 9 of the format goes with it. */
const OPSET = 20;
const IR_VERSION = 9;

/** ONNX's numbers for types. */
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { f: 1, i: 2, ints: 7 };

// A message is a list of chunks, so that weights are never copied into larger messages.

const sizeOf = (chunks) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const number = (field, value) => [varint(field << 3), varint(value)];
const message = (field, chunks) => [varint((field << 3) | 2), varint(sizeOf(chunks)), ...chunks];
const string = (field, text) => message(field, [Buffer.from(text)]);
const float = (field, value) => [varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)];
const many = (make, field, values) => values.flatMap((value) => make(field, value));

function attribute(name, value) {
  const whole = Array.isArray(value);
  const kind = whole ? "ints" : Number.isInteger(value) ? "i" : "f";
  const content = whole ? many(number, 8, value) : kind === "i" ? number(3, value) : float(2, value);
  return message(5, [...string(1, name), ...content, ...number(20, ATTRIBUTE[kind])]);
}

/** TensorProto. */
function tensor(name, shape, type, bytes) {
  return message(5, [...many(number, 1, shape), ...number(2, type), ...string(8, name), ...message(9, [bytes])]);
}

/** ValueInfoProto of floats; a name among the dims stands for any number. */
function valueInfo(field, name, shape) {
  const dims = shape.flatMap((dim) => message(1, typeof dim === "string" ? string(2, dim) : number(1, dim)));
  return message(field, [...string(1, name), ...message(2, message(1, [...number(1, FLOAT), ...message(2, dims)]))]);
}

/** Collects nodes and initializers. */
class Graph {
  chunks = [];
  nodes = 0;

  /** Adds a node and returns the name of its output, or those of several. */
  node(op, inputs, { outputs = 1, ...attributes } = {}) {
    const names = Array.from({ length: outputs }, (_, i) => `${op}_${this.nodes}_${i}`);
    this.nodes += 1;
    const parts = [
      ...many(string, 1, inputs),
      ...many(string, 2, names),
      ...string(3, names[0]),
      ...string(4, op),
      ...Object.entries(attributes).flatMap(([name, value]) => attribute(name, value)),
    ];
    this.chunks.push(...message(1, parts));
    return outputs === 1 ? names[0] : names;
  }

  floats(name, shape, data) {
    this.chunks.push(...tensor(name, shape, FLOAT, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    return name;
  }

  int64(values) {
    const name = `ints_${this.chunks.length}`;
    const data = BigInt64Array.from(values, BigInt);
    this.chunks.push(...tensor(name, [values.length], INT64, new Uint8Array(data.buffer)));
    return name;
  }
}

function transposed(data, rows, columns) {
  const result = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c];
  return result;
}

/**
 * Chunks of the file: `pixel_values` [B,3,S,S] -> `last_hidden_state` [B,1+N,C], which is the backbone of a pre-training model with the norm
 * after its last block. `params`: parameters of the registered model, with `read()`.
 */
export function onnxModel({ config, params }) {
  const { imageSize: S, patchSize: P, embedDims: C, numHeads: H, numLayers, layerNormEps: epsilon } = config;
  const N = (S / P) ** 2;
  const g = new Graph();
  const byName = new Map(params.map((param) => [param.name, param]));
  const read = (name) => byName.get(`backbone.${name}`).read();
  const shapeOf = (name) => byName.get(`backbone.${name}`).shape;
  const plain = (name) => g.floats(name, shapeOf(name), read(name));

  const linear = (name, x) => {
    const [rows, columns] = shapeOf(`${name}.weight`);
    const weight = g.floats(`${name}.weight`, [columns, rows], transposed(read(`${name}.weight`), rows, columns));
    return g.node("Add", [g.node("MatMul", [x, weight]), plain(`${name}.bias`)]);
  };
  const norm = (name, x) =>
    g.node("LayerNormalization", [x, plain(`${name}.weight`), plain(`${name}.bias`)], { axis: -1, epsilon });

  /** [B,L,3C] -> queries, keys and values [B,H,L,D]. */
  const heads = (qkv) => {
    const split = g.node("Reshape", [qkv, g.int64([0, 0, 3, H, C / H])]);
    const order = g.node("Transpose", [split], { perm: [2, 0, 3, 1, 4] });
    return g
      .node("Split", [order], { outputs: 3, axis: 0, num_outputs: 3 })
      .map((x) => g.node("Squeeze", [x, g.int64([0])]));
  };
  const scale = g.floats("scale", [], Float32Array.of((C / H) ** -0.5));
  const attention = (name, x) => {
    const [q, k, v] = heads(linear(`${name}.qkv`, x));
    const scores = g.node("MatMul", [g.node("Mul", [q, scale]), g.node("Transpose", [k], { perm: [0, 1, 3, 2] })]);
    const mixed = g.node("MatMul", [g.node("Softmax", [scores], { axis: -1 }), v]);
    const rows = g.node("Transpose", [mixed], { perm: [0, 2, 1, 3] });
    return linear(`${name}.proj`, g.node("Reshape", [rows, g.int64([0, 0, C])]));
  };
  const mlp = (name, x) => linear(`${name}.layers.1`, g.node("Gelu", [linear(`${name}.layers.0.0`, x)]));

  const projection = "patch_embed.projection";
  const patches = g.node("Conv", ["pixel_values", plain(`${projection}.weight`), plain(`${projection}.bias`)], {
    kernel_shape: [P, P],
    strides: [P, P],
  });
  const sequence = g.node("Transpose", [g.node("Reshape", [patches, g.int64([0, C, N])])], { perm: [0, 2, 1] });
  const batch = g.node("Shape", ["pixel_values"], { start: 0, end: 1 });
  const shape = g.node("Concat", [batch, g.int64([1, C])], { axis: 0 });
  const cls = g.node("Expand", [plain("cls_token"), shape]);
  let x = g.node("Add", [g.node("Concat", [cls, sequence], { axis: 1 }), plain("pos_embed")]);
  for (let i = 0; i < numLayers; i++) {
    x = g.node("Add", [x, attention(`layers.${i}.attn`, norm(`layers.${i}.ln1`, x))]);
    x = g.node("Add", [x, mlp(`layers.${i}.ffn`, norm(`layers.${i}.ln2`, x))]);
  }
  const last = norm("ln1", x);
  // the name that models of this kind give to their output
  g.chunks.push(...message(1, [...string(1, last), ...string(2, "last_hidden_state"), ...string(4, "Identity")]));

  const graph = [
    ...g.chunks,
    ...string(2, "vit"),
    ...valueInfo(11, "pixel_values", ["batch", 3, S, S]),
    ...valueInfo(12, "last_hidden_state", ["batch", 1 + N, C]),
  ];
  return [...number(1, IR_VERSION), ...message(7, graph), ...message(8, [...string(1, ""), ...number(2, OPSET)])];
}
