"""Writes test/fixtures/data.json: what Pillow, OpenCV, numpy, Python's random and PyTorch compute, for the tests of the data side.

Run with the versions named in the fixture (Debian 12: Pillow 9.4.0, OpenCV 4.6.0, numpy 1.24.2, torch 1.13); other builds of
OpenCV differ by one level in bicubic resize. Everything is deterministic: images are integer hashes of a name.

    python3 scripts/golden/data.py [--check]   # --check compares with the fixture instead of writing it
"""

import hashlib
import json
import math
import random
import sys
from pathlib import Path

import cv2
import numpy as np
import PIL
import torch
import torch.nn.functional as F
from PIL import Image

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "data.json"
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
LOG_ASPECT = (math.log(0.3), math.log(1 / 0.3))
PILLOW = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


# Images and numbers from names: FNV-1a of the name, then an integer hash of the index.

def u32(name, index):
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = (np.asarray(index, np.uint64) * 0x9E3779B9 + seed).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def fill(name, shape, offset, scale):
    sym = ((u32(name, np.arange(math.prod(shape))) >> np.uint32(8)).astype(np.float64) - 2**23) / 2**23
    return (offset + scale * sym).astype(np.float32).reshape(shape)


def noise(name, h, w):
    return (u32(name, np.arange(h * w * 3)) >> np.uint32(24)).astype(np.uint8).reshape(h, w, 3)


