// with lib/real.wgsl lib/flat.wgsl
// y = concat(cls, x) + pos.

override L: u32; // tokens of y, the class token among them
override C: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,L-1,C]
@group(0) @binding(1) var<storage, read> cls: array<Real>;           // [C]
@group(0) @binding(2) var<storage, read> pos: array<Real>;           // [L,C]
@group(0) @binding(3) var<storage, read_write> y: array<Real>;       // [B,L,C]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  let c = i % C;
  let row = i / C;
  let l = row % L;
  var v = 0.0;
  if (l > 0u) {
    v = f32(x[(row - row / L - 1u) * C + c]);
  } else {
    v = f32(cls[c]);
  }
  y[i] = Real(v + f32(pos[l * C + c]));
}
