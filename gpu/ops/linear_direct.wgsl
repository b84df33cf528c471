// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl lib/block.wgsl
// y = x W^T + b, then gelu or the residual, straight from storage; K and N are multiples of 4.
//
// An invocation makes 8 x 8 outputs in registers: no barrier and no workgroup memory, which cost more than they save where the "GPU" is a
// CPU. On SwiftShader (2 cores of a Zen 4, [197,768] x [768,768]) 146 ms of CPU time where linear.wgsl takes 687, and its pipeline is made
// in 0.4 s rather than 2.7. Sums run over K in order, 4 SUM terms by themselves.

override K: u32;
override N: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Real>>;             // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,N], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<vec4<Real>>;          // [N]
@group(0) @binding(3) var<storage, read> residual: array<vec4<Real>>;      // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<vec4<Real>>;       // [M,N]

const SUM = 32u; // in vectors

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = N / 4u;
  let rows = arrayLength(&y) / columns;
  let row = 8u * id.y;
  let column = 2u * id.x;
  if (row >= rows || column >= columns) {
    return;
  }
  // where less than 8 x 8 outputs are left, the last row and column are made again, without storing
  let next = min(column + 1u, columns - 1u);
  var s00 = mat4x4<f32>();
  var s01 = mat4x4<f32>();
  var s10 = mat4x4<f32>();
  var s11 = mat4x4<f32>();
  for (var k0 = 0u; k0 < K / 4u; k0 += SUM) {
    var p00 = mat4x4<f32>();
    var p01 = mat4x4<f32>();
    var p10 = mat4x4<f32>();
    var p11 = mat4x4<f32>();
    for (var k = k0; k < min(k0 + SUM, K / 4u); k++) {
      let w0 = weightOf(column, k);
      let w1 = weightOf(next, k);
      let x0 = rowsOf(row, rows - 1u, k);
      let x1 = rowsOf(row + 4u, rows - 1u, k);
      p00 += w0 * x0;
      p01 += w1 * x0;
      p10 += w0 * x1;
      p11 += w1 * x1;
    }
    s00 += p00;
    s01 += p01;
    s10 += p10;
    s11 += p11;
  }
  storeBlock(row, column, s00);
  storeBlock(row + 4u, column, s10);
  if (next > column) {
    storeBlock(row, next, s01);
    storeBlock(row + 4u, next, s11);
  }
}
