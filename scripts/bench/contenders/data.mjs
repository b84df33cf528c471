// The data side: what happens to images before a model sees them, by this package and by sharp.

/** What one time is taken of: as many calls as take about this long. */
const SAMPLE_MS = 5;

/** Size of the photograph's shorter edge and of the square cut out of it, as the package's own pipeline has them. */
const [EDGE, SIDE] = [256, 224];

const imageOf = ({ pixels, width, height }) => ({ data: pixels, width, height });

/** Work by name; each gets what `open` was given and gives a function to time. */
const works = {
  async hog({ entry, image }) {
    const { hog, preprocess } = await import(entry);
    const input = preprocess(imageOf(image));
    return () => hog(input);
  },
  async mask({ entry }) {
    const { blockMask } = await import(entry);
    let seed = 0;
    return () => blockMask({ seed: seed++ });
  },
  async preprocess({ entry, image, options }) {
    const { preprocess } = await import(entry);
    return () => preprocess(imageOf(image), options);
  },
  async photo({ entry, path }) {
    const { decode, preprocess } = await import(entry);
    return async () => preprocess(await decode(path));
  },
  async "photo, sharp"({ path }) {
    const { default: sharp } = await import("sharp");
    return async () => {
      const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
      await cutOut(sharp(data, { raw: info }), info)
        .raw()
        .toBuffer();
    };
  },
  async "photo, sharp, shrink-on-load"({ path }) {
    const { default: sharp } = await import("sharp");
    const info = await sharp(path).metadata();
    return () => cutOut(sharp(path), info).raw().toBuffer();
  },
};

/** The same pixels as the package's pipeline keeps, by the same kind of filter. */
function cutOut(image, { width, height }) {
  const scale = EDGE / Math.min(width, height);
  const [w, h] = [Math.trunc(width * scale), Math.trunc(height * scale)];
  const region = { left: (w - SIDE) >> 1, top: (h - SIDE) >> 1, width: SIDE, height: SIDE };
  return image.resize({ width: w, height: h, fit: "fill", kernel: "linear" }).extract(region);
}

export async function open(spec) {
  const work = await works[spec.work](spec);
  let start = performance.now();
  for (let i = 0; i < 3; i++) await work();
  const calls = Math.ceil(SAMPLE_MS / ((performance.now() - start) / 3));
  return {
    /** Milliseconds of one call: the mean of some that follow each other. */
    async run() {
      start = performance.now();
      for (let i = 0; i < calls; i++) await work();
      return (performance.now() - start) / calls;
    },
  };
}
