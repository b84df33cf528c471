// with lib/real.wgsl lib/flat.wgsl
// y = tokens FIRST to FIRST + COUNT - 1 of each image.

override L: u32;
override FIRST: u32;
override COUNT: u32;
override C: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,L,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,COUNT,C]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i < arrayLength(&y)) {
    let row = i / C;
    y[i] = x[(row / COUNT * L + FIRST + row % COUNT) * C + i % C];
  }
}
