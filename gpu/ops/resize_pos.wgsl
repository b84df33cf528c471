// with lib/real.wgsl lib/flat.wgsl
// A position embedding for another grid: the class position kept, the rest by cubic convolution (Keys, 1981), half-pixel centres, as torch
// does: with A = -0.75 and taps clamped at the border; or antialiased, with A = -0.5, the kernel widened where the grid shrinks, and nothing
// beyond the border. Distances are exact: they are computed in integers.

override FROM_H: i32;
override FROM_W: i32;
override TO_H: i32;
override TO_W: i32;
override C: u32;
override ANTIALIAS: u32;

@group(0) @binding(0) var<storage, read> pos: array<Real>;           // [1+FROM_H*FROM_W,C]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [1+TO_H*TO_W,C]

// Half the width of the kernel's unit on an axis, in units of 1 / (2 given wanted) of it.
fn unitOf(given: i32, wanted: i32) -> i32 {
  return select(wanted, max(given, wanted), ANTIALIAS == 1u);
}

// Weight of input j for output i of `wanted`: input j lies at (2j + 1) wanted, output i at (2i + 1) given.
fn weightOf(j: i32, i: i32, given: i32, wanted: i32) -> f32 {
  if (ANTIALIAS == 1u && (j < 0 || j >= given)) {
    return 0.0;
  }
  let distance = (2 * j + 1) * wanted - (2 * i + 1) * given;
  let d = f32(abs(distance)) / f32(2 * unitOf(given, wanted));
  let A = select(-0.75, -0.5, ANTIALIAS == 1u);
  if (d <= 1.0) {
    return ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
  }
  return select(0.0, ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A, d < 2.0);
}

// The first and the last input that may weigh for output i: two units to both sides of the input under it.
fn tapsOf(i: i32, given: i32, wanted: i32) -> vec2<i32> {
  let centre = ((2 * i + 1) * given) / (2 * wanted);
  let reach = (2 * unitOf(given, wanted) + wanted - 1) / wanted;
  return vec2<i32>(centre - reach, centre + reach);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let at = flatIndex(id, groups);
  if (at >= arrayLength(&y)) {
    return;
  }
  if (at < C) {
    y[at] = pos[at];
    return;
  }
  let n = i32(at / C) - 1;
  let rows = tapsOf(n / TO_W, FROM_H, TO_H);
  let columns = tapsOf(n % TO_W, FROM_W, TO_W);
  var sum = 0.0;
  var total = 0.0;
  for (var j = rows.x; j <= rows.y; j++) {
    let down = weightOf(j, n / TO_W, FROM_H, TO_H);
    let row = clamp(j, 0, FROM_H - 1);
    for (var i = columns.x; i <= columns.y; i++) {
      let column = clamp(i, 0, FROM_W - 1);
      let weight = down * weightOf(i, n % TO_W, FROM_W, TO_W);
      sum += weight * f32(pos[u32(1 + row * FROM_W + column) * C + at % C]);
      total += weight;
    }
  }
  y[at] = Real(sum / total);
}
