/** What the report shows. */

import type { DeviceInfo } from "../entries/node.js";

/** An image of the report; pictures are data URIs. */
export interface ReportImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Shape of its embedding. */
  readonly shape: readonly number[];
  readonly norm: number;
  readonly ms: number;
  readonly picture: string;
  readonly thumbnail: string;
  readonly hog: string;
  readonly masked: string;
  /** Patches that the mask hides, and all of them. */
  readonly hidden: number;
  readonly patches: number;
}

export interface ReportData {
  readonly version: string;
  readonly runtime: string;
  readonly model: string;
  readonly weights: string;
  readonly trained: boolean;
  readonly device: DeviceInfo;
  readonly images: readonly ReportImage[];
  /** Cosine similarities of all pairs, by embedding and by HOG features. */
  readonly similarity: { readonly embedding: readonly number[][]; readonly hog: readonly number[][] };
}
