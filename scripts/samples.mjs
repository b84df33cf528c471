// Draws the sample images in sdk/demo/samples/. All of it is computed from seeds here: nothing in the pictures is anyone else's.
// They come in pairs (sky, wood, flower, city), so that a matrix of similarities has something to show, and in the kinds of files that
// decoders get wrong: progressive, EXIF orientation, colour profile, grey, alpha, palette.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { dice } from "./fuzz/random.mjs";

const folder = join(dirname(import.meta.dirname), "sdk/demo/samples");

const clamp = (x) => Math.min(1, Math.max(0, x));
const mix = (a, b, t) => a.map((value, i) => value + (b[i] - value) * t);
const rgb = (hex) => [16, 8, 0].map((shift) => (hex >> shift) & 255);

/** A generator of numbers in [0, 1). */
function random(seed) {
  const draw = dice(seed);
  return () => draw(2 ** 32) / 2 ** 32;
}

/** Smooth noise in [0, 1) with features of size 1 (value noise on a lattice). */
function valueNoise(seed) {
  const corner = (x, y) => random(seed + Math.imul(x, 374761393) + Math.imul(y, 668265263))();
  return (x, y) => {
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const [u, v] = [x - x0, y - y0].map((t) => t * t * (3 - 2 * t));
    const top = corner(x0, y0) * (1 - u) + corner(x0 + 1, y0) * u;
    const bottom = corner(x0, y0 + 1) * (1 - u) + corner(x0 + 1, y0 + 1) * u;
    return top * (1 - v) + bottom * v;
  };
}

/** Noise with ever finer detail, in [0, 1). */
function fractal(seed, octaves = 5) {
  const noise = valueNoise(seed);
  return (x, y) => {
    let sum = 0;
    for (let k = 0; k < octaves; k++) sum += noise(x * 2 ** k + 17 * k, y * 2 ** k) / 2 ** (k + 1);
    return sum / (1 - 2 ** -octaves);
  };
}

/** An image whose pixel at (x, y) is `colour(x, y)`, an RGB triple. */
function paint(width, height, colour) {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Sky with clouds and a sun over three ridges of hills. */
function sky(width, height, seed, { zenith, horizon, cloud, sun, hills, sunAt }) {
  const clouds = fractal(seed);
  const ridge = fractal(seed + 1, 6);
  return paint(width, height, (x, y) => {
    for (let k = 2; k >= 0; k--) {
      const top = height * (0.6 + 0.13 * k) - height * 0.24 * (ridge(x / 75 + 40 * k, k) - 0.35);
      if (y > top) return mix(rgb(hills[k]), rgb(horizon), clamp(0.3 - 0.12 * k - (y - top) / height));
    }
    let colour = mix(rgb(zenith), rgb(horizon), clamp((y / height) * 1.6) ** 1.2);
    const distance = Math.hypot(x - width * sunAt[0], y - height * sunAt[1]) / height;
    colour = mix(colour, rgb(sun), clamp(0.75 * Math.exp(-distance * 5) + (distance < 0.07 ? 1 : 0)));
    return mix(colour, rgb(cloud), clamp(3 * (clouds(x / 90, y / 28) - 0.52)) * 0.85);
  });
}

/** Planks of wood, upright: rings of a stretched noise, streaks along the grain, dark joints. */
function wood(width, height, seed, { light, dark, plank }) {
  const grain = fractal(seed, 4);
  const streak = fractal(seed + 1, 3);
  return paint(width, height, (x, y) => {
    const board = Math.floor(x / plank);
    const rings = 0.5 + 0.5 * Math.sin(60 * grain(x / 90 + board * 9, y / 420 + board * 5));
    const fine = streak(x / 2.2, y / 60);
    const tone = clamp(0.5 * rings + 0.55 * fine - 0.12 + 0.16 * (random(seed + board)() - 0.5));
    const joint = Math.min(x % plank, plank - 1 - (x % plank));
    return mix(rgb(light), rgb(dark), tone).map((value) => value * (joint < 1 ? 0.35 : joint < 2 ? 0.8 : 1));
  });
}

/** Sand in grey: ripples that wind over broad swells, steep on the side away from the light. */
function sand(width, height, seed) {
  const swell = fractal(seed, 3);
  const bend = fractal(seed + 1, 3);
  const grains = random(seed);
  return paint(width, height, (x, y) => {
    const phase = y / 2.6 + x / 9 + 34 * bend(x / 130, y / 170);
    const ripple = Math.sin(phase + 0.6 * Math.sin(phase));
    const light = 142 + 46 * ripple + 150 * (swell(x / 110, y / 90) - 0.5) + 14 * (grains() - 0.5);
    return [light, light, light];
  });
}

const svg = (width, height, body) =>
  sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`))
    .removeAlpha()
    .toColourspace("srgb");

/** A flower of two rings of petals on a stem. */
function flower(size, { petals, outer, inner, eye, back, leaf }) {
  const ring = (count, length, breadth, fill, turn) => {
    const shape = `cx="0" cy="${-length * 0.62}" rx="${breadth}" ry="${length * 0.5}" fill="${fill}" stroke="#0003"`;
    const angles = Array.from({ length: count }, (_, i) => turn + (360 * i) / count);
    return angles.map((angle) => `<ellipse ${shape} transform="rotate(${angle})"/>`).join("");
  };
  return svg(
    size,
    size,
    `<defs><radialGradient id="b"><stop offset="0" stop-color="${back[0]}"/><stop offset="1" stop-color="${back[1]}"/></radialGradient>
     <radialGradient id="p" cx="0.5" cy="1" r="1"><stop offset="0" stop-color="${inner}"/><stop offset="1" stop-color="${outer}"/></radialGradient></defs>
     <rect width="${size}" height="${size}" fill="url(#b)"/>
     <g transform="translate(${size * 0.5} ${size * 0.44}) scale(${size / 200})">
       <path d="M0 0 Q14 70 -6 130" stroke="${leaf}" stroke-width="7" fill="none"/>
       <path d="M3 84 Q44 44 70 66 Q46 100 3 84Z" fill="${leaf}"/><path d="M2 96 Q-42 62 -66 92 Q-36 116 2 96Z" fill="${leaf}"/>
       ${ring(petals, 78, 19, "url(#p)", 0)}${ring(petals, 54, 14, "url(#p)", 180 / petals)}
       <circle r="17" fill="${eye}"/><circle r="10" fill="#0002"/>
     </g>`,
  );
}

/** A row of towers with lit windows under a moon or sun. */
function city(width, height, seed, { top, bottom, light, towers, lit, unlit, share }) {
  const next = random(seed);
  let body = `<defs><linearGradient id="s" x2="0" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#s)"/><circle cx="${width * 0.78}" cy="${height * 0.2}" r="${height * 0.085}" fill="${light}"/>`;
  for (let x = -6; x < width; ) {
    const breadth = 26 + 7 * Math.floor(5 * next());
    const tall = Math.round(height * (0.3 + 0.45 * next()));
    body += `<rect x="${x}" y="${height - tall}" width="${breadth}" height="${tall}" fill="${towers[Math.floor(next() * towers.length)]}"/>`;
    for (let wy = height - tall + 7; wy < height - 8; wy += 11) {
      for (let wx = x + 5; wx < x + breadth - 6; wx += 8) {
        body += `<rect x="${wx}" y="${wy}" width="4" height="6" fill="${next() < share ? lit : unlit}"/>`;
      }
    }
    x += breadth + 3;
  }
  return svg(width, height, body);
}

