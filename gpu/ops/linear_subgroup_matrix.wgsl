// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl lib/block.wgsl
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
// the invocations of a subgroup branch alike on its number, which the compiler does not see
diagnostic(off, chromium.subgroup_matrix_uniformity);
// y = x W^T + b, then gelu or the residual, by the units of a GPU that multiply small matrices which a subgroup holds together; K and N
// are multiples of 4. No GPU has been measured: no device chooses it, and no option asks for it.
//
// A workgroup makes 4 x 4 matrices of ROWS x COLUMNS sums, each of its first four subgroups a square of 2 x 2 of them. (Where subgroups
// are smaller than the largest there are more of them: the others only load and store.) Slices of x and W pass through workgroup memory,
// zeros beyond their edges. linear_subgroup_matrix.ts appends ROWS, COLUMNS and DEPTH, which the GPU prescribes: it multiplies ROWS x DEPTH by
// DEPTH x COLUMNS; and SLICE, the elements of K of a slice, a multiple of DEPTH. Factors are multiplied as they are stored; sums are in f32,
// and run over K in one go.

override K: u32;
override N: u32;
override SUBGROUP: u32; // invocations of the largest subgroups

@group(0) @binding(0) var<storage, read> x: array<vec4<Real>>;             // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,N], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<vec4<Real>>;          // [N]
@group(0) @binding(3) var<storage, read> residual: array<vec4<Real>>;      // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<vec4<Real>>;       // [M,N]

alias Left = subgroup_matrix_left<Real, DEPTH, ROWS>;
alias Right = subgroup_matrix_right<Real, COLUMNS, DEPTH>;
alias Sums = subgroup_matrix_result<f32, COLUMNS, ROWS>;

const DEEP = SLICE / 4u;     // vectors of a row of a slice of x
const ACROSS = COLUMNS / 4u; // vectors of a row of a matrix of sums
var<workgroup> xs: array<vec4<Real>, 4u * ROWS * DEEP>;    // [4 ROWS][DEEP]
var<workgroup> ws: array<vec4<Real>, SLICE * 4u * ACROSS>; // [SLICE][4 ACROSS]
var<workgroup> made: array<vec4<f32>, 4u * ROWS * ACROSS>; // one matrix of sums of each square

@compute @workgroup_size(4u * SUBGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) square: u32,
) {
  let columns = N / 4u;
  let rows = arrayLength(&y) / columns;
  let row0 = 4u * ROWS * group.y;
  let column0 = 4u * ACROSS * group.x;
  let down = 2u * ROWS * (square / 2u);
  let right = 2u * ACROSS * (square % 2u);
  var s00 = Sums();
  var s01 = Sums();
  var s10 = Sums();
  var s11 = Sums();
  for (var k0 = 0u; k0 < K / 4u; k0 += DEEP) {
    for (var i = index; i < 4u * ROWS * DEEP; i += 4u * SUBGROUP) {
      let row = row0 + i / DEEP;
      let k = k0 + i % DEEP;
      var v = vec4<Real>();
      if (row < rows && k < K / 4u) {
        v = x[row * (K / 4u) + k];
      }
      xs[i] = v;
    }
    for (var i = index; i < SLICE * 4u * ACROSS; i += 4u * SUBGROUP) {
      let k = 4u * k0 + i / (4u * ACROSS);
      let column = column0 + i % (4u * ACROSS);
      var v = vec4<Real>();
      if (k < K && column < columns) {
        v = weight[k * columns + column];
      }
      ws[i] = v;
    }
    workgroupBarrier();
    if (square < 4u) {
      for (var d = 0u; d < SLICE; d += DEPTH) {
        let x0 = subgroupMatrixLoad<Left, row_major>(&xs, down * DEEP + d / 4u, DEEP);
        let x1 = subgroupMatrixLoad<Left, row_major>(&xs, (down + ROWS) * DEEP + d / 4u, DEEP);
        let w0 = subgroupMatrixLoad<Right, row_major>(&ws, d * 4u * ACROSS + right, 4u * ACROSS);
        let w1 = subgroupMatrixLoad<Right, row_major>(&ws, d * 4u * ACROSS + right + ACROSS, 4u * ACROSS);
        s00 = subgroupMatrixMultiplyAccumulate(x0, w0, s00);
        s01 = subgroupMatrixMultiplyAccumulate(x0, w1, s01);
        s10 = subgroupMatrixMultiplyAccumulate(x1, w0, s10);
        s11 = subgroupMatrixMultiplyAccumulate(x1, w1, s11);
      }
    }
    workgroupBarrier();
  }
  storeSums(s00, square, index, row0, column0);
  storeSums(s01, square, index, row0, column0 + ACROSS);
  storeSums(s10, square, index, row0 + ROWS, column0);
  storeSums(s11, square, index, row0 + ROWS, column0 + ACROSS);
}

// Stores a matrix of sums of each square; that of the first square begins at this row and column.
fn storeSums(sums: Sums, square: u32, index: u32, row0: u32, column0: u32) {
  if (square < 4u) {
    subgroupMatrixStore<row_major>(&made, square * ROWS * ACROSS, sums, ACROSS);
  }
  workgroupBarrier();
  for (var i = index; i < 4u * ROWS * ACROSS; i += 4u * SUBGROUP) {
    let owner = i / (ROWS * ACROSS);
    let at = i % (ROWS * ACROSS);
    let row = row0 + 2u * ROWS * (owner / 2u) + at / ACROSS;
    let column = column0 + 2u * ACROSS * (owner % 2u) + at % ACROSS;
    if (column < N / 4u) {
      store(row, column, made[i], vec4<f32>(bias[column]));
    }
  }
  workgroupBarrier();
}
