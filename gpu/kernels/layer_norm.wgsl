// with lib/real.wgsl lib/flat.wgsl
// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension (Ba et al., 2016).
//
// A workgroup takes a row: mean, then variance of the differences, each summed by 64 invocations in a fixed order.

override C: u32;
override EPS: f32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [M,C]
@group(0) @binding(1) var<storage, read> weight: array<Real>;        // [C]
@group(0) @binding(2) var<storage, read> bias: array<Real>;          // [C]
@group(0) @binding(3) var<storage, read_write> y: array<Real>;       // [M,C]

var<workgroup> partial: array<f32, 64>;

// The sum of all invocations' values; for all of them.
fn sumOver(index: u32, value: f32) -> f32 {
  partial[index] = value;
  workgroupBarrier();
  for (var width = 32u; width > 0u; width /= 2u) {
    if (index < width) {
      partial[index] += partial[index + width];
    }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let first = flatGroup(group, groups) * C;
  // workgroups beyond the last row do its work again, without storing: all must meet at the barriers
  let row = min(first, arrayLength(&y) - C);
  var sum = 0.0;
  for (var c = index; c < C; c += 64u) {
    sum += f32(x[row + c]);
  }
  let mean = sumOver(index, sum) / f32(C);
  var squares = 0.0;
  for (var c = index; c < C; c += 64u) {
    let d = f32(x[row + c]) - mean;
    squares += d * d;
  }
  let inverse = 1.0 / sqrt(sumOver(index, squares) / f32(C) + EPS);
  if (row == first) {
    for (var c = index; c < C; c += 64u) {
      y[row + c] = Real((f32(x[row + c]) - mean) * inverse * f32(weight[c]) + f32(bias[c]));
    }
  }
}
