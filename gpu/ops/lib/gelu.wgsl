// gelu(x) = max(x, 0) - |x|/2 erfc(|x|/sqrt 2), which cancels nowhere; erfc(a) = exp(-a^2) t P(t), t = 1/(1 + 0.3 a) with P of degree 8
// (own weighted minimax fit, relative error 2e-8). Within 6 u |x|, u = 2^-24. Needs lib/exp.wgsl.
fn geluOf(x: vec4<f32>) -> vec4<f32> {
  let ax = abs(x);
  let half = 0.5 * ax;
  let t = 1.0 / (1.0 + ax * (0.3 * 0.7071067811865476));
  var p = vec4<f32>(-0.12943428754806519);
  p = p * t + 0.4850974678993225;
  p = p * t - 0.5112285017967224;
  p = p * t + 0.5463973879814148;
  p = p * t - 0.09363283216953278;
  p = p * t + 0.21443693339824677;
  p = p * t + 0.1484822779893875;
  p = p * t + 0.17069195210933685;
  p = p * t + 0.16918961703777313;
  // beyond 14 erfc is below the smallest number, and the square could overflow
  let a = min(ax, vec4<f32>(14.0));
  return max(x, vec4<f32>(0.0)) - half * (p * t * expOf(-0.5 * a * a));
}
