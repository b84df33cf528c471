// with lib/real.wgsl lib/flat.wgsl
// A position embedding for another grid: the class position kept, the rest by cubic convolution (Keys, 1981) with A = -0.75, half-pixel
// centres, no antialias, taps clamped at the border, as torch does. Positions are exact: they are computed in integers.

override FROM_H: u32;
override FROM_W: u32;
override TO_H: u32;
override TO_W: u32;
override C: u32;

@group(0) @binding(0) var<storage, read> pos: array<Real>;           // [1+FROM_H*FROM_W,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [1+TO_H*TO_W,C]

// The position of output i of `wanted` in an input of `given`: the tap at or before it, and the fraction behind that.
struct Position {
  tap: i32,
  fraction: f32,
}

fn positionOf(i: u32, given: u32, wanted: u32) -> Position {
  let over = (2u * i + 1u) * given + wanted; // (i + 1/2) given / wanted + 1/2, in units of 1 / (2 wanted)
  return Position(i32(over / (2u * wanted)) - 1, f32(over % (2u * wanted)) / f32(2u * wanted));
}

// Weight of tap j (0 to 3) at fraction t behind tap 1.
fn cubic(j: i32, t: f32) -> f32 {
  let d = abs(f32(j - 1) - t);
  let A = -0.75;
  if (d <= 1.0) {
    return ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
  }
  return ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  if (i < C) {
    y[i] = pos[i];
    return;
  }
  let n = i / C - 1u;
  let py = positionOf(n / TO_W, FROM_H, TO_H);
  let px = positionOf(n % TO_W, FROM_W, TO_W);
  var sum = 0.0;
  for (var j = 0; j < 4; j++) {
    let row = u32(clamp(py.tap + j - 1, 0, i32(FROM_H) - 1));
    for (var k = 0; k < 4; k++) {
      let column = u32(clamp(px.tap + k - 1, 0, i32(FROM_W) - 1));
      sum += cubic(j, py.fraction) * cubic(k, px.fraction) * f32(pos[(1u + row * FROM_W + column) * C + i % C]);
    }
  }
  y[i] = Real(sum);
}
