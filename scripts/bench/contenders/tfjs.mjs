// TensorFlow.js as a contender: the same vision transformer from its ops, fused where it has fused ones.

import { images } from "./images.mjs";

/** Weights on the backend, in the layout that each op wants. */
async function loadWeights(tf, checkpoint) {
  const weights = {};
  for (const name of checkpoint.names) {
    const { data, shape } = await checkpoint.get(name);
    const order = { 4: [2, 3, 1, 0], 2: [1, 0] }[shape.length];
    const short = name.replace(/^backbone\./, "");
    weights[short] = tf.tidy(() => (order ? tf.transpose(tf.tensor(data, shape), order) : tf.tensor(data, shape)));
  }
  return weights;
}

/** images [B,S,S,3] -> [B,1+N,C]. */
function forward(tf, w, { embedDims: C, numHeads: H, numLayers, patchSize: P, layerNormEps }, image) {
  const B = image.shape[0];
  const D = C / H;
  const dense = (name, x) => {
    const rows = tf.reshape(x, [-1, x.shape.at(-1)]);
    const y = tf.fused.matMul({ a: rows, b: w[`${name}.weight`], bias: w[`${name}.bias`] });
    return tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);
  };
  const norm = (name, x) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const scaled = tf.mul(centred, tf.rsqrt(tf.add(variance, layerNormEps)));
    return tf.add(tf.mul(scaled, w[`${name}.weight`]), w[`${name}.bias`]);
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const attention = (name, x) => {
    const L = x.shape[1];
    const heads = (part) => tf.transpose(tf.reshape(part, [B, L, H, D]), [0, 2, 1, 3]);
    const [q, k, v] = tf.split(dense(`${name}.qkv`, x), 3, -1).map(heads);
    const scores = tf.softmax(tf.mul(tf.matMul(q, k, false, true), D ** -0.5));
    return dense(`${name}.proj`, tf.reshape(tf.transpose(tf.matMul(scores, v), [0, 2, 1, 3]), [B, L, C]));
  };

  const projection = "patch_embed.projection";
  const patches = tf.fused.conv2d({
    x: image,
    filter: w[`${projection}.weight`],
    bias: w[`${projection}.bias`],
    strides: P,
    pad: "valid",
  });
  const cls = tf.tile(w.cls_token, [B, 1, 1]);
  let x = tf.add(tf.concat([cls, tf.reshape(patches, [B, -1, C])], 1), w.pos_embed);
  for (let i = 0; i < numLayers; i++) {
    const at = `layers.${i}`;
    x = tf.add(x, attention(`${at}.attn`, norm(`${at}.ln1`, x)));
    x = tf.add(x, dense(`${at}.ffn.layers.1`, gelu(dense(`${at}.ffn.layers.0.0`, norm(`${at}.ln2`, x)))));
  }
  return norm("ln1", x);
}

/** `entry`: URL of the bundle of ../peers/index.mjs; `package`: URL of this package, which reads the weights. */
export async function open({ entry, package: ours, weights, config, batch, threads, backend, wasmPaths }) {
  const { tf, setWasmPaths, setThreadsCount, getThreadsCount } = await import(entry);
  setWasmPaths(wasmPaths);
  setThreadsCount(threads);
  await tf.setBackend(backend);
  await tf.ready();
  // it takes fewer threads than it is given if it deems that too many
  const taken = backend === "wasm" ? getThreadsCount() : threads;
  if (taken !== threads) throw new Error(`its backend takes ${taken} of ${threads} threads here`);
  const { openCheckpoint } = await import(ours);
  const checkpoint = await openCheckpoint(weights);
  const w = await loadWeights(tf, checkpoint);
  await checkpoint.close();
  const given = images(batch);
  // [B,H,W,C], the layout of its convolutions
  const x = tf.tidy(() => tf.transpose(tf.tensor(given.data, given.shape), [0, 2, 3, 1]));
  const pixels = await x.data();
  x.dispose();
  return {
    async work() {
      const y = tf.tidy(() => forward(tf, w, config, tf.tensor(pixels, x.shape)));
      const data = await y.data();
      y.dispose();
      return data;
    },
  };
}
