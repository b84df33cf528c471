// with lib/real.wgsl lib/flat.wgsl
// Cuts images into non-overlapping patches of P x P pixels, row by row; pixels beyond the image are zero.

override H: u32;
override W: u32;
override P: u32;

@group(0) @binding(0) var<storage, read> images: array<Real>;        // [B,3,H,W]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,ceil(H/P)*ceil(W/P),3*P*P]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  let gw = (W + P - 1u) / P;
  let gh = (H + P - 1u) / P;
  let c = i / (P * P) % 3u;
  let n = i / (3u * P * P);
  let row = n / gw % gh * P + i / P % P;
  let column = n % gw * P + i % P;
  if (row < H && column < W) {
    y[i] = images[((n / (gw * gh) * 3u + c) * H + row) * W + column];
  } else {
    y[i] = Real(0.0);
  }
}
