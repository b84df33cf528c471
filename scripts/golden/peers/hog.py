"""Bins of HOG as PyTorch computes them, of photographs, noise, flat, stepped and ramp images: test/fixtures/peers/hog.json.

Run it with each PyTorch whose answers are to be kept; it needs numpy and Pillow besides, and no mmpretrain:

    /usr/bin/python3 scripts/golden/peers/hog.py        # Debian 12: torch 1.13
    python scripts/golden/peers/hog.py                  # of an environment with torch 2.15

Both with the vector instructions of AVX2: with ATEN_CPU_CAPABILITY=default the arc tangent is the C library's, which puts some ties at 45 and
90 degrees into another bin (of 6 and 12; never of 9).

A run adds its version, or checks that what it computes is what the file holds: all versions must agree. `--fresh` starts the file anew.
Kept are the first 16 hex digits of the SHA-256 of the bins, u8 [3,H,W], a pixel without gradient in bin 0; and by how much the cells that
this PyTorch sums and scales itself, with cells of 8 and with and without a window of 16, are from the same votes summed in float64.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common  # noqa: E402

FILE = common.ROOT / "test" / "fixtures" / "peers" / "hog.json"
SAMPLES = common.ROOT / "sdk" / "demo" / "samples"
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
BINS = (6, 9, 12)

# kind, width, height, what the kind needs. Photographs are cut out of the middle of a sample; their EXIF turn is not applied.
IMAGES = [
    ("photo", 256, 192, "city-day.png"),
    ("photo", 224, 208, "city-night.jpg"),
    ("photo", 240, 240, "flower-blue.webp"),
    ("photo", 176, 176, "flower-red-alpha.png"),
    ("photo", 224, 224, "sand-gray.jpg"),
    ("photo", 224, 224, "sky-dusk-progressive.jpg"),
    ("photo", 224, 224, "sky-noon-p3.jpg"),
    ("photo", 224, 192, "wood-oak.jpg"),
    ("noise", 224, 224),
    ("noise", 48, 80),
    ("smooth", 224, 224),
    ("smooth", 96, 64),
    ("fill", 64, 64),
    ("fill", 32, 48),
    *[("levels", 64, 64, count) for count in (2, 3, 4, 8)],
    *[("constant", 32, 32, colour) for colour in ([0, 0, 0], [255, 255, 255], [127, 64, 200], [1, 2, 3])],
    *[("steps", 64, 48, step) for step in ([1, 0, 5, 40], [0, 1, 7, 30], [1, 1, 6, 20], [1, -1, 6, 20], [2, 1, 9, 17], [-1, 3, 11, 25])],
    *[("ramp8", 48, 48, list(way)) for way in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, -1), (2, 1), (-1, 2), (3, -2))],
]


def bytes_of(kind, w, h, values):
    """u8 RGB [h,w,3]."""
    if kind == "photo":
        with Image.open(SAMPLES / values) as file:
            rgb = np.asarray(file.convert("RGBA" if "alpha" in values else "RGB"))[..., :3]
        top, left = (rgb.shape[0] - h) // 2, (rgb.shape[1] - w) // 2
        return rgb[top : top + h, left : left + w]
    if kind in ("noise", "smooth"):
        return getattr(common, kind)(f"{kind}{w}x{h}", h, w)
    if kind == "levels":  # noise of so many levels
        return (common.noise(f"levels{w}x{h}", h, w).astype(int) * values // 256 * (255 // (values - 1))).astype(np.uint8)
    if kind == "constant":
        return np.full((h, w, 3), values, np.uint8)
    y, x = np.mgrid[:h, :w]
    if kind == "ramp8":
        plane = values[0] * x + values[1] * y + 128
    else:  # steps of a size in pixels and a height in levels
        dx, dy, size, height = values
        plane = (dx * x + dy * y) // size * height + 128
    return np.repeat(plane.clip(0, 255).astype(np.uint8)[..., None], 3, 2)


def image(kind, w, h, values):
    """f32 [3,h,w], normalised."""
    if kind == "fill":
        return common.fill(f"hog{w}x{h}", (3, h, w), 0, 2)
    return np.ascontiguousarray(((bytes_of(kind, w, h, values).astype(np.float32) - MEAN) / STD).transpose(2, 0, 1))


def votes(x, nbins):
    """Magnitudes and bins [3,h,w] of f32 [3,h,w]: Sobel's filters, each channel by itself, and an unsigned orientation."""
    kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    padded = F.pad(torch.from_numpy(x)[None], (1, 1, 1, 1), mode="reflect")
    gx = F.conv2d(padded, kernel.repeat(3, 1, 1, 1), groups=3)
    gy = F.conv2d(padded, kernel.t().repeat(3, 1, 1, 1), groups=3)
    size = torch.stack([gx, gy], dim=-1).norm(dim=-1)
    phase = torch.atan2(gx, gy) / math.pi * nbins
    return size[0], torch.where(size > 0, phase.floor() % nbins, torch.zeros_like(phase))[0].long()


def bell(window, dtype):
    n = (torch.arange(window, dtype=dtype) - (window - 1) / 2) / (window // 2)
    k = torch.exp(-(n**2) / 2)
    square = k[:, None] * k[None, :]
    return square / square.sum()


def cells(size, bins, nbins, window, dtype):
    """[3,nbins,h/8,w/8], of length 1 over the bins."""
    _, h, w = size.shape
    size = size.to(dtype)
    if window:
        size = size * bell(window, dtype).repeat(h // window, w // window)
    spread = torch.zeros(3, nbins, h, w, dtype=dtype).scatter_add_(1, bins[:, None], size[:, None])
    return F.normalize(spread.unfold(2, 8, 8).unfold(3, 8, 8).sum(dim=(-1, -2)), p=2, dim=1)


def rows():
    found, far = [], 0.0
    for kind, w, h, *values in IMAGES:
        values = values[0] if values else None
        x = image(kind, w, h, values)
        hashes = []
        for nbins in BINS:
            size, bins = votes(x, nbins)
            hashes.append(common.digest(bins.numpy().astype(np.uint8))[:16])
            for window in (0, 16):
                own, exact = (cells(size, bins, nbins, window, dtype) for dtype in (torch.float32, torch.float64))
                far = max(far, float((own.double() - exact).abs().max()))
        found.append([kind, w, h, values, common.digest(x)[:16], hashes])
    return found, far


def main():
    found, far = rows()
    kept = json.loads(FILE.read_text()) if FILE.exists() and "--fresh" not in sys.argv else {"torch": {}, "bins": list(BINS), "images": found}
    for row, old in zip(found, kept["images"]):
        if row != old:
            print(f"torch {torch.__version__}: {row} where the file has {old}")
    if found != kept["images"]:
        sys.exit(f"torch {torch.__version__} differs: nothing written")
    kept["torch"][torch.__version__] = far
    FILE.write_text(common.encode_json(kept))
    print(f"torch {torch.__version__}: {len(found)} images of {len(BINS)} numbers of bins, cells within {far}")


main()
