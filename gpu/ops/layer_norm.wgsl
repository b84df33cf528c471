// with lib/real.wgsl lib/flat.wgsl
// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension (Ba et al., 2016).
//
// A workgroup takes a row, which it keeps: mean, then variance of the differences, each summed by 64 invocations in a fixed order.

override C: u32;
override EPS: f32;
override KEPT: u32; // numbers of the row for which there is room

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [M,C]
@group(0) @binding(1) var<storage, read> weight: array<Real>;        // [C]
@group(0) @binding(2) var<storage, read> bias: array<Real>;          // [C]
@group(0) @binding(3) var<storage, read_write> y: array<Real>;       // [M,C]

var<workgroup> partial: array<f32, 64>;
var<workgroup> sums: array<f32, 8>;
var<workgroup> kept: array<f32, KEPT>;

// Number c of the row at `row`, for the invocation that has put it there.
fn numberAt(row: u32, c: u32) -> f32 {
  if (c < KEPT) {
    return kept[c];
  }
  return f32(x[row + c]);
}

// The sum of all invocations' values; for all of them.
fn sumOver(index: u32, value: f32) -> f32 {
  partial[index] = value;
  workgroupBarrier();
  if (index < 8u) {
    var sum = 0.0;
    for (var i = 0u; i < 8u; i++) {
      sum += partial[8u * index + i];
    }
    sums[index] = sum;
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < 8u; i++) {
    sum += sums[i];
  }
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
    let v = f32(x[row + c]);
    if (c < KEPT) {
      kept[c] = v;
    }
    sum += v;
  }
  let mean = sumOver(index, sum) / f32(C);
  var squares = 0.0;
  for (var c = index; c < C; c += 64u) {
    let d = numberAt(row, c) - mean;
    squares += d * d;
  }
  let inverse = 1.0 / sqrt(sumOver(index, squares) / f32(C) + EPS);
  if (row == first) {
    for (var c = index; c < C; c += 64u) {
      y[row + c] = Real((numberAt(row, c) - mean) * inverse * f32(weight[c]) + f32(bias[c]));
    }
  }
}
