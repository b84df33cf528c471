// with lib/real.wgsl lib/flat.wgsl
// y = a x.

@group(0) @binding(0) var<storage, read> x: array<Real>;             // any shape
@group(0) @binding(1) var<storage, read> a: array<Real>;             // [1]
@group(0) @binding(2) var<storage, read_write> y: array<Real>;       // that of x

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i < arrayLength(&y)) {
    y[i] = Real(f32(a[0]) * f32(x[i]));
  }
}
