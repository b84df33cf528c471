"""Goldens of the data side: image files, decoding, resizing, crops, normalising, masks, random numbers, HOG.

mmpretrain's own transforms and preprocessors do the work; what it has no code for (plain resizes, PySlowFast's masks) is called or
written out here. Images go in with blue and red exchanged, as mmpretrain loads them.
"""

import random

import cv2
import numpy as np
import torch
from mmpretrain.registry import MODELS, TRANSFORMS
from mmpretrain.utils import register_all_modules
from PIL import Image

import common
import descriptors
import images
import slowfast
from common import Golden

register_all_modules()

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
PILLOW = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SAMPLES = common.ROOT / "sdk" / "demo" / "samples"


def digest(array):
    return common.digest(array)[:16]


def picture(kind, w, h):
    """u8 RGB [h,w,3]."""
    return {"noise": common.noise, "smooth": common.smooth}[kind](f"{kind}{w}x{h}", h, w)


def transformed(steps, rgb):
    """RGB after mmpretrain's transforms, which work on BGR."""
    results = dict(img=np.ascontiguousarray(rgb[..., ::-1]))
    for step in steps:
        results = step.transform(results)
    return np.ascontiguousarray(results["img"][..., ::-1])


def normalized(rgb):
    """f32 [1,3,h,w] of both of mmpretrain's preprocessors, of pre-training and of classification, which must agree."""
    bgr = torch.from_numpy(np.ascontiguousarray(rgb[..., ::-1].transpose(2, 0, 1)))[None]
    pretraining = MODELS.build(dict(type="SelfSupDataPreprocessor", mean=MEAN, std=STD, bgr_to_rgb=True))
    classifying = MODELS.build(dict(type="ClsDataPreprocessor", mean=MEAN, std=STD, to_rgb=True))
    a = pretraining(dict(inputs=bgr.clone(), data_samples=None))["inputs"]
    b = classifying(dict(inputs=bgr.clone()))["inputs"]
    assert torch.equal(a, b)
    return a.numpy()


# Decoding


def decoded(files):
    rows = []
    for name, data in files:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        rows.append([name, bgr.shape[1], bgr.shape[0], digest(bgr[..., ::-1])])
    return rows


# Resizing

QUICK_SIZES = [(640, 480, 341, 256), (64, 48, 256, 192), (37, 53, 23, 71), (1, 9, 4, 3), (300, 2, 16, 16), (129, 64, 13, 6)]
SIZES = [  # (from w, h) -> (to w, h): down, up, odd, one axis, one pixel, strips
    (100, 75, 100, 30), (100, 75, 41, 75), (31, 17, 31, 17), (1, 1, 5, 7), (9, 1, 3, 4), (50, 40, 1, 1), (2, 300, 16, 16),
    (300, 1, 7, 1), (1, 300, 1, 7), (5, 5, 224, 224), (97, 101, 96, 100), (33, 65, 34, 66), (256, 256, 224, 224), (7, 1000, 3, 10),
    (3, 2, 2, 3), (500, 375, 341, 256), (224, 224, 448, 448), (2, 2, 3, 3), (1000, 4, 999, 5),
    # Here OpenCV's integer rest of a row differs from its f32 columns.
    (1, 6, 9, 653), (1, 11, 13, 544), (225, 13, 1, 232), (165, 265, 7, 384),
]


def random_sizes(count):
    draw = random.Random(20)
    return [tuple(draw.choice([draw.randint(1, 12), draw.randint(1, 400)]) for _ in range(4)) for _ in range(count)]


def resizes(sizes):
    rows = []
    for i, (w, h, to_w, to_h) in enumerate(sizes):
        kind = ["noise", "smooth"][i % 2]
        source = picture(kind, w, h)
        for interpolation, method in PILLOW.items():
            result = np.asarray(Image.fromarray(source).resize((to_w, to_h), method))
            rows.append(["pillow", interpolation, kind, w, h, to_w, to_h, digest(result)])
        result = cv2.resize(source, (to_w, to_h), interpolation=cv2.INTER_CUBIC)
        rows.append(["cv2", "bicubic", kind, w, h, to_w, to_h, digest(result)])
    return rows


