// with lib/real.wgsl
// y = [sum over tokens of mask * mean((pred - goal)^2), sum of mask], in f32 whatever the storage.
//
// One workgroup: each invocation sums every 64th token, then the invocations' sums are added in a fixed order.

override M: u32; // tokens
override F: u32; // numbers of a token

@group(0) @binding(0) var<storage, read> pred: array<Real>;          // [M,F]
@group(0) @binding(1) var<storage, read> goal: array<Real>;          // [M,F]
@group(0) @binding(2) var<storage, read> mask: array<Real>;          // [M] of 0 and 1
@group(0) @binding(3) var<storage, read_write> y: array<f32>;        // [2]

var<workgroup> partial: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32) {
  var sum = vec2<f32>();
  for (var m = index; m < M; m += 64u) {
    let weight = f32(mask[m]);
    var squares = 0.0;
    for (var i = m * F; i < (m + 1u) * F; i++) {
      let d = f32(pred[i]) - f32(goal[i]);
      squares += d * d;
    }
    sum += vec2<f32>(weight * squares / f32(F), weight);
  }
  partial[index] = sum;
  workgroupBarrier();
  for (var width = 32u; width > 0u; width /= 2u) {
    if (index < width) {
      partial[index] += partial[index + width];
    }
    workgroupBarrier();
  }
  if (index == 0u) {
    y[0] = partial[0].x;
    y[1] = partial[0].y;
  }
}
