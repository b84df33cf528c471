"""Goldens of HOG: cells and pictures of mmpretrain's `HOGGenerator`."""

from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

import common
from common import Golden

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)


def scaled(rgb):
    """u8 [h,w,3] -> f32 [3,h,w]."""
    return np.ascontiguousarray(((rgb.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1))


def source(kind, h, w, values=()):
    """f32 [3,h,w]. "ramp" is dx x + dy y, in "ramp8" rounded to 8 bits and scaled."""
    if kind == "fill":
        return common.fill(f"hog{w}x{h}", (3, h, w), 0, 2)
    if kind in ("smooth", "noise"):
        return scaled({"noise": common.noise, "smooth": common.smooth}[kind](f"{kind}{w}x{h}", h, w))
    if kind == "constant":
        return scaled(np.full((h, w, 3), values, np.uint8))
    y, x = np.mgrid[:h, :w]
    ramp = values[0] * x + values[1] * y
    if kind == "ramp8":
        return scaled(np.repeat((ramp + 128).clip(0, 255).astype(np.uint8)[..., None], 3, 2))
    return np.stack([ramp] * 3).astype(np.float32)


def cells(x, nbins, pool, window, normalize):
    """[3,nbins,gh,gw] as `generator.out` has them: the reshaping to 14 x 14 tokens is left out."""
    generator = MODELS.build(dict(type="HOGGenerator", nbins=nbins, pool=pool, gaussian_window=window))
    _, h, w = x.shape
    if window and h != w:  # its window is tiled over squares alone
        generator.gaussian_kernel = generator.gaussian_kernel.repeat(h // window, w // window)
        generator.gaussian_window = h
    length = F.normalize if normalize else lambda out, **_: out
    with mock.patch.object(generator, "_reshape", lambda out: out), mock.patch.object(F, "normalize", length):
        return generator(torch.from_numpy(x)[None]).numpy()[0]


DIRECTIONS = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1), (2, 1), (1, 2), (-2, 1), (1, -2)]
COLOURS = [(0, 0, 0), (255, 255, 255), (127, 64, 200), (1, 2, 3)]

QUICK = [
    ("fill", 64, 64, {}),
    ("smooth", 64, 64, {}),
    ("noise", 48, 64, {"gaussianWindow": 0}),
    ("fill", 24, 36, {"nbins": 4, "pool": 4, "gaussianWindow": 12}),
    ("smooth", 32, 32, {"normalize": False}),
    *[("constant", 16, 16, {}, colour) for colour in COLOURS],
    *[("ramp", 16, 16, {}, direction) for direction in DIRECTIONS],
    ("zero", 16, 16, {}),
]
FULL = [
    ("fill", 224, 224, {}),
    ("smooth", 224, 224, {}),
    ("noise", 224, 224, {"gaussianWindow": 0}),
    ("fill", 32, 32, {}),
    ("fill", 32, 48, {"gaussianWindow": 0}),
    ("fill", 14, 10, {"nbins": 36, "pool": 2, "gaussianWindow": 2}),
    ("fill", 16, 16, {"nbins": 1, "normalize": False}),
    ("fill", 30, 20, {"nbins": 7, "pool": 5, "gaussianWindow": 10, "normalize": False}),
    ("fill", 96, 96, {"nbins": 18}),
    ("fill", 40, 40, {"nbins": 3, "pool": 1, "gaussianWindow": 8}),
    ("smooth", 64, 48, {}),
    ("smooth", 48, 96, {"nbins": 12, "pool": 16}),
    ("noise", 64, 64, {"nbins": 8}),
    ("noise", 64, 64, {"normalize": False}),
    ("noise", 2, 2, {"pool": 1, "gaussianWindow": 0}),
    *[("constant", 32, 32, {"gaussianWindow": 0}, colour) for colour in COLOURS],
    *[("ramp8", 32, 32, {}, direction) for direction in DIRECTIONS],
    *[("ramp", 32, 32, {"nbins": nbins, "gaussianWindow": 0}, direction) for nbins in (4, 12) for direction in DIRECTIONS[4:8]],
    ("zero", 32, 32, {"gaussianWindow": 0}),
]

U = 2.0**-24


def golden(scope, rows):
    tensors, cases, within = {}, [], {}
    for kind, h, w, chosen, *values in rows:
        options = {"nbins": 9, "pool": 8, "gaussianWindow": 16, "normalize": True, **chosen}
        values = list(values[0]) if values else [0, 0]
        name = "/".join([f"{kind} {w}x{h}", *([str(values)] if values != [0, 0] else []), *[f"{k} {v}" for k, v in chosen.items()]])
        x = source(kind, h, w, values)
        tensors[name] = cells(x, *options.values())
        # Two correct ones: a sum of pool^2 votes, its length and the quotient rounded on both sides; lengths are at most 1.
        top = 1 if options["normalize"] else float(np.abs(tensors[name]).max(initial=0))
        within[name] = 2 * (options["pool"] ** 2 + options["nbins"] + 8) * U * top
        cases.append(dict(id=name, scope=scope, input=dict(kind=kind, height=h, width=w, values=values), options=options, tensor=name))
    about = "HOG cells [3,nbins,gh,gw] of mmpretrain's HOGGenerator"
    return Golden(f"{scope}/hog.safetensors", about, tensors=tensors, metadata=dict(cases=cases), within=within)


def goldens():
    yield golden("quick", QUICK)
    yield golden("full", FULL)


def pictures(settings):
    """Hashes of mmpretrain's `generate_hog_image`, f32."""
    rows = []
    for nbins, pool, gh, gw in settings:
        generator = MODELS.build(dict(type="HOGGenerator", nbins=nbins, pool=pool))
        generator.h, generator.w = gh * pool, gw * pool
        histograms = torch.from_numpy(common.fill(f"picture{nbins}x{pool}", (1, 3, nbins, gh, gw), 0.5, 0.5))
        drawn = generator.generate_hog_image(histograms).astype(np.float32)
        rows.append([nbins, pool, gh, gw, common.digest(drawn)[:16]])
    return rows