# The test pipeline and normalising

QUICK_PIPELINES = [(640, 480, 256, 224, "bilinear"), (333, 500, 256, 224, "bicubic"), (45, 60, 45, 40, "bicubic")]
PIPELINES = [
    (60, 47, 64, 56, "bilinear"), (45, 45, 45, 40, "bilinear"), (20, 30, 17, 24, "bicubic"), (9, 200, 8, 5, "bilinear"),
    (256, 300, 256, 225, "bilinear"), (3, 8, 3, 2, "bilinear"), (4, 3, 3, 1, "bicubic"), (1, 50, 6, 4, "bicubic"),
    (256, 256, 256, 224, "bilinear"), (500, 375, 256, 224, "bilinear"), (375, 500, 256, 224, "bicubic"), (224, 224, 224, 224, "bilinear"),
    (100, 101, 64, 56, "bilinear"), (101, 100, 64, 56, "bicubic"), (1024, 768, 256, 224, "bilinear"), (97, 31, 32, 32, "bilinear"),
    (17, 400, 32, 28, "bicubic"), (2, 2, 256, 224, "bilinear"),
]  # fmt: skip


def preprocessed(pipelines):
    rows = []
    for w, h, edge, crop, interpolation in pipelines:
        resize = dict(type="ResizeEdge", scale=edge, edge="short", backend="pillow", interpolation=interpolation)
        steps = [TRANSFORMS.build(resize), TRANSFORMS.build(dict(type="CenterCrop", crop_size=crop))]
        cut = transformed(steps, picture("smooth", w, h))
        rows.append([w, h, edge, crop, interpolation, list(cut.shape[:2]), digest(cut), digest(normalized(cut))])
    return rows


def normalizings(sizes):
    return [["noise", w, h, digest(normalized(picture("noise", w, h)))] for w, h in sizes]


# Random crops

CROPS = {"cv2": (0.5, 1.0), "pillow": (0.08, 1.0)}  # pre-training, fine-tuning: backend, share of the area
QUICK_CROPS = [(333, 250), (40, 900)]
# In long images every attempt may fail, and the middle is taken.
CROP_SIZES = [(640, 480), (375, 500), (224, 224), (31, 47), (5, 7), (1, 1), (2, 90), (300, 2), (10, 1000), (1500, 30), (100, 74), (77, 103)]


def random_crops(sizes, seeds, size, kind="smooth"):
    """Of each seed: the region drawn, an integer that is drawn next, and the hash of the result."""
    rows = []
    for backend, ratios in CROPS.items():
        options = dict(type="RandomResizedCrop", scale=size, crop_ratio_range=ratios, interpolation="bicubic", backend=backend)
        step = TRANSFORMS.build(options)
        for w, h in sizes:
            source, drawn = picture(kind, w, h), []
            for seed in range(seeds):
                np.random.seed(seed)
                top, left, height, width = step.rand_crop_params(source)
                np.random.seed(seed)
                result = transformed([step], source)
                drawn.append([left, top, width, height, int(np.random.randint(0, 2**31)), digest(result)])
            rows.append([backend, list(ratios), kind, w, h, size, drawn])
    return rows


# Masks


def beit_masks(grid, num, minimum, seeds, count):
    step = TRANSFORMS.build(dict(type="BEiTMaskGenerator", input_size=grid, num_masking_patches=num, min_num_patches=minimum))
    for seed in seeds:
        np.random.seed(seed)
        yield np.stack([step.transform({})["mask"] for _ in range(count)]).astype(np.uint8)


GENERATORS = {"mmpretrain": beit_masks, "pyslowfast": slowfast.masks, "pyslowfast-cube": slowfast.cubes}


def masks(generator, grid, num, minimum, seeds, count=1):
    """Of each seed the hash of the `count` masks that follow from seeding once."""
    drawn = GENERATORS[generator](grid, num, minimum, seeds, count)
    row = dict(generator=generator, grid=grid, num=num, min=minimum, count=count, first=seeds[0])
    return {**row, "hashes": [digest(mask) for mask in drawn]}


