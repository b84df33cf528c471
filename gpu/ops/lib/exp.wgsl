// exp for arguments up to 88: x = n ln 2 + r, exp(r) = 1 + r + r^2 Q(r) with Q of degree 4 (own weighted minimax fit, relative error 3e-9).
// Within 2 u (u = 2^-24) relative from -87 on, and exp(-87) below. WGSL's own exp may be off by 3 + 2|x| units in the last place.
fn expOf(x: vec4<f32>) -> vec4<f32> {
  let a = max(x, vec4<f32>(-87.0));
  let n = round(a * 1.4426950408889634);
  // ln 2 in two parts, the first short enough for n * part to be exact
  let r = (a - n * 0.693359375) + n * 2.1219444e-4;
  var q = vec4<f32>(0.001381461275741458);
  q = q * r + 0.00836870912462473;
  q = q * r + 0.04166838899254799;
  q = q * r + 0.1666652113199234;
  q = q * r + 0.4999999403953552;
  let y = (q * (r * r) + r) + 1.0;
  return y * bitcast<vec4<f32>>((vec4<i32>(n) + 127) << vec4<u32>(23u));
}
