// with lib/real.wgsl lib/flat.wgsl
// y = x (1 - m) + token m: masked tokens are replaced.

override C: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [M,C]
@group(0) @binding(1) var<storage, read> mask: array<Real>;          // [M] of 0 and 1
@group(0) @binding(2) var<storage, read> token: array<Real>;         // [C]
@group(0) @binding(3) var<storage, read_write> y: array<Real>;       // [M,C]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i < arrayLength(&y)) {
    let m = f32(mask[i / C]);
    y[i] = Real(f32(x[i]) * (1.0 - m) + f32(token[i % C]) * m);
  }
}