def smooth(name, h, w):
    side, gh, gw = 32, (h >> 5) + 2, (w >> 5) + 2
    ctrl = (u32(name + "/ctrl", np.arange(gh * gw * 3)) >> np.uint32(24)).astype(np.int64).reshape(gh, gw, 3)
    y, x = np.mgrid[:h, :w]
    gy, gx, fy, fx = y >> 5, x >> 5, (y & 31)[..., None], (x & 31)[..., None]
    v = ctrl[gy, gx] * (side - fx) * (side - fy) + ctrl[gy, gx + 1] * fx * (side - fy)
    v += ctrl[gy + 1, gx] * (side - fx) * fy + ctrl[gy + 1, gx + 1] * fx * fy
    grain = (u32(name + "/n", np.arange(h * w * 3)) >> np.uint32(28)).astype(np.int64).reshape(h, w, 3)
    return np.clip(((v + side * side // 2) >> 10) + grain - 8, 0, 255).astype(np.uint8)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def image(kind, w, h):
    return {"noise": noise, "smooth": smooth}[kind](f"{kind}{w}x{h}", h, w)


# Resize

SIZES = [  # (from w, h) -> (to w, h): down, up, odd, one axis, one pixel, strips
    (640, 480, 341, 256), (64, 48, 256, 192), (37, 53, 23, 71), (100, 75, 100, 30), (100, 75, 41, 75), (31, 17, 31, 17),
    (1, 1, 5, 7), (1, 9, 4, 3), (9, 1, 3, 4), (50, 40, 1, 1), (300, 2, 16, 16), (2, 300, 16, 16), (300, 1, 7, 1),
    (5, 5, 224, 224), (97, 101, 96, 100), (33, 65, 34, 66), (256, 256, 224, 224), (7, 1000, 3, 10), (3, 2, 2, 3), (129, 64, 13, 6),
    # Here OpenCV's integer rest of a row differs from its f32 columns.
    (1, 6, 9, 653), (1, 11, 13, 544), (225, 13, 1, 232), (165, 265, 7, 384),
]


def random_sizes(count):
    draw = random.Random(20)
    return [tuple(draw.choice([draw.randint(1, 12), draw.randint(1, 400)]) for _ in range(4)) for _ in range(count)]


def resizes(extra):
    rows = []
    for i, (w, h, to_w, to_h) in enumerate(SIZES + random_sizes(extra)):
        kind = ["noise", "smooth"][i % 2]
        source = image(kind, w, h)
        for interpolation, filter_ in PILLOW.items():
            result = np.asarray(Image.fromarray(source).resize((to_w, to_h), filter_))
            rows.append(["pillow", interpolation, kind, w, h, to_w, to_h, digest(result)])
        result = cv2.resize(source, (to_w, to_h), interpolation=cv2.INTER_CUBIC)
        rows.append(["cv2", "bicubic", kind, w, h, to_w, to_h, digest(result)])
    return rows


def preprocessed():
    """mmpretrain's test pipeline: ResizeEdge (Pillow), CenterCrop (half to even), normalise."""
    rows = []
    for w, h, edge, crop, interpolation in [
        (640, 480, 256, 224, "bilinear"), (333, 500, 256, 224, "bicubic"), (60, 47, 64, 56, "bilinear"),
        (45, 45, 45, 40, "bilinear"), (20, 30, 17, 24, "bicubic"), (9, 200, 8, 5, "bilinear"), (256, 300, 256, 225, "bilinear"),
        (45, 60, 45, 40, "bicubic"), (3, 8, 3, 2, "bilinear"), (4, 3, 3, 1, "bicubic"), (1, 50, 6, 4, "bicubic"),
    ]:
        source = image("smooth", w, h)
        to_w, to_h = (edge, int(edge * h / w)) if w < h else (int(edge * w / h), edge)
        resized = np.asarray(Image.fromarray(source).resize((to_w, to_h), PILLOW[interpolation]))
        top, left = max(0, round((to_h - crop) / 2)), max(0, round((to_w - crop) / 2))
        cut = resized[top : top + crop, left : left + crop]
        normal = ((cut.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)
        rows.append([w, h, edge, crop, interpolation, list(cut.shape[:2]), digest(cut), digest(normal)])
    return rows


# Masks: the published algorithms over the libraries' own random numbers

def sides(area, aspect):
    return int(round(math.sqrt(area * aspect))), int(round(math.sqrt(area / aspect)))


def put(mask, first, size, room):
    """Sets the block if it masks 1 to `room` new cells; returns how many."""
    view = mask[tuple(slice(a, a + n) for a, n in zip(first, size))]
    fresh = view.size - int(view.sum())
    if not 0 < fresh <= room:
        return 0
    view[...] = 1
    return fresh


def mmpretrain_block(mask, minimum, room):
    height, width = mask.shape
    for _ in range(10):
        area = np.random.uniform(minimum, room)
        h, w = sides(area, math.exp(np.random.uniform(*LOG_ASPECT)))
        if w < width and h < height:
            first = [np.random.randint(0, height - h), np.random.randint(0, width - w)]
            fresh = put(mask, first, (h, w), room)
            if fresh:
                return fresh
    return 0


def pyslowfast_block(mask, minimum, room):
    height, width = mask.shape
    for _ in range(10):
        area = random.uniform(minimum, room)
        h, w = sides(area, math.exp(random.uniform(*LOG_ASPECT)))
        if w < width and h < height:
            first = [random.randint(0, height - h), random.randint(0, width - w)]
            fresh = put(mask, first, (h, w), room)
            if fresh:
                return fresh
    return 0


def pyslowfast_cube(mask, minimum, room):
    depth, height, width = mask.shape
    for _ in range(100):
        area = random.uniform(minimum, height * width)
        h, w = sides(area, math.exp(random.uniform(*LOG_ASPECT)))
        t = random.randint(1, depth)
        if w < width and h < height:
            top, left = random.randint(0, height - h), random.randint(0, width - w)
            fresh = put(mask, [random.randint(0, depth - t), top, left], (t, h, w), room)
            if fresh:
                return fresh
    return 0


GENERATORS = {  # seeding, block, does it retry for ever
    "mmpretrain": (np.random.seed, mmpretrain_block, True),
    "pyslowfast": (random.seed, pyslowfast_block, False),
    "pyslowfast-cube": (random.seed, pyslowfast_cube, False),
}


def draw_mask(generator, grid, num, minimum):
    _, block, forever = GENERATORS[generator]
    mask, count = np.zeros(grid, np.uint8), 0
    while count < num:
        fresh = block(mask, minimum, num - count)
        if fresh == 0 and not forever:
            break
        count += fresh
    return mask


def masks(generator, grid, num, minimum, seeds, count=1):
    """Digest per seed of the `count` masks that follow from seeding once."""
    hashes = []
    for seed in range(seeds):
        GENERATORS[generator][0](seed)
        hashes.append(digest(np.stack([draw_mask(generator, grid, num, minimum) for _ in range(count)])))
    return {"generator": generator, "grid": grid, "num": num, "min": minimum, "count": count, "hashes": hashes}


def streams():
    """The first draws after seeding: random, then integers."""
    rows = []
    libraries = {"numpy": [0, 1, 5489, 2**32 - 1], "python": [0, 1, -7, 2**32, 2**53 - 1, 12345678901234567890123]}
    for library, seeds in libraries.items():
        for seed in seeds:
            (np.random.seed if library == "numpy" else random.seed)(seed)
            uniform = np.random.random_sample if library == "numpy" else random.random
            randint = np.random.randint if library == "numpy" else random.randint
            bounds = [(0, 1), (0, 2), (0, 13), (-5, 100), (0, 2**31), (7, 2**32 - 2)]
            integers = [int(randint(low, high)) for low, high in bounds * 20]
            far = [uniform() for _ in range(1300)][-3:]
            hashed = digest(np.array(integers, np.int64))
            rows.append({"library": library, "seed": str(seed), "bounds": bounds, "integers": hashed, "first": integers[:6], "far": far})
    return rows


# HOG

def gaussian(window):
    n = torch.arange(0, window).float()
    n = (n - n.mean()) / (window // 2)
    k = torch.exp(-0.5 * n**2)
    k = torch.outer(k, k)
    return k / k.sum()


def hog_cells(x, nbins, pool, window, normalize):
    """[3,H,W] f32 -> [3,nbins,gh,gw]."""
    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).view(1, 1, 3, 3)
    x = F.pad(torch.from_numpy(x)[:, None], (1, 1, 1, 1), mode="reflect")
    gx, gy = F.conv2d(x, kernel), F.conv2d(x, kernel.transpose(2, 3))
    weight = torch.stack([gx, gy], -1).norm(dim=-1)
    if window:
        weight = weight * gaussian(window).repeat(gx.shape[2] // window, gx.shape[3] // window)
    bins = (torch.atan2(gx, gy) / math.pi * nbins).floor().long() % nbins
    votes = torch.zeros(3, nbins, *gx.shape[2:]).scatter_add_(1, bins, weight)
    cells = votes.unfold(2, pool, pool).unfold(3, pool, pool).sum((-1, -2))
    return (F.normalize(cells, p=2, dim=1) if normalize else cells).numpy()


def hogs():
    rows = []
    for kind, h, w, options in [
        ("fill", 32, 32, {}),
        ("fill", 32, 48, {"gaussianWindow": 0}),
        ("fill", 24, 36, {"nbins": 4, "pool": 4, "gaussianWindow": 12}),
        ("fill", 14, 10, {"nbins": 36, "pool": 2, "gaussianWindow": 2}),
        ("fill", 16, 16, {"nbins": 1, "normalize": False}),
        ("fill", 30, 20, {"nbins": 7, "pool": 5, "gaussianWindow": 10, "normalize": False}),
        ("smooth", 64, 48, {}),
        ("noise", 48, 64, {"gaussianWindow": 0}),
        ("fill", 224, 224, {}),
        ("smooth", 224, 224, {}),
    ]:
        if kind == "fill":
            x = fill(f"hog{w}x{h}", (3, h, w), 0, 2)
        else:
            x = np.ascontiguousarray(((image(kind, w, h).astype(np.float32) - MEAN) / STD).transpose(2, 0, 1))
        settings = {"nbins": 9, "pool": 8, "gaussianWindow": 16, "normalize": True, **options}
        cells = hog_cells(x, *settings.values()).reshape(-1)
        step = max(1, cells.size // 500)  # about 500 values of each, spread over the tensor
        values = [float(np.format_float_positional(v, unique=True)) for v in cells[::step]]
        rows.append({"kind": kind, "h": h, "w": w, "options": settings, "step": step, "values": values})
    return rows


def picture(cells, pool):
    """mmpretrain's generate_hog_image: lines through each cell's corner, at k * 360 / nbins degrees."""
    _, nbins, gh, gw = cells.shape
    mean = torch.from_numpy(cells).mean(dim=0).numpy()
    mean /= mean.max()
    drawn = np.zeros((gh * pool, gw * pool))
    for y in range(gh):
        for x in range(gw):
            degrees = 0
            for k in range(nbins):
                magnitude, angle = float(mean[k, y, x]), math.radians(degrees)
                dy, dx = magnitude * (pool / 2) * math.cos(angle), magnitude * (pool / 2) * math.sin(angle)
                start, end = (int(x * pool + dx), int(y * pool + dy)), (int(x * pool - dx), int(y * pool - dy))
                cv2.line(drawn, start, end, int(255 * math.sqrt(max(magnitude, 0))))
                degrees += 360 / nbins
    return drawn.astype(np.float32)


def pictures():
    rows = []
    for nbins, pool, gh, gw in [(9, 8, 4, 4), (9, 8, 28, 28), (5, 16, 3, 7), (12, 4, 6, 2), (9, 7, 5, 5), (1, 8, 2, 2)]:
        cells = fill(f"picture{nbins}x{pool}", (3, nbins, gh, gw), 0.5, 0.5)
        rows.append([nbins, pool, gh, gw, digest(picture(cells, pool))])
    return rows


def fixture(random_resizes=20):
    versions = {"Pillow": PIL.__version__, "OpenCV": cv2.__version__, "numpy": np.__version__, "torch": torch.__version__}
    return {
        "versions": versions,
        "resizes": resizes(random_resizes),
        "preprocessed": preprocessed(),
        "streams": streams(),
        "masks": [
            masks("mmpretrain", (14, 14), 78, 15, 200),
            masks("mmpretrain", (14, 14), 75, 16, 10, count=5),
            masks("mmpretrain", (20, 9), 60, 4, 20),
            masks("pyslowfast", (14, 14), 78, 15, 100),
            masks("pyslowfast", (7, 7), 20, 4, 20, count=3),
            masks("pyslowfast-cube", (8, 7, 7), 157, 9, 100),
            masks("pyslowfast-cube", (4, 14, 6), 120, 10, 20, count=2),
        ],
        "hogs": hogs(),
        "pictures": pictures(),
    }


def encode(value):
    """JSON with one row a line, so that a change of one case is a change of one line."""
    parts = []
    for key, rows in value.items():
        body = json.dumps(rows) if isinstance(rows, dict) else "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]"
        parts.append(f"{json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    text = encode(fixture())
    if "--check" in sys.argv:
        sys.exit(0 if FIXTURE.read_text() == text else "the fixture differs from what the libraries here compute")
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(text)
