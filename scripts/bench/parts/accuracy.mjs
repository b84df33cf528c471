// What narrow numbers cost in accuracy: features and classes of each type of numbers beside those of f32, on the same device and images.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../inside.mjs";
import { agreement, median } from "../measure.mjs";
import { placeOf, table } from "../table.mjs";

/** The sample images that ship, and images that no kernel was developed with: those of the decoding tests. */
const FOLDERS = { samples: "sdk/demo/samples", "held-out": "conformance/golden/full/images" };
/** Smaller ones are one colour. */
const LEAST_BYTES = 1000;

const MODELS = {
  "ViT-B/16": "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k",
  "ViT-tiny/16": "vit-tiny-p16_maskfeat-pre",
};

/** The images of a folder that can be decoded here. */
async function imagesOf(folder, { decode }) {
  const files = readdirSync(join(root, folder)).filter((name) => /\.(jpe?g|png|webp)$/.test(name));
  const paths = files.sort().map((name) => join(root, folder, name));
  const large = paths.filter((path) => statSync(path).size >= LEAST_BYTES);
  const results = await Promise.allSettled(large.map((path) => decode(path)));
  return large.filter((_, i) => results[i].status === "fulfilled");
}

/** Features [C] and the best class of every image, one at a time. */
async function answers({ getModel }, model, options, paths) {
  const opened = await getModel(model, { weights: "procedural", ...options });
  const found = [];
  for (const path of paths) {
    const [feature] = await opened.extractFeat(path, { outType: "avg_featmap" });
    const [{ predLabel }] = await opened.predict([path]);
    found.push({ feature: feature.data, label: predLabel });
  }
  const { variant } = opened.device;
  opened.dispose();
  return { found, variant };
}

/** Rows `{ name, device, variant, dtype, images, cosine: { median, least }, sameClass }`; `sameClass` is the share of images. */
export async function accuracy({ maskfeat, wanted, combos, note }) {
  const narrow = combos.filter(({ dtype, turbo, threads }) => dtype && !turbo && (threads ?? 1) === 1);
  const sets = Object.entries(MODELS).flatMap(([title, model]) =>
    Object.entries(FOLDERS).map(([set, folder]) => ({ name: `${title}, ${set} images`, model, folder })),
  );
  const rows = [];
  for (const { name, model, folder } of sets.filter((set) => wanted(set.name))) {
    const paths = await imagesOf(folder, maskfeat);
    for (const { dtype, ...wide } of narrow) {
      const { device } = wide;
      note(`${name}: ${device} ${dtype}`);
      const exact = await answers(maskfeat, model, wide, paths);
      const { found, variant } = await answers(maskfeat, model, { ...wide, dtype }, paths);
      const cosines = found.map(({ feature }, i) => agreement(exact.found[i].feature, feature).cosine);
      const cosine = { median: median(cosines), least: Math.min(...cosines) };
      const same = found.filter(({ label }, i) => label === exact.found[i].label).length;
      rows.push({ name, device, variant, dtype, images: paths.length, cosine, sameClass: same / paths.length });
    }
  }
  const text = table(rows, {
    features: "name",
    device: (row) => placeOf({ ...row, threads: undefined }),
    images: "images",
    "cosine to f32, median": (row) => row.cosine.median.toFixed(6),
    least: (row) => row.cosine.least.toFixed(6),
    "same best class": (row) => `${Math.round(row.sameClass * row.images)} of ${row.images}`,
  });
  return { rows, text };
}
