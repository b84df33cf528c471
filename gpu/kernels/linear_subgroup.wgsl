// with lib/real.wgsl lib/exp.wgsl lib/gelu.wgsl lib/epilogue.wgsl lib/block.wgsl
enable subgroups;
// y = x W^T + b, then gelu or the residual, without workgroup memory; K and N are multiples of 4. Not chosen by itself: no GPU was
// measured. On SwiftShader (subgroups of 4, [197,768] x [768,768]) 210 ms of CPU time where linear.wgsl takes 687 and linear_direct.wgsl 146.
//
// A workgroup makes 8 rows, an invocation a vector of their columns. All invocations need the same numbers of x: each loads other ones and
// hands them to its subgroup, so that which invocations make up a subgroup does not matter. Subgroups have 4 to 64 invocations. Sums run
// over K in order, 4 SUM terms by themselves or, in subgroups beyond 32, as many as these load.

override K: u32;
override N: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Real>>;             // [M,K]
@group(0) @binding(1) var<storage, read> weight: array<vec4<Real>>;        // [K,N], as the device packs it
@group(0) @binding(2) var<storage, read> bias: array<vec4<Real>>;          // [N]
@group(0) @binding(3) var<storage, read> residual: array<vec4<Real>>;      // [M,N]; the bias again where there is none
@group(0) @binding(4) var<storage, read_write> y: array<vec4<Real>>;       // [M,N]

const SUM = 32u; // in vectors

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
  @builtin(subgroup_size) lanes: u32,
) {
  let columns = N / 4u;
  let row = 8u * group.y;
  // all invocations must take part in the shuffles: those beyond the last column make it again, without storing
  let column = min(id.x, columns - 1u);
  let last = arrayLength(&y) / columns - 1u;
  var s0 = mat4x4<f32>();
  var s1 = mat4x4<f32>();
  var p0 = mat4x4<f32>();
  var p1 = mat4x4<f32>();
  for (var k0 = 0u; k0 < K / 4u; k0 += lanes) {
    let k = min(k0 + lane, K / 4u - 1u);
    let x0 = rowsOf(row, last, k);
    let x1 = rowsOf(row + 4u, last, k);
    for (var i = 0u; i < min(lanes, K / 4u - k0); i++) {
      let w = weightOf(column, k0 + i);
      p0 = added(p0, w, shuffled(x0, i));
      p1 = added(p1, w, shuffled(x1, i));
    }
    if ((k0 + lanes) % SUM == 0u || k0 + lanes >= K / 4u) {
      s0 += p0;
      s1 += p1;
      p0 = mat4x4<f32>();
      p1 = mat4x4<f32>();
    }
  }
  if (id.x < columns) {
    storeBlock(row, column, s0);
    storeBlock(row + 4u, column, s1);
  }
}

// What invocation i of the subgroup has.
fn shuffled(m: mat4x4<f32>, i: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    subgroupShuffle(m[0], i),
    subgroupShuffle(m[1], i),
    subgroupShuffle(m[2], i),
    subgroupShuffle(m[3], i),
  );
}
