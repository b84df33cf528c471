/**
 * A picture of HOG cells as mmpretrain's `generate_hog_image` draws it: per cell and bin a line through the cell's top left corner, half as
 * long as the cell where the magnitude is the largest, of grey 255 sqrt(magnitude); later lines overwrite earlier ones. Lines are those
 * of OpenCV's `cv2.line` (Bresenham 1965, eight neighbours, clipped to the image first).
 */

/** Mean over the three channels of [3,*] at flat index `i` of a channel of `size` numbers. */
function channelMean(cells: usize, size: i32, i: i32): f32 {
  const at = cells + ((<usize>i) << 2);
  const plane = (<usize>size) << 2;
  return (load<f32>(at) + load<f32>(at + plane) + load<f32>(at + plane + plane)) / 3;
}

function largestMean(cells: usize, size: i32): f32 {
  let largest: f32 = 0;
  for (let i = 0; i < size; i++) largest = max(largest, channelMean(cells, size, i));
  return largest;
}

/** The displacement along one axis while the other one moves by `part` of `whole`; truncated, as OpenCV does. */
function share(along: i32, part: i32, whole: i32): i32 {
  return <i32>((<f64>part * <f64>along) / <f64>whole);
}

/** Sets the pixels of the line from (x1,y1) to (x2,y2); lines may leave the image at the top and on the left only. */
function line(out: usize, width: i32, x1: i32, y1: i32, x2: i32, y2: i32, grey: u8): void {
  if (y1 < 0) {
    x1 += share(x2 - x1, -y1, y2 - y1);
    y1 = 0;
  } else if (y2 < 0) {
    x2 += share(x2 - x1, -y2, y2 - y1);
    y2 = 0;
  }
  if (x1 < 0) {
    y1 += share(y2 - y1, -x1, x2 - x1);
    x1 = 0;
  } else if (x2 < 0) {
    y2 += share(y2 - y1, -x2, x2 - x1);
    x2 = 0;
  }
  if (x1 < 0 || y1 < 0 || x2 < 0 || y2 < 0) return;
  // Ties of the rounding fall as OpenCV's do only if the line runs from left to right.
  const swap = x2 < x1;
  rasterize(out, width, swap ? x2 : x1, swap ? y2 : y1, swap ? x1 : x2, swap ? y1 : y2, grey);
}

function rasterize(out: usize, width: i32, x1: i32, y1: i32, x2: i32, y2: i32, grey: u8): void {
  const dx = x2 - x1;
  const dy = abs(y2 - y1);
  const down = y2 < y1 ? -width : width;
  const steep = dy > dx;
  const long = steep ? dy : dx;
  const short = steep ? dx : dy;
  const forward = steep ? down : 1;
  const sideways = steep ? 1 : down;
  let at = out + y1 * width + x1;
  let error = long - 2 * short;
  for (let i = 0; i <= long; i++) {
    store<u8>(at, grey);
    if (error < 0) {
      at += sideways;
      error += 2 * long;
    }
    error -= 2 * short;
    at += forward;
  }
}

/**
 * Draws f32 [3,nbins,gh,gw] into zeroed u8 [gh*pool,gw*pool]. Bin k's line stands at k * `step` + `start` degrees from the vertical.
 * All-zero cells give an empty picture.
 */
export function hogPicture(
  cells: usize,
  nbins: i32,
  gh: i32,
  gw: i32,
  pool: i32,
  start: f64,
  step: f64,
  out: usize,
): void {
  const size = nbins * gh * gw;
  const largest = largestMean(cells, size);
  if (largest <= 0) return;
  const width = gw * pool;
  for (let cell = 0; cell < gh * gw; cell++) {
    const top = (cell / gw) * pool;
    const left = (cell % gw) * pool;
    let angle = start;
    for (let bin = 0; bin < nbins; bin++) {
      // Predicted cells may be negative: such lines are black, and must not leave the image.
      const magnitude = max(<f64>(channelMean(cells, size, bin * gh * gw + cell) / largest), -1);
      const radians = (angle * Math.PI) / 180;
      const dy = magnitude * (<f64>pool / 2) * Math.cos(radians);
      const dx = magnitude * (<f64>pool / 2) * Math.sin(radians);
      const grey = <u8>(255 * sqrt(max(magnitude, 0)));
      line(out, width, <i32>(left + dx), <i32>(top + dy), <i32>(left - dx), <i32>(top - dy), grey);
      angle += step;
    }
  }
}