const [dusk, noon] = [
  { zenith: 0x2b2a5c, horizon: 0xf6a45c, cloud: 0xe8788a, sun: 0xfff0c0, sunAt: [0.68, 0.42] },
  { zenith: 0x2f74c8, horizon: 0xcfe6f5, cloud: 0xffffff, sun: 0xfffbe6, sunAt: [0.25, 0.18] },
];
dusk.hills = [0x4d3a5e, 0x33284a, 0x1b1730];
noon.hills = [0x7fa08e, 0x4f8060, 0x2d5a3a];
const [red, blue] = [
  { petals: 9, outer: "#d81e4a", inner: "#ffb35c", eye: "#5a2a12", back: ["#fdf3d8", "#b9d8b0"], leaf: "#2f7d3b" },
  { petals: 12, outer: "#3447c4", inner: "#b6d4ff", eye: "#f2c12e", back: ["#f4ecff", "#c9b3dc"], leaf: "#3c7a58" },
];
const [night, day] = [
  { top: "#0b1030", bottom: "#3d2b63", light: "#f4f0d8", lit: "#ffd46b", unlit: "#272d52", share: 0.45 },
  { top: "#5aa9e6", bottom: "#fbe9c6", light: "#ffe66d", lit: "#fdfdf5", unlit: "#33424f", share: 0.3 },
];
night.towers = ["#161a33", "#1f2444", "#10142a"];
day.towers = ["#c8553d", "#588b8b", "#f28f3b", "#8d8a99"];
const [oak, walnut] = [
  { light: 0xe2b778, dark: 0x8a5526, plank: 75 },
  { light: 0x9a6a48, dark: 0x33190e, plank: 67 },
];

/** Upright, 200 wide: stored turned by 90 degrees, which its EXIF orientation undoes. */
async function turned(image) {
  const upright = await image.png().toBuffer();
  return sharp(upright).rotate(270).withMetadata({ orientation: 6 });
}

/** Opaque in the middle, transparent towards the corners; the colours below are whole, as decoders that drop alpha show them. */
function faded(image, size) {
  const alpha = new Uint8Array(size * size).map((_, i) => {
    const distance = Math.hypot((i % size) - size / 2, Math.floor(i / size) - size / 2) / (size / 2);
    return Math.round(255 * clamp(3.2 - 3 * distance));
  });
  return image.joinChannel(alpha, { raw: { width: size, height: size, channels: 1 } });
}

const images = {
  "city-day.png": city(280, 200, 5, day).png({ palette: true, colours: 64 }),
  "city-night.jpg": city(320, 214, 8, night).jpeg({ quality: 82 }),
  "sand-gray.jpg": sand(256, 256, 4).greyscale().jpeg({ quality: 80 }),
  "flower-blue.webp": flower(240, blue).webp({ quality: 84 }),
  "flower-red-alpha.png": faded(flower(176, red), 176).png({ compressionLevel: 9 }),
  "sky-dusk-progressive.jpg": sky(336, 224, 21, dusk).jpeg({ quality: 84, progressive: true }),
  "sky-noon-p3.jpg": sky(256, 288, 33, noon).withIccProfile("p3").jpeg({ quality: 84 }),
  "wood-oak.jpg": wood(300, 200, 7, oak).jpeg({ quality: 78, chromaSubsampling: "4:4:4" }),
  "wood-walnut-exif6.jpg": (await turned(wood(200, 260, 9, walnut))).jpeg({ quality: 80 }),
};

mkdirSync(folder, { recursive: true });
for (const [name, image] of Object.entries(images)) {
  const { size, width, height } = await image.toFile(join(folder, name));
  console.log(`${name.padEnd(26)} ${width}x${height} ${size} bytes`);
}
