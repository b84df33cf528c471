"""mmpretrain's MaskFeat and its classifier for a configuration of this package, and the passes whose outputs become goldens."""

import copy
import math
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from mmpretrain.utils import register_all_modules
from torch import nn

import common

register_all_modules(init_default_scope=True)

OUT_TYPES = ("raw", "cls_token", "featmap", "avg_featmap")

# What sdk/config/config.ts completes a configuration with.
BASE = dict(
    kind="pretrain",
    imageSize=224,
    patchSize=16,
    embedDims=768,
    numLayers=12,
    numHeads=12,
    feedforwardChannels=3072,
    numClasses=1000,
    layerNormEps=1e-6,
)
HOG = dict(nbins=9, pool=8, gaussianWindow=16)

# The names of sdk/config/registry.ts.
REGISTERED = {
    "maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k": dict(kind="pretrain"),
    "vit-base-p16_maskfeat-pre_8xb256-coslr-100e_in1k": dict(kind="classifier"),
    "maskfeat_vit-tiny-p16": dict(kind="pretrain", embedDims=192, numLayers=12, numHeads=3, feedforwardChannels=768),
    "maskfeat_vit-small-p16": dict(kind="pretrain", embedDims=384, numLayers=12, numHeads=6, feedforwardChannels=1536),
    "maskfeat_vit-large-p16": dict(kind="pretrain", embedDims=1024, numLayers=24, numHeads=16, feedforwardChannels=4096),
}


def complete(config):
    """The configuration with the defaults of what it leaves out. `finalNorm` and `outType` follow from the kind."""
    whole = {**BASE, **config, "hog": {**HOG, **config.get("hog", {})}}
    pretrain = whole["kind"] == "pretrain"
    return {"finalNorm": pretrain, "outType": "raw" if pretrain else "avg_featmap", **whole}


