"""Which kinds of image processor of transformers do the plain steps (resize, centre crop, rescale, normalise), and what a plain one gives.

Run it with transformers 5.24.0, torch 2.15.0, torchvision 0.29.2 and nothing from the network:
    python scripts/golden/peers/processors.py > test/fixtures/peers/processors.json
`files` are preprocessor_config.json without a kind. A row of `kinds` has a name, and for each file whether the kind gives its pixels as the
plain steps do: 1, 0 if they differ, null if it takes no such file. A kind is asked in its slow form (Pillow) where it has one; a fast one may
differ by 3 levels. Resizes are Pillow 9.4's (passes.py). `pixels` has for each file the hash of the bytes before normalising, and three normalised numbers of the middle.
"""

import glob
import hashlib
import importlib
import inspect
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import transformers
from PIL import Image
from transformers.image_processing_utils import BaseImageProcessor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common  # noqa: E402
import peers.passes  # noqa: E402, F401

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

STEPS = dict(do_resize=True, resample=3, do_center_crop=False, do_rescale=True, rescale_factor=1 / 255, do_normalize=True,
             image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])  # fmt: skip
CROP = dict(do_center_crop=True, crop_size=dict(height=56, width=56))
EDGE, SQUARE = dict(size=dict(shortest_edge=64)), dict(size=dict(height=64, width=64))
FILES = [
    {**STEPS, "size": dict(height=56, width=56)},
    {**STEPS, **EDGE, **CROP},
    {**STEPS, **SQUARE, **CROP, "resample": 2},
    {**STEPS, **EDGE, **CROP, "rescale_factor": 1 / 127.5},
    {**STEPS, **EDGE, **CROP, "do_normalize": False},
    {**STEPS, **EDGE, **CROP, "do_rescale": False, "image_mean": [127.5] * 3, "image_std": [127.5] * 3},
    {**STEPS, "size": dict(shortest_edge=36), **CROP},
]
SIZE = (75, 100)


def kinds():
    """Name of each image processor -> its slow class, else its fast one."""
    root = os.path.dirname(transformers.__file__)
    found = {}
    for path in sorted(glob.glob(f"{root}/models/*/image_processing*.py")):
        if "/auto/" in path:
            continue
        module = importlib.import_module("transformers." + os.path.relpath(path, root)[:-3].replace("/", "."))
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and issubclass(kind, BaseImageProcessor) and kind.__module__ == module.__name__:
                base = name.removesuffix("Pil")
                if base not in found or name.endswith("Pil"):
                    found[base] = kind
    return dict(sorted(found.items()))


def plain(image, file):
    """Bytes [h,w,3] and float64 pixels [h,w,3] of the plain steps."""
    h, w = image.shape[:2]
    edge = file["size"].get("shortest_edge")
    size = (file["size"]["width"], file["size"]["height"]) if not edge else (edge, int(edge * h / w)) if w <= h else (int(edge * w / h), edge)
    pixels = np.asarray(Image.fromarray(image).resize(size, file["resample"]))
    if file["do_center_crop"]:
        side = file["crop_size"]["height"]
        w, h = size
        whole = np.zeros((max(h, side), max(w, side), 3), np.uint8)
        top, left = (whole.shape[0] - h) // 2, (whole.shape[1] - w) // 2
        whole[top : top + h, left : left + w] = pixels
        top, left = (whole.shape[0] - side) // 2, (whole.shape[1] - side) // 2
        pixels = whole[top : top + side, left : left + side]
    x = pixels * (file["rescale_factor"] if file["do_rescale"] else 1.0)
    return pixels, (x - file["image_mean"]) / file["image_std"] if file["do_normalize"] else x


def same(kind, image, file, want):
    try:
        got = np.asarray(kind.from_dict(file)(Image.fromarray(image), return_tensors="np")["pixel_values"], np.float64)
    except Exception:
        return None
    got = got.reshape(got.shape[-3:]) if got.ndim > 3 and got.size == want.size else got
    if got.shape != (3, *want.shape[:2]):
        return 0
    level = (file["rescale_factor"] if file["do_rescale"] else 1) / np.array(file["image_std"] if file["do_normalize"] else 1.0)
    return int((abs(got.transpose(1, 2, 0) - want) / level).max() < (0.01 if kind.__name__.endswith("Pil") else 3.01))


def main():
    image = common.noise("processors", SIZE[1], SIZE[0])
    made = [plain(image, file) for file in FILES]
    rows = [[name, *(same(kind, image, file, want) for file, (_, want) in zip(FILES, made))] for name, kind in kinds().items()]
    pixels = [[hashlib.sha256(np.ascontiguousarray(b).tobytes()).hexdigest()[:8], *x[28, 28].round(5).tolist()] for b, x in made]
    head = dict(versions=dict(transformers=transformers.__version__), size=SIZE, files=FILES, pixels=pixels)
    print(json.dumps(head)[:-1] + ', "kinds": [')
    print(",\n".join(json.dumps(row) for row in rows))
    print("]}")


main()
