// with lib/real.wgsl lib/flat.wgsl
// Cuts images or clips into patches, which are the rows of y; elements beyond the border are zero. An image is a clip of one frame.

override C: u32;
// For the axes time, height, width: their lengths, the kernel, its strides, zeros before the first element, patches.
override T: u32;
override H: u32;
override W: u32;
override KT: u32;
override KH: u32;
override KW: u32;
override ST: u32;
override SH: u32;
override SW: u32;
override PT: u32;
override PH: u32;
override PW: u32;
override OT: u32;
override OH: u32;
override OW: u32;

@group(0) @binding(0) var<storage, read> x: array<Real>;             // [B,C,T,H,W]
@group(0) @binding(1) var<storage, read_write> y: array<Real>;       // [B,OT*OH*OW,C*KT*KH*KW]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flatIndex(id, groups);
  if (i >= arrayLength(&y)) {
    return;
  }
  let n = i / (C * KT * KH * KW);
  let c = i / (KT * KH * KW) % C;
  // below the first element these wrap around, beyond the last one too
  let t = n / (OW * OH) % OT * ST + i / (KH * KW) % KT - PT;
  let row = n / OW % OH * SH + i / KW % KH - PH;
  let column = n % OW * SW + i % KW - PW;
  if (t < T && row < H && column < W) {
    y[i] = x[((n / (OT * OH * OW) * C + c) * T + t) * H * W + row * W + column];
  } else {
    y[i] = Real(0.0);
  }
}
