/** Copies of u8 pixels, HWC, row-major: crop, mirror, turns, channel order; and normalisation to f32 CHW. */

const CHANNELS: usize = 3;

/** Cuts `rows` x `columns` RGB pixels that begin at `from` out of an image `width` pixels wide. */
export function cropPixels(from: usize, width: i32, to: usize, columns: i32, rows: i32): void {
  for (let y = 0; y < rows; y++) {
    memory.copy(to + <usize>y * columns * CHANNELS, from + <usize>y * width * CHANNELS, <usize>columns * CHANNELS);
  }
}

/** Mirrors an RGB image left to right. */
export function flipPixels(from: usize, to: usize, width: i32, height: i32): void {
  for (let y = 0; y < height; y++) {
    let target = to + <usize>(y + 1) * width * CHANNELS;
    for (let x = 0; x < width; x++) {
      target -= CHANNELS;
      store<u16>(target, load<u16>(from));
      store<u8>(target, load<u8>(from, 2), 2);
      from += CHANNELS;
    }
  }
}

/** Gathers RGB from pixels of `channels` bytes, in which red, green and blue stand at offsets `r`, `g` and `b`. */
export function rgbPixels(from: usize, to: usize, count: i32, channels: i32, r: i32, g: i32, b: i32): void {
  for (let i = 0; i < count; i++) {
    store<u8>(to, load<u8>(from + r));
    store<u8>(to, load<u8>(from + g), 1);
    store<u8>(to, load<u8>(from + b), 2);
    from += channels;
    to += CHANNELS;
  }
}

/** Copies RGB pixel (x, y) to place `first + x dx + y dy` of `to`: the turns and mirrors of a picture. */
export function movePixels(from: usize, width: i32, height: i32, to: usize, first: i32, dx: i32, dy: i32): void {
  for (let y = 0; y < height; y++) {
    let place = first + y * dy;
    for (let x = 0; x < width; x++) {
      const target = to + <usize>place * CHANNELS;
      store<u16>(target, load<u16>(from));
      store<u8>(target, load<u8>(from, 2), 2);
      from += CHANNELS;
      place += dx;
    }
  }
}

/**
 * (x - mean) / std in f32, the subtraction and then the division rounded: u8 [count,3] -> f32 [3,count]. `stats` holds three means and
 * three standard deviations; `table` has room for 3 x 256 f32. A byte has 256 values, so each channel's are computed once.
 */
export function normalizePixels(from: usize, to: usize, count: i32, stats: usize, table: usize): void {
  for (let c = 0; c < 3; c++) {
    const mean = load<f32>(stats + ((<usize>c) << 2));
    const std = load<f32>(stats + ((<usize>c) << 2), 12);
    for (let v = 0; v < 256; v++) store<f32>(table + (((<usize>c) << 10) | ((<usize>v) << 2)), (<f32>v - mean) / std);
  }
  const plane = (<usize>count) << 2;
  const end = to + plane;
  for (; to < end; to += 4) {
    store<f32>(to, load<f32>(table + ((<usize>load<u8>(from)) << 2)));
    store<f32>(to + plane, load<f32>(table + ((<usize>load<u8>(from, 1)) << 2), 1024));
    store<f32>(to + plane + plane, load<f32>(table + ((<usize>load<u8>(from, 2)) << 2), 2048));
    from += CHANNELS;
  }
}
