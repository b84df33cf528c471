// Draws sdk/guide/hog.png, README's picture: image, mask and HOG target, the first three parts of what the command `reconstruct` draws.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";

const root = dirname(import.meta.dirname);
const folder = mkdtempSync(join(tmpdir(), "maskfeat-picture-"));
const input = join(root, "sdk/demo/samples/flower-red-alpha.png");
try {
  const args = [join(root, "dist/cli.js"), "reconstruct", input, "--seed", "3", "--out", folder, "--quiet"];
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`reconstruct failed with exit code ${status}; run \`npm run build\` first`);
  // three squares of 224 pixels with 8 between them; the fourth is the prediction, noise as long as the model is untrained
  const picture = sharp(join(folder, "picture.png")).extract({ left: 0, top: 0, width: 3 * 224 + 2 * 8, height: 224 });
  await picture.png({ compressionLevel: 9 }).toFile(join(root, "sdk/guide/hog.png"));
} finally {
  rmSync(folder, { recursive: true });
}
