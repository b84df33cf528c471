/** A model that runs in a moment: 196 patches of 4 x 4 pixels, so that masks are those of ViT-B/16. */
export const tiny = {
  imageSize: 56,
  patchSize: 4,
  embedDims: 48,
  numLayers: 2,
  numHeads: 4,
  feedforwardChannels: 96,
  hog: { nbins: 9, pool: 2, gaussianWindow: 4 },
} as const;
