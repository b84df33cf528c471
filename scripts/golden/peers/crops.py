"""Which pixels reach the model: resize and centre crop of transformers, timm and mmpretrain.

Run it with transformers 5.24.0, timm 1.0.31, torch 2.15.0, torchvision 0.29.2 and nothing from the network:
    python scripts/golden/peers/crops.py > test/fixtures/peers/crops.json
A row is [width, height, edge, crop, filter, mode], then by library [left, top, hash]: where the library's own crop lies in the resized image
(negative where zeros are put in front), and the first digits of the SHA-256 of its u8 pixels. transformers' pixels are Pillow's resize (its
slow processors) behind the crop of its fast ones, which are the default: the slow ones agree in every byte unless an odd number of zeros is
put around, when they put the extra one in front. torch's own resize of bytes, which the fast ones use, differs from Pillow's by at most `fast`
levels. Pillow's is that of 9.4 (passes.py).
mmpretrain's rule is written out (mmcv's `imcrop` of `CenterCrop`: offsets by Python's round, cut to what exists).
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
import transformers
from PIL import Image
from timm.data import create_transform
from transformers import CLIPImageProcessor
from transformers.image_utils import SizeDict
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common  # noqa: E402
import peers.passes  # noqa: E402, F401

BICUBIC, BILINEAR = 3, 2
CASES = [
    (1920, 1080, 256, 224, BICUBIC, "center"),  # 16:9: the margin of 231 pixels halves to 115.5
    *[(w, h, 256, 224, BICUBIC, "center") for w, h in [(320, 180), (180, 320), (640, 427), (427, 640), (259, 257), (300, 299), (333, 251)]],
    *[(w, h, 248, 224, BICUBIC, "center") for w, h in [(320, 180), (250, 249), (301, 200), (200, 301), (499, 333)]],
    *[(w, h, 232, 225, BILINEAR, "center") for w, h in [(320, 180), (233, 232), (400, 301), (101, 100)]],
    *[(w, h, 57, 56, BILINEAR, "center") for w, h in [(57, 57), (58, 57), (59, 57), (60, 57), (61, 57), (57, 61), (57, 59)]],
    *[(w, h, 64, 56, BICUBIC, "center") for w, h in [(1000, 3), (3, 1000), (2000, 11), (7, 5), (1, 1)]],
    *[(w, h, edge, 56, BICUBIC, "center") for w, h in [(90, 60), (60, 91)] for edge in (40, 41, 55)],
    (50, 70, 20, 56, BILINEAR, "center"), (70, 200, 33, 56, BICUBIC, "center"),
    *[(w, h, edge, 56, BICUBIC, "squash") for w, h in [(90, 61), (31, 80)] for edge in (56, 57, 59, 64, 41, 40)],
]  # fmt: skip


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:8]


def coordinates(w, h):
    """u8 [h,w,3]: columns and rows counted from 1, so that 0 is padding; as two images of low and high digits."""
    y, x = np.mgrid[1 : h + 1, 1 : w + 1]
    low = np.stack([x % 256, y % 256, np.ones_like(x)], -1)
    high = np.stack([x // 256, y // 256, np.ones_like(x)], -1)
    return low.astype(np.uint8), high.astype(np.uint8)


def corner(w, h, crop):
    """Left and top of what `crop` makes of an image of w x h pixels."""
    low, high = (crop(part).astype(int) for part in coordinates(w, h))
    y, x = np.argwhere(low[..., 2])[0]
    return [int(low[y, x, i] + 256 * high[y, x, i]) - 1 - int(at) for i, at in ((0, x), (1, y))]


def by_transformers(image, edge, side, resample, mode):
    size = dict(shortest_edge=edge) if mode == "center" else dict(height=edge, width=edge)
    fields = dict(size=size, resample=resample, do_center_crop=True, crop_size=dict(height=side, width=side),
                  do_rescale=False, do_normalize=False, do_convert_rgb=True)  # fmt: skip
    slow, fast = CLIPImageProcessorPil(**fields), CLIPImageProcessor(**fields)
    whole = SizeDict(**fields["crop_size"])

    def crop(pixels):
        return fast.center_crop(torch.from_numpy(pixels.transpose(2, 0, 1)), whole).numpy().transpose(1, 2, 0)

    resized = slow.resize(image.transpose(2, 0, 1), slow.size, resample).transpose(1, 2, 0)
    made = crop(resized)
    h, w = resized.shape[:2]
    by_slow = np.asarray(slow(Image.fromarray(image)).pixel_values[0]).transpose(1, 2, 0)
    odd = any(length < side and (side - length) % 2 for length in (w, h))
    assert odd != np.array_equal(by_slow, made), (image.shape, edge, side)
    by_fast = np.asarray(fast(Image.fromarray(image), return_tensors="np").pixel_values[0]).transpose(1, 2, 0)
    return corner(w, h, crop) + [sha(made)], int(abs(by_fast.astype(int) - made).max())


def by_timm(image, edge, side, resample, mode):
    name = {BICUBIC: "bicubic", BILINEAR: "bilinear"}[resample]
    share = next(p for p in np.arange(side / edge - 1e-3, side / edge + 1e-2, 1e-5) if int(side / p) == edge)
    steps = create_transform((3, side, side), interpolation=name, crop_pct=float(share), crop_mode=mode).transforms[:2]
    resized = steps[0](Image.fromarray(image))
    made = np.asarray(steps[1](resized))

    def crop(pixels):
        return np.asarray(steps[1](Image.fromarray(pixels)))

    return corner(*resized.size, crop) + [sha(made), round(float(share), 5)]


def by_mmpretrain(image, edge, side, resample, mode):
    h, w = image.shape[:2]
    size = (edge, edge) if mode == "squash" else (edge, int(edge * h / w)) if w < h else (int(edge * w / h), edge)
    resized = np.asarray(Image.fromarray(image).resize(size, resample))
    h, w = resized.shape[:2]
    left, top = max(0, round((w - side) / 2)), max(0, round((h - side) / 2))
    return [left, top, sha(resized[top : top + side, left : left + side])]


def main():
    rows, fast = [], 0
    for w, h, *rest in CASES:
        image = common.noise("crops", h, w)
        ours, levels = by_transformers(image, *rest)
        fast = max(fast, levels)
        rows.append([[w, h, *rest], ours, by_timm(image, *rest), by_mmpretrain(image, *rest)])
    versions = dict(transformers=transformers.__version__, timm=timm.__version__, torch=torch.__version__)
    body = ",\n".join(json.dumps(row) for row in rows)
    print(f'{{"versions": {json.dumps(versions)}, "fast": {fast}, "rows": [\n{body}\n]}}')


main()
