// with lib/real.wgsl lib/flat.wgsl lib/exp.wgsl
// softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017). D is at most 128; D, strides and offsets are multiples of 4.
//
// A workgroup takes 16 queries of a head, and keys 64 at a time, whose weights pass through workgroup memory to meet the values: the scores of
// no more than 16 x 64 pairs exist. Where a key's score is the largest so far, what was summed before is scaled down (online softmax,
// Milakov and Gimelshein, 2018): so every score is computed once, and every key and value read once for 4 queries. An invocation makes 4
// outputs of 4 queries, and as many 64 columns further on if heads are that wide.

override LQ: u32;
override LK: u32;
// Elements of a row, and the one at which the first head begins.
override WQ: u32;
override WK: u32;
override WV: u32;
override Q: u32;
override K: u32;
override V: u32;
override HEADS: u32;
override D: u32;
// Vectors of the queries. A name of its own: naga 29 fails on an array whose size is an expression of an override.
override KEPT = 4u * D;

@group(0) @binding(0) var<storage, read> q: array<vec4<Real>>;               // [B,LQ,WQ]
@group(0) @binding(1) var<storage, read> k: array<vec4<Real>>;               // [B,LK,WK]
@group(0) @binding(2) var<storage, read> v: array<vec4<Real>>;               // [B,LK,WV]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<Real>>;         // [B,LQ,HEADS*D]

const QUERIES = 16u;
const KEYS = 64u;

var<workgroup> queries: array<vec4<f32>, KEPT>; // [query][D/4]
var<workgroup> weights: array<vec4<f32>, 256>;  // [query][key/4]
var<workgroup> partial: array<vec4<f32>, 64>;   // [query/4][column of invocations]: of 4 queries

// Below all scores.
const LEAST = vec4<f32>(-3.0e38);

// Scores of 4 keys for 4 queries, a column of the matrix each.
fn scoresOf(image: u32, head: u32, query: u32, key: u32) -> mat4x4<f32> {
  if (key >= LK) {
    return mat4x4<f32>(LEAST, LEAST, LEAST, LEAST);
  }
  var s = mat4x4<f32>();
  let k0 = keyAt(image, key, head);
  let k1 = keyAt(image, key + 1u, head);
  let k2 = keyAt(image, key + 2u, head);
  let k3 = keyAt(image, key + 3u, head);
  let width = D / 4u;
  for (var d = 0u; d < width; d++) {
    let keys = mat4x4<f32>(vec4<f32>(k[k0 + d]), vec4<f32>(k[k1 + d]), vec4<f32>(k[k2 + d]), vec4<f32>(k[k3 + d]));
    let i = query * width + d;
    s += transpose(keys) * mat4x4<f32>(queries[i], queries[i + width], queries[i + 2u * width], queries[i + 3u * width]);
  }
  return s;
}

// Keys beyond the last repeat it and change no maximum.
fn keyAt(image: u32, token: u32, head: u32) -> u32 {
  return ((image * LK + min(token, LK - 1u)) * WK + K + head * D) / 4u;
}

fn valueOf(image: u32, token: u32, head: u32, d: u32) -> vec4<f32> {
  return vec4<f32>(v[((image * LK + min(token, LK - 1u)) * WV + V + head * D) / 4u + d]);
}

// 4 outputs, from column 4 d on, of 4 queries, a column of the matrix each: sums + the weighted values of the block's keys. Values beyond
// the last key repeat it, with weight 0.
fn mixed(sums: mat4x4<f32>, image: u32, head: u32, query: u32, key0: u32, d: u32) -> mat4x4<f32> {
  var s = sums;
  for (var j = 0u; j < (min(KEYS, LK - key0) + 3u) / 4u; j++) {
    let values = mat4x4<f32>(
      valueOf(image, key0 + 4u * j, head, d),
      valueOf(image, key0 + 4u * j + 1u, head, d),
      valueOf(image, key0 + 4u * j + 2u, head, d),
      valueOf(image, key0 + 4u * j + 3u, head, d),
    );
    let w = query * 16u + j;
    s += values * mat4x4<f32>(weights[w], weights[w + 16u], weights[w + 32u], weights[w + 48u]);
  }
  return s;
}

