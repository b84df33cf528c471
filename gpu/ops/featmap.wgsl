// with lib/real.wgsl lib/flat.wgsl
// y = the tokens but the first, transposed: channels before positions.

override L: u32;
override C: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,L,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,C,L-1]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i < arrayLength(&y)) {
    let N = L - 1u;
    y[i] = x[(i / (N * C) * L + 1u + i % N) * C + i / N % C];
  }
}
