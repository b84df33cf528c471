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
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

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

/**
 * A message: number of a field -> its value or values, which are whole numbers, texts, bytes, messages or a `Float32Array` of one. It is a
 * list of chunks, so that weights are never copied into larger messages.
 */
function message(fields) {
  const encoded = (field, value) => {
    if (typeof value === "number") return [varint(field << 3), varint(value)];
    if (value instanceof Float32Array) return [varint((field << 3) | 5), new Uint8Array(value.buffer)];
    const parts = value.chunks ?? [typeof value === "string" ? Buffer.from(value) : value];
    return [varint((field << 3) | 2), varint(parts.reduce((sum, { length }) => sum + length, 0)), ...parts];
  };
  const each = ([field, values]) => [values].flat().flatMap((value) => encoded(Number(field), value));
  return { chunks: Object.entries(fields).flatMap(each) };
}

function attribute([name, value]) {
  if (Array.isArray(value)) return message({ 1: name, 8: value, 20: ATTRIBUTE.ints });
  if (Number.isInteger(value)) return message({ 1: name, 3: value, 20: ATTRIBUTE.int });
  return message({ 1: name, 2: Float32Array.of(value), 20: ATTRIBUTE.float });
}

/** ValueInfoProto of floats; a name among the dims stands for any number. */
function valueInfo(name, shape) {
  const dims = shape.map((dim) => message({ [typeof dim === "string" ? 2 : 1]: dim }));
  return message({ 1: name, 2: message({ 1: message({ 1: FLOAT, 2: message({ 1: dims }) }) }) });
}

/** Collects nodes and initializers. */
class Graph {
  nodes = [];
  tensors = [];

  /** Adds a node and returns the name of its output, or those of several. */
  node(op, inputs, { outputs = 1, ...attributes } = {}) {
    const names = Array.from({ length: outputs }, (_, i) => `${op}_${this.nodes.length}_${i}`);
    this.nodes.push(message({ 1: inputs, 2: names, 3: names[0], 4: op, 5: Object.entries(attributes).map(attribute) }));
    return outputs === 1 ? names[0] : names;
  }

  /** Adds numbers, a Float32Array or a BigInt64Array. */
  tensor(name, shape, data) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.tensors.push(message({ 1: shape, 2: data instanceof Float32Array ? FLOAT : INT64, 8: name, 9: bytes }));
    return name;
  }

  int64(values) {
    return this.tensor(`ints_${this.tensors.length}`, [values.length], BigInt64Array.from(values, BigInt));
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
  const plain = (name) => g.tensor(name, shapeOf(name), read(name));

  const linear = (name, x) => {
    const [rows, columns] = shapeOf(`${name}.weight`);
    const weight = g.tensor(`${name}.weight`, [columns, rows], transposed(read(`${name}.weight`), rows, columns));
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
  const scale = g.tensor("score factor", [], Float32Array.of((C / H) ** -0.5));
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
  g.nodes.push(message({ 1: last, 2: "last_hidden_state", 4: "Identity" }));

  const graph = message({
    1: g.nodes,
    2: "vit",
    5: g.tensors,
    11: valueInfo("pixel_values", ["batch", 3, S, S]),
    12: valueInfo("last_hidden_state", ["batch", 1 + N, C]),
  });
  return message({ 1: IR_VERSION, 7: graph, 8: message({ 1: "", 2: OPSET }) }).chunks;
}
