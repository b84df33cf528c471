/**
 * linear_subgroup_matrix.wgsl on adapters without subgroup matrices: what is built in where they are, written out in plain WGSL. Every
 * invocation of a subgroup holds its matrices whole, which is what they are together where the GPU spreads them.
 */

/** Replacements of text that must occur. */
type Edit = readonly [RegExp, string];

const edits: readonly Edit[] = [
  [/^enable chromium_experimental_subgroup_matrix;\n/m, ""],
  [/^diagnostic\(off, chromium\.subgroup_matrix_uniformity\);\n/m, ""],
  [/subgroup_matrix_left<Real, DEPTH, ROWS>/, "array<f32, ROWS * DEPTH>"],
  [/subgroup_matrix_right<Real, COLUMNS, DEPTH>/, "array<f32, DEPTH * COLUMNS>"],
  [/subgroup_matrix_result<f32, COLUMNS, ROWS>/, "array<f32, ROWS * COLUMNS>"],
  [/subgroupMatrixLoad<(Left|Right), row_major>\(&\w+,/g, "load$1("],
  [/subgroupMatrixStore<row_major>\(&made,/, "storeMade("],
  [/subgroupMatrixMultiplyAccumulate/g, "multiplyAccumulate"],
];

const library = `
fn loadLeft(offset: u32, stride: u32) -> Left {
  var m = Left();
  for (var r = 0u; r < ROWS; r++) {
    for (var c = 0u; c < DEPTH; c++) {
      m[r * DEPTH + c] = f32(xs[offset + r * stride + c / 4u][c % 4u]);
    }
  }
  return m;
}
fn loadRight(offset: u32, stride: u32) -> Right {
  var m = Right();
  for (var r = 0u; r < DEPTH; r++) {
    for (var c = 0u; c < COLUMNS; c++) {
      m[r * COLUMNS + c] = f32(ws[offset + r * stride + c / 4u][c % 4u]);
    }
  }
  return m;
}
fn multiplyAccumulate(left: Left, right: Right, sums: Sums) -> Sums {
  var m = sums;
  var l = left;
  var w = right;
  for (var r = 0u; r < ROWS; r++) {
    for (var c = 0u; c < COLUMNS; c++) {
      for (var d = 0u; d < DEPTH; d++) {
        m[r * COLUMNS + c] += l[r * DEPTH + d] * w[d * COLUMNS + c];
      }
    }
  }
  return m;
}
fn storeMade(offset: u32, sums: Sums, stride: u32) {
  var m = sums;
  for (var i = 0u; i < ROWS * COLUMNS; i++) {
    made[offset + i / COLUMNS * stride + i % COLUMNS / 4u][i % 4u] = m[i];
  }
}`;

/** The text of a kernel, with its matrices written out if it has any. */
export function emulated(source: string): string {
  if (!source.includes("enable chromium_experimental_subgroup_matrix;")) return source;
  let text = source;
  for (const [from, to] of edits) {
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`the kernel has no ${from}`);
    text = edited;
  }
  return text + library;
}
