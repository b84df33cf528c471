// with lib/real.wgsl lib/flat.wgsl
// y = the mean over all tokens but the first.
//
// Sums of 16 tokens are summed 16 at a time, and those in order: the blocks of torch's own mean, so that rounding errors are as small.

override L: u32;
override C: u32;

const NEAR = 16u;
const FAR = 256u;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,L,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,C]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  let first = i / C * L * C + i % C;
  var sum = 0.0;
  for (var l0 = 1u; l0 < L; l0 += FAR) {
    var block = 0.0;
    for (var l1 = l0; l1 < min(l0 + FAR, L); l1 += NEAR) {
      var part = 0.0;
      for (var l = l1; l < min(l1 + NEAR, L); l++) {
        part += f32(x[first + l * C]);
      }
      block += part;
    }
    sum += block;
  }
  y[i] = Real(sum / f32(L - 1u));
}
