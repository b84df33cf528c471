// with lib/real.wgsl lib/flat.wgsl
// y = the mean over all tokens but the first. A sum runs over the tokens in order.

override L: u32;
override C: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,L,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,C]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  var sum = 0.0;
  for (var l = 1u; l < L; l++) {
    sum += f32(x[(i / C * L + l) * C + i % C]);
  }
  y[i] = Real(sum / f32(L - 1u));
}
