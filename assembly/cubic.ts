/**
 * OpenCV's bicubic resize of RGB u8 (`cv2.resize`, INTER_CUBIC: a = -0.75, four taps, no antialiasing), exact. Source: OpenCV 4.6,
 * `modules/imgproc/src/resize.cpp`: weights of 11 fraction bits, the horizontal pass in i32, the vertical one in f32 without fused steps.
 * A table holds four pairs of i32 for each output position: the input position of a tap, clamped to the image, and its weight.
 */

const A: f32 = -0.75;
const ENTRY: usize = 32;
/** 2^-22 takes both passes' fraction bits away. */
const UNIT: f32 = 1.0 / 4194304.0;

/** The cubic at distances below 1. */
function near(x: f32): f32 {
  return ((A + 2) * x - (A + 3)) * x * x + 1;
}

/** The cubic at x + 1. */
function far(x: f32): f32 {
  return ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A;
}

function storeTap(at: usize, position: i32, input: i32, weight: f32): void {
  store<i32>(at, min(max(position, 0), input - 1));
  store<i32>(at, <i32>nearest(weight * 2048), 4);
}

/** Fills the table (32 bytes a position) for `input` -> `output`. */
export function cubicTable(table: usize, input: i32, output: i32): void {
  const scale = <f64>input / <f64>output;
  for (let i = 0; i < output; i++) {
    const center = <f32>((<f64>i + 0.5) * scale - 0.5);
    const whole = floor(center);
    const x = center - whole;
    const before = far(x);
    const left = near(x);
    const right = near(1 - x);
    const position = <i32>whole;
    storeTap(table, position - 1, input, before);
    storeTap(table + 8, position, input, left);
    storeTap(table + 16, position + 1, input, right);
    storeTap(table + 24, position + 2, input, 1 - before - left - right);
    table += ENTRY;
  }
}

/** Pixel times weight, as four i32 of which the last is 0; reads one byte in front of the pixel. */
function weighted(row: usize, tap: usize): v128 {
  const bytes = i8x16(1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1, -1, -1, -1, -1);
  const pixel = i8x16.swizzle(v128.load32_zero(row + load<i32>(tap) * 3 - 1), bytes);
  return i32x4.mul(pixel, v128.load32_splat(tap, 4));
}

/** Horizontal pass: u8 [rows,width,3] -> i32 [rows,columns,3]; `to` has room for one number more. */
export function cubicRows(from: usize, width: i32, rows: i32, to: usize, columns: i32, table: usize): void {
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const entry = table + <usize>x * ENTRY;
      const left = i32x4.add(weighted(from, entry), weighted(from, entry + 8));
      const right = i32x4.add(weighted(from, entry + 16), weighted(from, entry + 24));
      v128.store(to, i32x4.add(left, right));
      to += 12;
    }
    from += <usize>width * 3;
  }
}

/** Four numbers of the input row that a tap names. */
function sums(column: usize, stride: usize, tap: usize): v128 {
  return v128.load(column + <usize>load<i32>(tap) * stride);
}

/** Four numbers times the tap's weight in f32. */
function scaled(column: usize, stride: usize, tap: usize): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(sums(column, stride, tap)), f32x4.splat(<f32>load<i32>(tap, 4) * UNIT));
}

/** Four results in f32, the last tap first, rounded half to even. */
function blendFloat(column: usize, stride: usize, taps: usize): v128 {
  let sum = f32x4.add(scaled(column, stride, taps + 24), scaled(column, stride, taps + 16));
  sum = f32x4.add(sum, scaled(column, stride, taps + 8));
  sum = f32x4.add(sum, scaled(column, stride, taps));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(sum));
}

/** Four results in i32, rounded half up. */
function blendInteger(column: usize, stride: usize, taps: usize): v128 {
  let sum = i32x4.splat(1 << 21);
  for (let tap = taps; tap < taps + ENTRY; tap += 8) {
    sum = i32x4.add(sum, i32x4.mul(sums(column, stride, tap), v128.load32_splat(tap, 4)));
  }
  return i32x4.shr_s(sum, 22);
}

/**
 * Vertical pass: i32 [*,numbers] -> u8 [rows,numbers]; `from` and `to` have room for three numbers more. OpenCV takes eight numbers at a
 * time in f32 and what is left of a row in integers, which now and then differs by one.
 */
export function cubicColumns(from: usize, numbers: i32, to: usize, rows: i32, table: usize): void {
  const stride = (<usize>numbers) << 2;
  const whole = numbers & ~7;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < numbers; x += 4) {
      const column = from + ((<usize>x) << 2);
      const values = x < whole ? blendFloat(column, stride, table) : blendInteger(column, stride, table);
      const words = i16x8.narrow_i32x4_s(values, values);
      v128.store32_lane(to + x, i8x16.narrow_i16x8_u(words, words), 0);
    }
    to += numbers;
    table += ENTRY;
  }
}
