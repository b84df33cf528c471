// with lib/real.wgsl lib/flat.wgsl lib/exp.wgsl
// softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017), for widths of a head that attention.wgsl does not take.
//
// An invocation takes a query of a head and up to 64 of its D outputs, in two passes over the keys: the largest score, then the weights.

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

@group(0) @binding(0) var<storage, read> q: array<Real>;               // [B,LQ,WQ]
@group(0) @binding(1) var<storage, read> k: array<Real>;               // [B,LK,WK]
@group(0) @binding(2) var<storage, read> v: array<Real>;               // [B,LK,WV]
@group(0) @binding(3) var<storage, read_write> y: array<Real>;         // [B,LQ,HEADS*D]

const CHUNK = 64u;

fn scoreOf(q0: u32, k0: u32) -> f32 {
  var s = 0.0;
  for (var d = 0u; d < D; d++) {
    s += f32(q[q0 + d]) * f32(k[k0 + d]);
  }
  return s;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let chunks = (D + CHUNK - 1u) / CHUNK;
  let unit = flatIndex(id, groups);
  if (unit >= arrayLength(&y) / D * chunks) {
    return;
  }
  let d0 = unit % chunks * CHUNK;
  let head = unit / chunks % HEADS;
  let token = unit / chunks / HEADS;
  let count = min(CHUNK, D - d0);
  let q0 = token * WQ + Q + head * D;
  let key0 = token / LQ * LK; // of the image

  var top = -3.0e38;
  for (var j = 0u; j < LK; j++) {
    top = max(top, scoreOf(q0, (key0 + j) * WK + K + head * D));
  }
  let scale = 1.0 / sqrt(f32(D));
  var total = 0.0;
  var sums: array<f32, CHUNK>;
  for (var j = 0u; j < LK; j++) {
    let w = expOf(vec4<f32>((scoreOf(q0, (key0 + j) * WK + K + head * D) - top) * scale)).x;
    total += w;
    let v0 = (key0 + j) * WV + V + head * D + d0;
    for (var d = 0u; d < count; d++) {
      sums[d] += w * f32(v[v0 + d]);
    }
  }
  for (var d = 0u; d < count; d++) {
    y[(token * HEADS + head) * D + d0 + d] = Real(sums[d] / total);
  }
}
