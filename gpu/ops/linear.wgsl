// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl lib/block.wgsl
// y = x W^T + b, then gelu or the residual; K and N are multiples of 4.
//
// A workgroup makes a square of 4 SIDE x 4 SIDE outputs, each invocation 4 x 4 of them in registers; slices of x and W 16 deep pass
// through workgroup memory (the blocking of Goto and van de Geijn, 2008, one level up). A sum runs over K in order, SUM terms by
// themselves: its rounding error grows with the square root of SUM + K / SUM rather than of K.

override K: u32;
override N: u32;
override SIDE: u32; // invocations along a side of the workgroup
// Vectors of a slice. A name of its own: naga 29 fails on an array whose size is an expression of an override.
override SLICE = 16u * SIDE;

@group(0) @binding(0) var<storage, read> x: array<vec4<Real>>;             // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,N], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<vec4<Real>>;          // [N]
@group(0) @binding(3) var<storage, read> residual: array<vec4<Real>>;      // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<vec4<Real>>;       // [M,N]

const DEPTH = 16u;
const SUM = 128u; // a multiple of DEPTH
var<workgroup> xs: array<vec4<f32>, SLICE>; // [4 SIDE rows][DEPTH / 4]
var<workgroup> ws: array<vec4<f32>, SLICE>; // [DEPTH][SIDE columns / 4]

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let columns = N / 4u;
  let rows = arrayLength(&y) / columns;
  let row0 = group.y * 4u * SIDE;
  let column0 = group.x * SIDE;
  var sums = mat4x4<f32>();
  var part = mat4x4<f32>();
  for (var k0 = 0u; k0 < K; k0 += DEPTH) {
    for (var i = index; i < SLICE; i += SIDE * SIDE) {
      let row = row0 + i / (DEPTH / 4u);
      let k = k0 + 4u * (i % (DEPTH / 4u));
      var v = vec4<f32>();
      if (row < rows && k < K) {
        v = vec4<f32>(x[(row * K + k) / 4u]);
      }
      xs[i] = v;
    }
    for (var i = index; i < SLICE; i += SIDE * SIDE) {
      let k = k0 + i / SIDE;
      let column = column0 + i % SIDE;
      var v = vec4<f32>();
      if (k < K && column < columns) {
        v = vec4<f32>(weight[k * columns + column]);
      }
      ws[i] = v;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH / 4u; d++) {
      let w = 4u * d * SIDE + local.x;
      let r = 4u * local.y * (DEPTH / 4u) + d;
      part = added(
        part,
        mat4x4<f32>(ws[w], ws[w + SIDE], ws[w + 2u * SIDE], ws[w + 3u * SIDE]),
        mat4x4<f32>(xs[r], xs[r + DEPTH / 4u], xs[r + 2u * (DEPTH / 4u)], xs[r + 3u * (DEPTH / 4u)]),
      );
    }
    if (k0 % SUM == SUM - DEPTH || k0 + DEPTH >= K) {
      sums += part;
      part = mat4x4<f32>();
    }
    workgroupBarrier();
  }
  if (column0 + local.x < columns) {
    storeBlock(row0 + 4u * local.y, column0 + local.x, sums);
  }
}
