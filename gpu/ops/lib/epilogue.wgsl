// What a matmul does to a sum before it is stored. Needs lib/gelu.wgsl and lib/exp.wgsl.
override EPILOGUE: u32; // 0: nothing; 1: gelu; 2: add the residual

fn finish(sum: vec4<f32>, residual: vec4<f32>) -> vec4<f32> {
  if (EPILOGUE == 1u) {
    return geluOf(sum);
  }
  return select(sum, sum + residual, EPILOGUE == 2u);
}