fn scaled(m: mat4x4<f32>, by: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(m[0] * by.x, m[1] * by.y, m[2] * by.z, m[3] * by.w);
}

fn largestOf(v: vec4<f32>) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn sumOf(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(16, 4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let width = D / 4u;
  let blocks = (LQ + QUERIES - 1u) / QUERIES;
  let unit = flatGroup(group, groups);
  // all invocations must meet at the barriers: workgroups beyond the last unit do the first one's work, without storing
  let units = arrayLength(&y) / (LQ * HEADS * width) * HEADS * blocks;
  let live = unit < units;
  let image = select(0u, unit / blocks / HEADS, live);
  let head = select(0u, unit / blocks % HEADS, live);
  let row0 = select(0u, unit % blocks * QUERIES, live);

  for (var i = index; i < 16u * width; i += 64u) {
    let token = min(row0 + i / width, LQ - 1u);
    queries[i] = vec4<f32>(q[((image * LQ + token) * WQ + Q + head * D) / 4u + i % width]);
  }
  workgroupBarrier();

  let query = 4u * local.y;
  let scale = 1.0 / sqrt(f32(D));
  let near = local.x < width;
  let far = local.x + 16u < width;
  var top = LEAST;
  var total = vec4<f32>();
  var sums = mat4x4<f32>();    // 4 outputs of 4 queries
  var farSums = mat4x4<f32>(); // those 64 columns further on
  for (var key0 = 0u; key0 < LK; key0 += KEYS) {
    let key = key0 + 4u * local.x;
    let s = scoresOf(image, head, query, key);
    partial[index] = vec4<f32>(largestOf(s[0]), largestOf(s[1]), largestOf(s[2]), largestOf(s[3]));
    workgroupBarrier();
    var higher = top;
    for (var i = 0u; i < 16u; i++) {
      higher = max(higher, partial[16u * local.y + i]);
    }
    let kept = expOf((top - higher) * scale);
    top = higher;
    let exists = vec4<f32>(vec4<u32>(key, key + 1u, key + 2u, key + 3u) < vec4<u32>(LK));
    let w0 = exists * expOf((s[0] - top.x) * scale);
    let w1 = exists * expOf((s[1] - top.y) * scale);
    let w2 = exists * expOf((s[2] - top.z) * scale);
    let w3 = exists * expOf((s[3] - top.w) * scale);
    total = total * kept + vec4<f32>(sumOf(w0), sumOf(w1), sumOf(w2), sumOf(w3));
    let at = query * 16u + local.x;
    weights[at] = w0;
    weights[at + 16u] = w1;
    weights[at + 32u] = w2;
    weights[at + 48u] = w3;
    workgroupBarrier();
    if (near) {
      sums = mixed(scaled(sums, kept), image, head, query, key0, local.x);
    }
    if (far) {
      farSums = mixed(scaled(farSums, kept), image, head, query, key0, local.x + 16u);
    }
  }

  partial[index] = total;
  workgroupBarrier();
  total = vec4<f32>();
  for (var i = 0u; i < 16u; i++) {
    total += partial[16u * local.y + i];
  }
  if (live && near) {
    storeBlock(image, head, row0 + query, local.x, sums, total);
  }
  if (live && far) {
    storeBlock(image, head, row0 + query, local.x + 16u, farSums, total);
  }
}

// Stores 4 outputs of 4 queries.
fn storeBlock(image: u32, head: u32, token: u32, d: u32, sums: mat4x4<f32>, total: vec4<f32>) {
  store(image, head, token, d, sums[0] / total.x);
  store(image, head, token + 1u, d, sums[1] / total.y);
  store(image, head, token + 2u, d, sums[2] / total.z);
  store(image, head, token + 3u, d, sums[3] / total.w);
}

fn store(image: u32, head: u32, token: u32, d: u32, value: vec4<f32>) {
  if (token < LQ) {
    y[((image * LQ + token) * HEADS + head) * (D / 4u) + d] = vec4<Real>(value);
  }
}
