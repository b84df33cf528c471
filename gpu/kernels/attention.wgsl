// with lib/real.wgsl lib/flat.wgsl lib/exp.wgsl
// softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017); D is a multiple of 4, at most 64.
//
// A workgroup takes 16 queries of a head, and keys 64 at a time, whose weights pass through workgroup memory to meet the values: the scores of
// no more than 16 x 64 pairs exist. Where a key's score is the largest so far, what was summed before is scaled down (online softmax,
// Milakov and Gimelshein, 2018): so every score is computed once, and every key and value read once for 4 queries.

override L: u32;
override HEADS: u32;
override D: u32;

@group(0) @binding(0) var<storage, read> qkv: array<vec4<Real>>;             // [B,L,3C], a row laid out [q|k|v] x heads x D
@group(0) @binding(1) var<storage, read_write> y: array<vec4<Real>>;         // [B,L,C]

const QUERIES = 16u;
const KEYS = 64u;

var<workgroup> queries: array<vec4<f32>, 256>;  // [query][D/4]
var<workgroup> weights: array<vec4<f32>, 256>;  // [query][key/4]
var<workgroup> partial: array<vec4<f32>, 64>;   // [query/4][column of invocations]: of 4 queries

// Below all scores.
const LEAST = vec4<f32>(-3.0e38);

// Scores of 4 keys for 4 queries, a column of the matrix each.
fn scoresOf(image: u32, head: u32, query: u32, key: u32) -> mat4x4<f32> {
  if (key >= L) {
    return mat4x4<f32>(LEAST, LEAST, LEAST, LEAST);
  }
  var s = mat4x4<f32>();
  let k0 = keyAt(image, key, head);
  let k1 = keyAt(image, key + 1u, head);
  let k2 = keyAt(image, key + 2u, head);
  let k3 = keyAt(image, key + 3u, head);
  for (var d = 0u; d < D / 4u; d++) {
    let k = mat4x4<f32>(vec4<f32>(qkv[k0 + d]), vec4<f32>(qkv[k1 + d]), vec4<f32>(qkv[k2 + d]), vec4<f32>(qkv[k3 + d]));
    let q = query * 16u + d;
    s += transpose(k) * mat4x4<f32>(queries[q], queries[q + 16u], queries[q + 32u], queries[q + 48u]);
  }
  return s;
}

// Keys beyond the last repeat it and change no maximum.
fn keyAt(image: u32, token: u32, head: u32) -> u32 {
  return vectorAt(image, min(token, L - 1u), 1u, head);
}

fn valueOf(image: u32, token: u32, head: u32, d: u32) -> vec4<f32> {
  return vec4<f32>(qkv[vectorAt(image, min(token, L - 1u), 2u, head) + d]);
}

// Where the D numbers of a token's q (0), k (1) or v (2) begin, in vectors.
fn vectorAt(image: u32, token: u32, part: u32, head: u32) -> u32 {
  return (((image * L + token) * 3u + part) * HEADS + head) * (D / 4u);
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
  let blocks = (L + QUERIES - 1u) / QUERIES;
  let unit = flatGroup(group, groups);
  // all invocations must meet at the barriers: workgroups beyond the last unit do the first one's work, without storing
  let units = arrayLength(&y) / (L * HEADS * (D / 4u)) * HEADS * blocks;
  let live = unit < units;
  let image = select(0u, unit / blocks / HEADS, live);
  let head = select(0u, unit / blocks % HEADS, live);
  let row0 = select(0u, unit % blocks * QUERIES, live);

  for (var i = index; i < 16u * (D / 4u); i += 64u) {
    let token = min(row0 + i / (D / 4u), L - 1u);
    queries[i / (D / 4u) * 16u + i % (D / 4u)] = vec4<f32>(qkv[vectorAt(image, token, 0u, head) + i % (D / 4u)]);
  }
  workgroupBarrier();

  let query = 4u * local.y;
  let scale = 1.0 / sqrt(f32(D));
  let isValue = local.x < D / 4u;
  var top = LEAST;
  var total = vec4<f32>();
  var sums = mat4x4<f32>(); // 4 outputs of 4 queries
  for (var key0 = 0u; key0 < L; key0 += KEYS) {
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
    let exists = vec4<f32>(vec4<u32>(key, key + 1u, key + 2u, key + 3u) < vec4<u32>(L));
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
    if (isValue) {
      sums = mat4x4<f32>(sums[0] * kept.x, sums[1] * kept.y, sums[2] * kept.z, sums[3] * kept.w);
      // values beyond the last key repeat it, with weight 0
      for (var j = 0u; j < (min(KEYS, L - key0) + 3u) / 4u; j++) {
        let v = mat4x4<f32>(
          valueOf(image, key0 + 4u * j, head, local.x),
          valueOf(image, key0 + 4u * j + 1u, head, local.x),
          valueOf(image, key0 + 4u * j + 2u, head, local.x),
          valueOf(image, key0 + 4u * j + 3u, head, local.x),
        );
        let w = query * 16u + j;
        sums += v * mat4x4<f32>(weights[w], weights[w + 16u], weights[w + 32u], weights[w + 48u]);
      }
    }
  }

  partial[index] = total;
  workgroupBarrier();
  if (live && isValue) {
    total = vec4<f32>();
    for (var i = 0u; i < 16u; i++) {
      total += partial[16u * local.y + i];
    }
    store(image, head, row0 + query, local.x, sums[0] / total.x);
    store(image, head, row0 + query + 1u, local.x, sums[1] / total.y);
    store(image, head, row0 + query + 2u, local.x, sums[2] / total.z);
    store(image, head, row0 + query + 3u, local.x, sums[3] / total.w);
  }
}

fn store(image: u32, head: u32, token: u32, d: u32, value: vec4<f32>) {
  if (token < L) {
    y[((image * L + token) * HEADS + head) * (D / 4u) + d] = vec4<Real>(value);
  }
}
