// with lib/real.wgsl lib/flat.wgsl
// y = the mean over all tokens but the first.
//
// Four sums, of every fourth token each, added in pairs at the end; each sums four of its tokens, 16 of such sums, and those in order. So
// rounding errors stay below torch's, which sums 16 tokens, 16 of such sums, and those in order.

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
  var sums = vec4f();
  for (var l0 = 1u; l0 < L; l0 += FAR) {
    var far = vec4f();
    for (var l1 = l0; l1 < min(l0 + FAR, L); l1 += NEAR) {
      var near = vec4f();
      for (var l = l1; l < min(l1 + NEAR, L); l += 4u) {
        near += four(first, l);
      }
      far += near;
    }
    sums += far;
  }
  y[i] = Real(((sums.x + sums.y) + (sums.z + sums.w)) / f32(L - 1u));
}

// Tokens l to l + 3 of a column, zeros behind the last.
fn four(first: u32, l: u32) -> vec4f {
  let at = first + l * C;
  if (l + 4u <= L) {
    return vec4f(f32(x[at]), f32(x[at + C]), f32(x[at + 2u * C]), f32(x[at + 3u * C]));
  }
  var rest = vec4f();
  for (var k = 0u; k < L - l; k++) {
    rest[k] = f32(x[at + k * C]);
  }
  return rest;
}
