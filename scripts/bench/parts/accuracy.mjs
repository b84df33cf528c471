// What narrow numbers cost in accuracy: features and classes of each type of numbers beside those of f32, on the same device and images.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../inside.mjs";
import { placeOf, table } from "../table.mjs";

/** The sample images that ship, and images that no kernel was developed with: those of the decoding tests. */
const FOLDERS = { samples: "sdk/demo/samples", "held-out": "conformance/golden/full/images" };
/** Smaller ones are one colour. */
const LEAST_BYTES = 1000;

const MODELS = {
  "ViT-B/16": "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k",
  "ViT-tiny/16": "vit-tiny-p16_maskfeat-pre",
};

function imagesOf(folder) {
  const paths = readdirSync(join(root, folder)).map((name) => join(root, folder, name));
  return paths.filter((path) => /\.(jpe?g|png|webp)$/.test(path) && statSync(path).size >= LEAST_BYTES).sort();
}

const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

/** Features [C] and the best class of every image, one at a time; images that cannot be decoded are left out. */
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

async function decodable({ decode }, paths) {
  const results = await Promise.allSettled(paths.map((path) => decode(path)));
  return paths.filter((_, i) => results[i].status === "fulfilled");
}

/** Rows `{ name, device, variant, dtype, images, cosine: { median, least }, sameClass }`; `sameClass` is the share of images. */
export async function accuracyRows({ maskfeat, wanted, combos, note }) {
  const narrow = combos.filter(({ dtype, turbo, threads }) => dtype && !turbo && (threads ?? 1) === 1);
  const rows = [];
  for (const [title, model] of Object.entries(MODELS)) {
    for (const [set, folder] of Object.entries(FOLDERS)) {
      const name = `${title}, ${set} images`;
      if (!wanted(name)) continue;
      const paths = await decodable(maskfeat, imagesOf(folder));
      for (const options of narrow) {
        note(`${name}: ${options.device} ${options.dtype}`);
        const { dtype, ...wide } = options;
        const [exact, other] = [
          await answers(maskfeat, model, wide, paths),
          await answers(maskfeat, model, options, paths),
        ];
        const cosines = other.found
          .map(({ feature }, i) => cosine(feature, exact.found[i].feature))
          .sort((a, b) => a - b);
        const same = other.found.filter(({ label }, i) => label === exact.found[i].label).length;
        rows.push({
          ...{ name, device: options.device, variant: other.variant, dtype, images: paths.length },
          cosine: { median: cosines[cosines.length >> 1], least: cosines[0] },
          sameClass: same / paths.length,
        });
      }
    }
  }
  return rows;
}

export const accuracyTable = (rows) =>
  table(rows, {
    features: (row) => row.name,
    device: (row) => placeOf({ ...row, threads: undefined }),
    images: (row) => row.images,
    "cosine to f32, median": (row) => row.cosine.median.toFixed(6),
    least: (row) => row.cosine.least.toFixed(6),
    "same best class": (row) => `${Math.round(row.sameClass * row.images)} of ${row.images}`,
  });
