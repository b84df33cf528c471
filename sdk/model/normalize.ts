/** Unit vectors. */

import type { OutType } from "../../gpu/models/vit.js";
import type { Tensor } from "../base/tensor.js";

/** Scales every vector along the channels to length 1 (a zero vector stays); `outType` tells where the channels are. */
export function normalizeVectors({ data, shape }: Tensor, outType: OutType): Tensor {
  const channels = outType === "featmap" ? shape[1] : (shape.at(-1) as number);
  const stride = outType === "featmap" ? shape[2] * shape[3] : 1;
  const unit = new Float32Array(data.length);
  for (let block = 0; block < data.length; block += channels * stride) {
    for (let at = block; at < block + stride; at++) {
      let squares = 0;
      for (let c = 0; c < channels; c++) squares += data[at + c * stride] ** 2;
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let c = 0; c < channels; c++) unit[at + c * stride] = data[at + c * stride] * scale;
    }
  }
  return { data: unit, shape };
}
