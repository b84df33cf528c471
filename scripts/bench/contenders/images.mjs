// What all contenders see, and the models that they run.

/** Short name -> the registered one. */
export const models = {
  tiny: { name: "maskfeat_vit-tiny-p16", title: "ViT-tiny/16" },
  small: { name: "maskfeat_vit-small-p16", title: "ViT-small/16" },
  base: { name: "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k", title: "ViT-B/16" },
};

/** Normalised images [batch,3,224,224], the same numbers each time. */
export function images(batch) {
  const data = new Float32Array(batch * 3 * 224 * 224);
  for (let i = 0; i < data.length; i++) data[i] = 2 * Math.sin((i % 7919) ** 2);
  return { data, shape: [batch, 3, 224, 224] };
}
