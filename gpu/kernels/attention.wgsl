// with lib/real.wgsl lib/flat.wgsl lib/exp.wgsl
// softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017); D is a multiple of 4, at most 64.
//
// A workgroup takes 16 queries of a head, and keys 64 at a time. It computes the scores twice: once for the largest of each row, once for
// the weights, which pass through workgroup memory to meet the values. So the scores of no more than 16 x 64 pairs exist, and nothing has
// to be scaled again as the online softmax (Milakov and Gimelshein, 2018) does.

override L: u32;
override HEADS: u32;
override D: u32;

@group(0) @binding(0) var<storage, read> qkv: array<vec4<Real>>;             // [B,L,3C], a row laid out [q|k|v] x heads x D
@group(0) @binding(1) var<storage, read_write> y: array<vec4<Real>>;         // [B,L,C]

const QUERIES = 16u;
const KEYS = 64u;

var<workgroup> queries: array<vec4<f32>, 256>;      // [query][D/4]
var<workgroup> weights: array<vec4<f32>, 256>;      // [query][key/4]
var<workgroup> partial: array<array<f32, 16>, 16>;  // [query][column of invocations]

// Scores of an invocation: a vector of 4 keys for each of its 4 queries.
struct Scores {
  s0: vec4<f32>,
  s1: vec4<f32>,
  s2: vec4<f32>,
  s3: vec4<f32>,
}

fn scoresOf(image: u32, head: u32, query: u32, key: u32) -> Scores {
  var s = Scores();
  let last = L - 1u;
  let k0 = vectorAt(image, min(key, last), 1u, head);
  let k1 = vectorAt(image, min(key + 1u, last), 1u, head);
  let k2 = vectorAt(image, min(key + 2u, last), 1u, head);
  let k3 = vectorAt(image, min(key + 3u, last), 1u, head);
  for (var d = 0u; d < D / 4u; d++) {
    let k = mat4x4<f32>(vec4<f32>(qkv[k0 + d]), vec4<f32>(qkv[k1 + d]), vec4<f32>(qkv[k2 + d]), vec4<f32>(qkv[k3 + d]));
    let q = query * 16u + d;
    s.s0 += queries[q] * k;
    s.s1 += queries[q + 16u] * k;
    s.s2 += queries[q + 32u] * k;
    s.s3 += queries[q + 48u] * k;
  }
  return s;
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

// 1 for keys that exist.
fn existing(key: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(1.0), vec4<u32>(key, key + 1u, key + 2u, key + 3u) < vec4<u32>(L));
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
  var top = vec4<f32>(-3.0e38);
  for (var key0 = 0u; key0 < L; key0 += KEYS) {
    // keys beyond the last repeat it and change no maximum
    let s = scoresOf(image, head, query, key0 + 4u * local.x);
    top = max(top, vec4<f32>(largestOf(s.s0), largestOf(s.s1), largestOf(s.s2), largestOf(s.s3)));
  }
  for (var r = 0u; r < 4u; r++) {
    partial[query + r][local.x] = top[r];
  }
  workgroupBarrier();
  for (var r = 0u; r < 4u; r++) {
    for (var i = 0u; i < 16u; i++) {
      top[r] = max(top[r], partial[query + r][i]);
    }
  }
  workgroupBarrier();

  let scale = 1.0 / sqrt(f32(D));
  let isValue = local.x < D / 4u;
  var total = vec4<f32>();
  var y0 = vec4<f32>();
  var y1 = vec4<f32>();
  var y2 = vec4<f32>();
  var y3 = vec4<f32>();
  for (var key0 = 0u; key0 < L; key0 += KEYS) {
    let key = key0 + 4u * local.x;
    let s = scoresOf(image, head, query, key);
    let exists = existing(key);
    let w0 = exists * expOf((s.s0 - top.x) * scale);
    let w1 = exists * expOf((s.s1 - top.y) * scale);
    let w2 = exists * expOf((s.s2 - top.z) * scale);
    let w3 = exists * expOf((s.s3 - top.w) * scale);
    total += vec4<f32>(sumOf(w0), sumOf(w1), sumOf(w2), sumOf(w3));
    let at = query * 16u + local.x;
    weights[at] = w0;
    weights[at + 16u] = w1;
    weights[at + 32u] = w2;
    weights[at + 48u] = w3;
    workgroupBarrier();
    if (isValue) {
      // values beyond the last key repeat it, with weight 0
      for (var j = 0u; j < (min(KEYS, L - key0) + 3u) / 4u; j++) {
        let v = mat4x4<f32>(
          valueOf(image, key0 + 4u * j, head, local.x),
          valueOf(image, key0 + 4u * j + 1u, head, local.x),
          valueOf(image, key0 + 4u * j + 2u, head, local.x),
          valueOf(image, key0 + 4u * j + 3u, head, local.x),
        );
        let w = query * 16u + j;
        y0 += v * weights[w];
        y1 += v * weights[w + 16u];
        y2 += v * weights[w + 32u];
        y3 += v * weights[w + 48u];
      }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < 4u; r++) {
    partial[query + r][local.x] = total[r];
  }
  workgroupBarrier();
  if (live && isValue) {
    store(image, head, row0 + query, local.x, y0 / totalOf(query));
    store(image, head, row0 + query + 1u, local.x, y1 / totalOf(query + 1u));
    store(image, head, row0 + query + 2u, local.x, y2 / totalOf(query + 2u));
    store(image, head, row0 + query + 3u, local.x, y3 / totalOf(query + 3u));
  }
}

fn sumOf(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

fn totalOf(query: u32) -> f32 {
  var total = 0.0;
  for (var i = 0u; i < 16u; i++) {
    total += partial[query][i];
  }
  return total;
}

fn store(image: u32, head: u32, token: u32, d: u32, value: vec4<f32>) {
  if (token < L) {
    y[((image * L + token) * HEADS + head) * (D / 4u) + d] = vec4<Real>(value);
  }
}
