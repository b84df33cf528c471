/** The masked loss, summed in f64 by one thread. */

import { arg, Kernel } from "./lib/step";

/** pred, target [rows,F], mask [rows] -> [2]: sum over rows of mask * mean((pred - target)^2), and sum of mask. */
function run(pred: usize, goal: usize, mask: usize, y: usize, rows: i32, F: i32): void {
  let sum: f64 = 0;
  let count: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const m = <f64>load<f32>(mask + ((<usize>r) << 2));
    count += m;
    if (m == 0) continue;
    let row: f64 = 0;
    for (let i = 0; i < F; i++) {
      const at = <usize>(r * F + i) * 4;
      const d = <f64>load<f32>(pred + at) - <f64>load<f32>(goal + at);
      row += d * d;
    }
    sum += (m * row) / <f64>F;
  }
  store<f32>(y, <f32>sum);
  store<f32>(y, <f32>count, 4);
}

function step(s: usize, t: i32, n: i32, _counter: usize, _shared: usize, _own: usize): void {
  if (t == 0) run(arg(s, 0), arg(s, 1), arg(s, 2), arg(s, 3), arg(s, 4), arg(s, 5));
}

export const maskedMse: i32 = (step as Kernel).index;