def patches(config):
    return (config["imageSize"] // config["patchSize"]) ** 2


def target_width(config):
    """Numbers that are predicted for a patch."""
    return 3 * config["hog"]["nbins"] * (config["patchSize"] // config["hog"]["pool"]) ** 2


def vit(c, **options):
    arch = dict(
        embed_dims=c["embedDims"],
        num_layers=c["numLayers"],
        num_heads=c["numHeads"],
        feedforward_channels=c["feedforwardChannels"],
    )
    norm = dict(type="LN", eps=c["layerNormEps"])
    return dict(arch=arch, img_size=c["imageSize"], patch_size=c["patchSize"], norm_cfg=norm, **options)


def config_of(c, **options):
    """mmpretrain's configuration of the model; `options` go to its backbone."""
    if c["kind"] == "classifier":
        return dict(
            type="ImageClassifier",
            backbone=dict(type="VisionTransformer", **vit(c, **options)),
            head=dict(type="LinearClsHead", num_classes=c["numClasses"], in_channels=c["embedDims"]),
        )
    hog = c["hog"]
    return dict(
        type="MaskFeat",
        backbone=dict(type="MaskFeatViT", **vit(c, **options)),
        neck=dict(type="LinearNeck", in_channels=c["embedDims"], out_channels=target_width(c), norm_cfg=None, init_cfg=None),
        head=dict(type="MIMHead", loss=dict(type="PixelReconstructionLoss", criterion="L2")),
        target_generator=dict(type="HOGGenerator", nbins=hog["nbins"], pool=hog["pool"], gaussian_window=hog["gaussianWindow"]),
    )


def build_all(configs):
    """{kind: model} of {kind: configuration}."""
    return nn.ModuleDict({kind: build(config) for kind, config in configs.items()})


def build(config, state=None, **options):
    """
    mmpretrain's model in float64, with all stages as outputs unless `options` say else. Its parameters follow from their names, or
    come from `state`.
    """
    c = complete(config)
    defaults = dict(out_type="avg_featmap", out_indices=list(range(c["numLayers"])), final_norm=c["finalNorm"])
    model = MODELS.build(config_of(c, **{**defaults, **options})).eval().double().requires_grad_(False)
    if state is None:
        for name, parameter in model.named_parameters():
            parameter.data = torch.from_numpy(common.parameter(name, tuple(parameter.shape))).double()
    else:
        load(model, state)
    return model


def load(model, state):
    """Every parameter from `state`, except for `ln2`, which a checkpoint of another `out_type` does not have: it stays 1 and 0."""
    missing, _ = model.load_state_dict(state, strict=False)
    unknown = [name for name in missing if not name.startswith(("backbone.ln2.", "target_generator."))]
    if unknown:
        raise KeyError(f"the checkpoint lacks {', '.join(unknown[:4])}{' ...' if len(unknown) > 4 else ''}")


# Passes: each gives named outputs.


def features(models, images):
    """
    Of each stage every kind of output, as "pretrain/raw/11"; of a classifier also "classifier/logits". `models` has a model of either kind,
    or of both, with the same parameters: then the blocks, which they share, run once.
    """
    kind, *other = models.keys()
    last = {}
    hook = models[kind].backbone.layers[-1].register_forward_hook(lambda _, __, tokens: last.update(tokens=tokens))
    models[kind].backbone.out_type = "raw"
    stages = models[kind].extract_feat(images)
    hook.remove()
    stride = models[kind].backbone.patch_embed.projection.stride
    grid = [-(-size // step) for size, step in zip(images.shape[2:], stride)]
    out = outputs(kind, models[kind], stages, grid)
    if other:
        assert not models[other[0]].backbone.final_norm
        out.update(outputs(other[0], models[other[0]], [*stages[:-1], last["tokens"]], grid))
    return out


def outputs(kind, model, stages, grid):
    """What follows the blocks."""
    out = {}
    for out_type in OUT_TYPES:
        # The backbone's forward calls this with each stage, and with this attribute as it was built.
        model.backbone.out_type = out_type
        out.update({f"{kind}/{out_type}/{i}": model.backbone._format_output(x, grid) for i, x in enumerate(stages)})
    if kind == "classifier":
        out["classifier/logits"] = model.head((out[f"classifier/avg_featmap/{len(stages) - 1}"],))
    return out


class Target(nn.Module):
    """Stands for the HOG generator, whose target is computed once and in float32: it is not what a golden of the model is about."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, images):
        return self.value.to(images.dtype)


@contextmanager
def fixed_target(model, images):
    """Puts the target of these images in the place of the HOG generator."""
    generator = model.target_generator
    model.target_generator = Target(hog(model, images))
    try:
        yield
    finally:
        model.target_generator = generator


def hog(model, images):
    """The target of HOGGenerator in float32. Throws where rounding could put a pixel into another bin."""
    generator = copy.deepcopy(model.target_generator).float()
    far = from_border(generator, images)
    if far < NEAR:
        raise ValueError(f"a pixel of this input is on the border of two bins, {far} of a bin from it")
    return generator(images.float())


NEAR = 5e-6  # some roundings of a phase near 9


def from_border(generator, images):
    """Distance of the nearest pixel's phase to the border of two bins, in bins; where gx is exactly 0 the bin is certain."""
    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    gx, gy = (F.conv2d(padded, weight.double(), groups=3) for weight in (generator.weight_x, generator.weight_y))
    phase = torch.atan2(gx, gy) / math.pi * generator.nbins
    return float((phase - phase.round()).abs()[gx != 0].min())


def masked(model, images, mask):
    """Masked pre-training: the prediction for every patch, and the loss over the hidden ones."""
    found = {}
    hook = model.neck.register_forward_hook(lambda _, __, out: found.update(pred=out[0]))
    samples = [DataSample().set_mask(row) for row in mask]
    loss = model.loss(images, samples)["loss"]
    hook.remove()
    rows = found["pred"].reshape(len(images), -1, found["pred"].shape[-1])
    return {"pretrain/pred": rows[:, 1:], "pretrain/loss": loss.reshape(1)}


def modules(model, run):
    """Runs `run(model)`; the output of each convolution (as tokens), linear layer and norm, by the module's name."""
    found, hooks = {}, []

    def keep(name):
        return lambda module, _, out: found.update({name: out.flatten(2).transpose(1, 2) if isinstance(module, nn.Conv2d) else out})

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.LayerNorm)):
            hooks.append(module.register_forward_hook(keep(name)))
    run(model)
    for hook in hooks:
        hook.remove()
    # The neck sees the tokens of a batch as rows; here as elsewhere a batch is an axis.
    return {name: out if name != "neck.fc" else out[None] for name, out in found.items()}


def dtype_of(model):
    return next(model.parameters()).dtype


def fill(name, shape):
    """The tensor that a case's input describes, in float64."""
    return torch.from_numpy(common.fill(name, shape, 0, 2)).double()


def mask_bits(name, shape):
    return torch.from_numpy(np.asarray(common.bits(name, shape)))
