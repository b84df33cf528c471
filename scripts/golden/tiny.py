"""The two models that mmpretrain's own MaskFeat configs describe, small or whole, with parameters and batches that follow from names."""

from copy import deepcopy
from pathlib import Path

import mmpretrain
import torch
from mmengine import Config
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmpretrain.registry import MODELS, PARAM_SCHEDULERS
from mmpretrain.structures import DataSample
from mmpretrain.utils import register_all_modules
from torch import nn

import common

CONFIGS = Path(mmpretrain.__file__).parent / ".mim" / "configs" / "maskfeat"
CONFIG = dict(
    pretrain="maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k.py",
    finetune="benchmarks/vit-base-p16_8xb256-coslr-100e_in1k.py",
)
ARCH = dict(embed_dims=48, num_layers=2, num_heads=4, feedforward_channels=96)
CLASSES = 10
BATCH, TOKENS = 2, 196
PATCHES = dict(arch=ARCH, img_size=56, patch_size=4)
# What the small models change in the configs; everything else is the configs' own.
SMALL = dict(
    pretrain=dict(backbone=PATCHES, neck=dict(in_channels=48), target_generator=dict(nbins=9, pool=2, gaussian_window=4)),
    finetune=dict(backbone=dict(**PATCHES, drop_path_rate=0.0), head=dict(num_classes=CLASSES, in_channels=48)),
)


class FloatTargets(nn.Module):
    """mmpretrain's HOGGenerator sums into float32 only: a model in float64 has its targets from the float32 image too."""

    def __init__(self, generator):
        super().__init__()
        self.generator = [generator]  # in a list, so that `.double()` of the model leaves it alone

    def forward(self, x):
        return self.generator[0](x.float()).to(x.dtype)


def config(recipe):
    MMLogger.get_current_instance().setLevel("WARNING")
    register_all_modules(init_default_scope=True)
    return Config.fromfile(str(CONFIGS / CONFIG[recipe]))


def build(recipe, dtype, small=True):
    """The model of a recipe, "pretrain" or "finetune", filled; in training mode, where nothing is random: no drop path, no mixing."""
    settings = deepcopy(config(recipe).model)
    settings.pop("train_cfg", None)  # Mixup and CutMix
    settings.backbone.pop("init_cfg", None)  # the checkpoint
    for part, changes in SMALL[recipe].items() if small else ():
        settings[part].update(changes)
    model = MODELS.build(settings)
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(common.parameter(name, tuple(parameter.shape)))
    if recipe == "pretrain":
        model.target_generator = FloatTargets(model.target_generator)
    return model.to(dtype).train()


def batch(images, mask, labels):
    """(x, samples): images [2,3,56,56] named `images`; to each its mask, its label and where they come from."""
    x = torch.from_numpy(common.fill(images, [BATCH, 3, 56, 56], 0, 2))
    return x, samples(common.bits(mask, [BATCH, TOKENS]), labels)


def samples(masks, labels):
    side = int(TOKENS**0.5)
    return [DataSample(mask=torch.from_numpy(mask.reshape(side, side))).set_gt_label(label) for mask, label in zip(masks, labels)]


def numbered_batch(number):
    """A batch of the steps of training."""
    name = f"golden/step/{number}"
    return batch(name, f"{name}/mask", (common.u32(f"{name}/label", range(BATCH)) % CLASSES).tolist())


def loss(model, inputs):
    x, data_samples = inputs
    return model.loss(x.to(next(model.parameters()).dtype), data_samples)["loss"]


def optimizer(model, recipe):
    """mmengine's OptimWrapper as the config asks for; in full precision, for AmpOptimWrapper refuses to be built without a GPU."""
    settings = deepcopy(config(recipe).optim_wrapper)
    settings.pop("loss_scale", None)
    settings["type"] = "OptimWrapper"
    return build_optim_wrapper(model, settings)


def schedulers(optim_wrapper, settings, epoch_length):
    """mmengine's schedulers of an optimizer, built as its Runner builds them."""
    shared = dict(optimizer=optim_wrapper, epoch_length=epoch_length)
    return [PARAM_SCHEDULERS.build(deepcopy(dict(each)), default_args=shared) for each in settings]


def noise(model):
    """[[name, from, to]]: the key biases. Softmax does not depend on them, so that their gradients are rounding errors alone."""
    rows = [(name, len(parameter) // 3) for name, parameter in model.named_parameters() if name.endswith("attn.qkv.bias")]
    return [[name, width, 2 * width] for name, width in rows]


def tie_margin(x):
    """How near the phase of any gradient of the images comes to a border of two bins; where it is exactly on one, by symmetry, it stays."""
    x = torch.nn.functional.pad(x.double(), (1, 1, 1, 1), mode="reflect")
    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64).expand(3, 1, 3, 3)
    gx, gy = (torch.nn.functional.conv2d(x, each, groups=3) for each in (kernel, kernel.transpose(2, 3)))
    phase = torch.atan2(gx, gy) / torch.pi * 9
    return float((phase - phase.round()).abs()[gx != 0].min())