def full_masks():
    rows = [masks("mmpretrain", (14, 14), 78, 15, range(first, first + 100)) for first in range(100, 600, 100)]
    rows += [masks("pyslowfast", (14, 14), 78, 15, range(first, first + 50)) for first in range(50, 250, 50)]
    rows += [masks("pyslowfast-cube", (8, 7, 7), 157, 9, range(first, first + 50)) for first in range(50, 250, 50)]
    return rows + [
        masks("mmpretrain", (14, 14), 75, 16, range(10), count=5),
        masks("mmpretrain", (14, 14), 78, 15, range(2**32 - 5, 2**32)),
        masks("mmpretrain", (20, 9), 60, 4, range(20)),
        masks("mmpretrain", (7, 31), 100, 10, range(20)),
        masks("pyslowfast", (7, 7), 20, 4, range(20), count=3),
        masks("pyslowfast", (5, 21), 40, 6, range(20)),
        masks("pyslowfast-cube", (4, 14, 6), 120, 10, range(20), count=2),
        masks("pyslowfast-cube", (2, 14, 14), 157, 39, range(20)),
    ]


# Random numbers


def streams(seeds_of):
    """After seeding 120 integers, of which the first six are shown, then 1300 doubles."""
    rows = []
    for library, seeds in seeds_of.items():
        for seed in seeds:
            (np.random.seed if library == "numpy" else random.seed)(seed)
            uniform = np.random.random_sample if library == "numpy" else random.random
            randint = np.random.randint if library == "numpy" else random.randint
            bounds = [(0, 1), (0, 2), (0, 13), (-5, 100), (0, 2**31), (7, 2**32 - 2)]
            integers = [int(randint(low, high)) for low, high in bounds * 20]
            hashes = [digest(np.array(integers, np.int64)), digest(np.array([uniform() for _ in range(1300)]))]
            rows.append([library, str(seed), bounds, integers[:6], *hashes])
    return rows


def quick():
    samples = [(path.name, path.read_bytes()) for path in sorted(SAMPLES.iterdir()) if path.suffix in (".jpg", ".png", ".webp")]
    return {
        "decoded": decoded(samples),
        "resizes": resizes(QUICK_SIZES),
        "randomResizes": [],
        "preprocessed": preprocessed(QUICK_PIPELINES),
        "normalized": normalizings([(64, 48)]),
        "randomCrops": random_crops(QUICK_CROPS, 5, 112),
        "masks": [
            masks("mmpretrain", (14, 14), 78, 15, range(100)),
            masks("pyslowfast", (14, 14), 78, 15, range(50)),
            masks("pyslowfast-cube", (8, 7, 7), 157, 9, range(50)),
        ],
        "streams": streams({"numpy": [0], "python": [12345678901234567890123]}),
        "pictures": descriptors.pictures([(9, 8, 28, 28)]),
    }


def full(files):
    return {
        "decoded": decoded(files),
        "resizes": resizes(SIZES),
        "randomResizes": resizes(random_sizes(500)),
        "preprocessed": preprocessed(PIPELINES),
        "normalized": normalizings([(256, 256), (1, 1), (37, 53), (224, 224), (300, 7)]),
        "randomCrops": random_crops(CROP_SIZES, 10, 224) + random_crops(CROP_SIZES, 5, 57, "noise"),
        "masks": full_masks(),
        "streams": streams({"numpy": [1, 5489, 2**32 - 1], "python": [0, 1, -7, 2**32, 2**53 - 1]}),
        "pictures": descriptors.pictures([(9, 8, 4, 4), (5, 16, 3, 7), (12, 4, 6, 2), (9, 7, 5, 5), (2, 8, 2, 2), (36, 8, 7, 7)]),
    }


def goldens():
    files = images.files()
    for name, data in files:
        yield Golden(f"full/images/{name}", "an image file, drawn by scripts/golden/images.py", raw=data)
    yield Golden("quick/pipeline.json", "hashes of decoded, resized, cropped and normalised images, masks and random numbers", quick())
    yield Golden("full/pipeline.json", "the same of more and odder images, masks and seeds; none of the quick ones", full(files))
    yield from descriptors.goldens()
