// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl
// y = x W^T + b, then gelu or the residual, for widths that linear.wgsl does not take.
//
// An invocation makes 4 x 4 outputs in registers, straight from storage. A sum runs over K in order.

override K: u32;
override N: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;                   // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,ceil(N/4)*4], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<Real>;                // [N]
@group(0) @binding(3) var<storage, read> residual: array<Real>;            // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<Real>;             // [M,N]

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = (N + 3u) / 4u;
  let rows = arrayLength(&y) / N;
  let row = 4u * id.y;
  if (id.x >= columns || row >= rows) {
    return;
  }
  // where fewer than four rows are left, the last one is read again
  let x0 = row * K;
  let x1 = min(row + 1u, rows - 1u) * K;
  let x2 = min(row + 2u, rows - 1u) * K;
  let x3 = min(row + 3u, rows - 1u) * K;
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  for (var k = 0u; k < K; k++) {
    let w = vec4<f32>(weight[k * columns + id.x]);
    s0 += f32(x[x0 + k]) * w;
    s1 += f32(x[x1 + k]) * w;
    s2 += f32(x[x2 + k]) * w;
    s3 += f32(x[x3 + k]) * w;
  }
  store(row, 4u * id.x, s0);
  store(row + 1u, 4u * id.x, s1);
  store(row + 2u, 4u * id.x, s2);
  store(row + 3u, 4u * id.x, s3);
}

fn store(row: u32, column: u32, sum: vec4<f32>) {
  if (row >= arrayLength(&y) / N) {
    return;
  }
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
