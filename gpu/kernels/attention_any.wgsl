// with lib/real.wgsl lib/flat.wgsl lib/exp.wgsl
// softmax(q k^T / sqrt(D)) v of each head (Vaswani et al., 2017), for widths of a head that attention.wgsl does not take.
//
// An invocation takes a query of a head and up to 64 of its D outputs, in two passes over the keys: the largest score, then the weights.

override L: u32;
override HEADS: u32;
override D: u32;

@group(0) @binding(0) var<storage, read> qkv: array<Real>;             // [B,L,3C], a row laid out [q|k|v] x heads x D
@group(0) @binding(1) var<storage, read_write> y: array<Real>;         // [B,L,C]

const CHUNK = 64u;

fn scoreOf(q: u32, k: u32) -> f32 {
  var s = 0.0;
  for (var d = 0u; d < D; d++) {
    s += f32(qkv[q + d]) * f32(qkv[k + d]);
  }
  return s;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let chunks = (D + CHUNK - 1u) / CHUNK;
  let unit = flatIndex(id, groups);
  let C = HEADS * D;
  if (unit >= arrayLength(&y) / D * chunks) {
    return;
  }
  let d0 = unit % chunks * CHUNK;
  let head = unit / chunks % HEADS;
  let token = unit / chunks / HEADS;
  let count = min(CHUNK, D - d0);
  let q = token * 3u * C + head * D;
  let k0 = token / L * L * 3u * C + C + head * D;

  var top = -3.0e38;
  for (var j = 0u; j < L; j++) {
    top = max(top, scoreOf(q, k0 + j * 3u * C));
  }
  let scale = 1.0 / sqrt(f32(D));
  var total = 0.0;
  var sums: array<f32, CHUNK>;
  for (var j = 0u; j < L; j++) {
    let k = k0 + j * 3u * C;
    let w = expOf(vec4<f32>((scoreOf(q, k) - top) * scale)).x;
    total += w;
    for (var d = 0u; d < count; d++) {
      sums[d] += w * f32(qkv[k + C + d0 + d]);
    }
  }
  for (var d = 0u; d < count; d++) {
    y[token * C + head * D + d0 + d] = Real(sums[d] / total);
  }
}
