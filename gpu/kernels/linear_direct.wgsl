// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl
// y = x W^T + b, then gelu or the residual. For any K and N, and for adapters without a GPU: there workgroup memory and barriers cost
// more than they save (SwiftShader on 2 cores, 2026-11: 1.7 GFLOP/s, linear.wgsl 0.2).
//
// An invocation makes 8 rows of 4 columns in registers, straight from storage. A sum runs over K in order.

override K: u32;
override N: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;                   // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,ceil(N/4)*4], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<Real>;                // [N]
@group(0) @binding(3) var<storage, read> residual: array<Real>;            // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<Real>;             // [M,N]

const ROWS = 8u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = (N + 3u) / 4u;
  let rows = arrayLength(&y) / N;
  let row0 = id.y * ROWS;
  if (id.x >= columns || row0 >= rows) {
    return;
  }
  // the last rows again where there are fewer than eight left
  let last = rows - 1u;
  var sums: array<vec4<f32>, ROWS>;
  var at: array<u32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    at[r] = min(row0 + r, last) * K;
  }
  for (var k = 0u; k < K; k++) {
    let w = vec4<f32>(weight[k * columns + id.x]);
    for (var r = 0u; r < ROWS; r++) {
      sums[r] += f32(x[at[r] + k]) * w;
    }
  }
  for (var r = 0u; r < min(ROWS, rows - row0); r++) {
    store(row0 + r, 4u * id.x, sums[r]);
  }
}

fn store(row: u32, column: u32, sum: vec4<f32>) {
  var b = vec4<f32>();
  var added = vec4<f32>();
  let count = min(4u, N - column);
  for (var c = 0u; c < count; c++) {
    b[c] = f32(bias[column + c]);
    if (EPILOGUE == 2u) {
      added[c] = f32(residual[row * N + column + c]);
    }
  }
  let result = finish(sum + b, added);
  for (var c = 0u; c < count; c++) {
    y[row * N + column + c] = Real(result[c]);
  }
}
