// Blocks of 4 x 4 numbers of a product y = x W^T + b. Needs lib/epilogue.wgsl, K, N, and the bindings x, weight, bias, residual, y in vectors.

// sums + w rows, of 4 outputs of 4 rows, a column of the matrix each. In this order: 4 multiply-adds, where sums + (w rows) adds once more.
fn added(sums: mat4x4<f32>, w: mat4x4<f32>, rows: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    addedRow(sums[0], w, rows[0]),
    addedRow(sums[1], w, rows[1]),
    addedRow(sums[2], w, rows[2]),
    addedRow(sums[3], w, rows[3]),
  );
}

fn addedRow(sum: vec4<f32>, w: mat4x4<f32>, row: vec4<f32>) -> vec4<f32> {
  return sum + row.x * w[0] + row.y * w[1] + row.z * w[2] + row.w * w[3];
}

// 4 numbers of each of 4 rows of x; beyond the last row it again.
fn rowsOf(row: u32, last: u32, k: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    vec4<f32>(x[min(row, last) * (K / 4u) + k]),
    vec4<f32>(x[min(row + 1u, last) * (K / 4u) + k]),
    vec4<f32>(x[min(row + 2u, last) * (K / 4u) + k]),
    vec4<f32>(x[min(row + 3u, last) * (K / 4u) + k]),
  );
}

// 4 numbers of each of the 4 rows of the packed weight that meet the k-th vector of x.
fn weightOf(column: u32, k: u32) -> mat4x4<f32> {
  let columns = N / 4u;
  let at = 4u * k * columns + column;
  return mat4x4<f32>(
    vec4<f32>(weight[at]),
    vec4<f32>(weight[at + columns]),
    vec4<f32>(weight[at + 2u * columns]),
    vec4<f32>(weight[at + 3u * columns]),
  );
}

fn storeBlock(row: u32, column: u32, sums: mat4x4<f32>) {
  let b = vec4<f32>(bias[column]);
  store(row, column, sums[0], b);
  store(row + 1u, column, sums[1], b);
  store(row + 2u, column, sums[2], b);
  store(row + 3u, column, sums[3], b);
}

fn store(row: u32, column: u32, sum: vec4<f32>, b: vec4<f32>) {
  let at = row * (N / 4u) + column;
  if (at < arrayLength(&y)) {
    var more = vec4<f32>();
    if (EPILOGUE == 2u) {
      more = vec4<f32>(residual[at]);
    }
    y[at] = vec4<Real>(finish(sum + b, more));
  }
}
