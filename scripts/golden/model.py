"""Writes test/fixtures/mmpretrain.json: what mmpretrain's own tiny MaskFeat and ViT compute in float64 from the deterministic fill.

    python -m venv --system-site-packages .venv       (Debian 12's python3 with its torch 1.13 and OpenCV 4.6)
    .venv/bin/pip install --no-deps mmengine==0.10.7 mmpretrain==1.2.0 mmcv-lite==2.1.0
    .venv/bin/pip install addict yapf rich termcolor einops modelindex mat4py importlib_metadata packaging numpy==1.24.2
    .venv/bin/python scripts/golden/model.py

Of every output the fixture keeps the shape, 24 numbers spread over it, the sum and the length. Inputs are `2 * sym(name)` of the fill.
"""

import json
import os

import mmpretrain
import numpy as np
import torch
from mmpretrain.registry import MODELS
from mmpretrain.utils import register_all_modules

OUT = os.path.join(os.path.dirname(__file__), "../../test/fixtures/mmpretrain.json")
ARCH = dict(embed_dims=48, num_layers=2, num_heads=4, feedforward_channels=96)
IMAGE = dict(img_size=56, patch_size=4)
HOG = dict(nbins=9, pool=2, gaussian_window=4)
KEPT = 24


def u32(name, count):
    """FNV-1a of the name, then a hash of index and key for each element."""
    key = 0x811C9DC5
    for byte in name.encode():
        key = ((key ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = ((np.arange(count, dtype=np.uint64) * 0x9E3779B9 + key) & 0xFFFFFFFF).astype(np.uint32)
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


def sym(name, shape):
    """Numbers in [-1, 1), exact in f32."""
    return (((u32(name, int(np.prod(shape))) >> 8).astype(np.float64) - 2**23) / 2**23).reshape(shape)


def fill(model, prefix=""):
    """Sets every parameter from its name, then makes the model float64."""
    for name, parameter in model.named_parameters():
        shape, last = tuple(parameter.shape), name.split(".")[-1]
        if last in ("pos_embed", "cls_token", "mask_token"):
            offset, scale = 0, 0.5
        elif last == "bias":
            offset, scale = 0, 0.1
        else:
            offset, scale = (0, np.sqrt(3 / np.prod(shape[1:]))) if len(shape) >= 2 else (1, 0.1)
        values = offset + scale * sym(prefix + name, shape)
        parameter.data = torch.from_numpy(values.astype(np.float32)).double()
    model.eval()
    return model


def images(name, height, width, batch):
    return torch.from_numpy((2 * sym(name, (batch, 3, height, width))).astype(np.float32)).double()


def maskfeat():
    config = dict(
        type="MaskFeat",
        backbone=dict(type="MaskFeatViT", arch=ARCH, **IMAGE),
        neck=dict(type="LinearNeck", in_channels=48, out_channels=108, norm_cfg=None, init_cfg=None),
        head=dict(type="MIMHead", loss=dict(type="PixelReconstructionLoss", criterion="L2")),
        target_generator=dict(type="HOGGenerator", **HOG),
    )
    return fill(MODELS.build(config))


def backbone(out_type, final_norm):
    config = dict(type="VisionTransformer", arch=ARCH, out_type=out_type, out_indices=[0, 1], final_norm=final_norm)
    return fill(MODELS.build({**config, **IMAGE}), "backbone.")


def masked(model, x, mask):
    """Prediction for every patch, and the loss over the hidden ones."""
    latent = model.backbone(x, mask)
    flat = model.neck((latent.flatten(0, 1),))[0]
    pred = flat.view(*latent.shape[:2], -1)[:, 1:]
    target = model.target_generator(x.float())
    return pred, target, model.head.loss_module(pred, target.double(), mask.double())


def sketch(tensor):
    values = tensor.detach().double().numpy().reshape(-1)
    kept = np.linspace(0, values.size - 1, min(KEPT, values.size)).astype(int)
    return dict(
        shape=list(tensor.shape),
        indices=kept.tolist(),
        values=values[kept].tolist(),
        sum=float(values.sum()),
        norm=float(np.sqrt((values**2).sum())),
    )


def main():
    register_all_modules(init_default_scope=True)
    model = maskfeat()
    x, odd = images("golden/x", 56, 56, 2), images("golden/odd", 61, 90, 1)
    mask = torch.from_numpy((u32("golden/mask", 2 * 196) & 1).astype(np.int64).reshape(2, 196))
    out = {}
    with torch.no_grad():
        out["raw"], out["odd"] = model.extract_feat(x)[0], model.extract_feat(odd)[0]
        out["pred"], out["target"], loss = masked(model, x, mask)
        for out_type, final_norm in (("raw", True), ("cls_token", True), ("featmap", False), ("avg_featmap", False)):
            stages = backbone(out_type, final_norm)(x)
            out.update({f"{out_type}/{i}": stage for i, stage in enumerate(stages)})
    versions = dict(mmpretrain=mmpretrain.__version__, torch=torch.__version__, numpy=np.__version__)
    outputs = {name: sketch(tensor) for name, tensor in out.items()}
    with open(OUT, "w") as file:
        json.dump(dict(versions=versions, loss=float(loss), outputs=outputs), file, indent=1)
        file.write("\n")


main()
