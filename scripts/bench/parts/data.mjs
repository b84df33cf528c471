// The data side, against the reference and against sharp where they are here.

import { ratio, summary, takeTurns } from "../measure.mjs";
import { photograph, smallImage } from "../photo.mjs";
import { referenceHog } from "../python.mjs";
import { percent, table } from "../table.mjs";

const SECONDS = 4;

/** Contenders of one piece of work: a name, and how to start it. The first is what the ratios of the others are to. */
function groups({ start }) {
  const image = smallImage();
  return {
    "HOG of 224 x 224": {
      "maskfeat-wgpu": () => start({ work: "hog", image }),
      async "mmpretrain's HOGGenerator"() {
        const { version, ...contender } = await referenceHog();
        return { ...contender, note: `PyTorch ${version}` };
      },
    },
    "mask of 14 x 14": { "maskfeat-wgpu": () => start({ work: "mask" }) },
    "preprocess 640 x 480 pixels": {
      bilinear: () => start({ work: "preprocess", image }),
      bicubic: () => start({ work: "preprocess", image, options: { interpolation: "bicubic" } }),
    },
    "12-megapixel JPEG to 224 x 224": {
      "sharp: decode to raw, then resize": async () => start({ work: "photo, sharp", path: await photograph() }),
      "maskfeat-wgpu: decode, resize, normalise": async () => start({ work: "photo", path: await photograph() }),
      "sharp: shrink-on-load (other work)": async () =>
        start({ work: "photo, sharp, shrink-on-load", path: await photograph() }),
    },
  };
}

/** Rows `{ name, contender, threads, medianMs, spread, ratio }`, the ratio being to the first contender for the same work. */
export async function dataRows({ host, wanted, rounds, note }) {
  const start = async (spec) => {
    const { call, close } = await host.start("data.mjs", { entry: host.entry, ...spec });
    return { run: () => call("run"), close };
  };
  const rows = [];
  for (const [name, makers] of Object.entries(groups({ start }))) {
    if (!wanted(name)) continue;
    const contenders = [];
    for (const [contender, make] of Object.entries(makers)) {
      try {
        contenders.push({ contender, ...(await make()) });
      } catch (error) {
        note(`not measured: ${contender}: ${error.message}`);
      }
    }
    const times = await takeTurns(contenders, { rounds, seconds: SECONDS });
    for (const [i, { contender, note: about, close }] of contenders.entries()) {
      const title = about ? `${contender} (${about})` : contender;
      rows.push({ name, contender: title, threads: 1, ...summary(times[i]), ratio: ratio(times[i], times[0]) });
      close();
    }
  }
  return rows;
}

export const dataTable = (rows) =>
  table(rows, {
    work: (row) => row.name,
    by: (row) => row.contender,
    "median ms": (row) => row.medianMs,
    spread: (row) => percent(row.spread),
    "best ms": (row) => row.bestMs,
    "time to first": (row) => row.ratio,
  });
