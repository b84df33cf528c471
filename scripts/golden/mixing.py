"""Mixup, CutMix and the choice between them by mmpretrain's own batch augments, from seeds."""

import numpy as np
import torch
from mmpretrain.models.utils.batch_augments import RandomBatchAugment
from torch.nn.functional import one_hot

import common
import tiny
from watch import values, watched

SHAPE = [4, 3, 12, 16]
LABELS = [0, 3, 3, 9]
# What is mixed here: one augment of the config alone, or the config's choice of one. 224 px: lam and box of CutMix at full size alone.
KINDS = ["Mixup", "CutMix", "choice", "CutMix 224 px"]
SEEDS = 8
DESCRIPTION = dict(
    mixing_batch='fill("augment/batch", [4, 3, 12, 16], 0, 2), labels [0, 3, 3, 9] of 10; CutMix 224 px: a batch [2, 1, 224, 224]',
    mixing_seeds="numpy.random.seed(seed) for the choice, lam and the box, torch.manual_seed(seed) for the permutation (torch.randperm)",
    mixing_box="[y from, y to, x from, x to]",
)
TENSORS = {
    "mixing/lam": "[row of mixing, 2]: as drawn from Beta, and as used: CutMix takes it from the box",
    "mixing/<row>/inputs": "the mixed batch",
    "mixing/<row>/scores": "the mixed one-hot labels",
}


def augments():
    """{name: settings} of the batch augments in the fine-tuning config."""
    return {each["type"]: dict(each) for each in tiny.config("finetune").model.train_cfg.augments}


def batch(kind):
    if kind == "CutMix 224 px":
        return torch.zeros(2, 1, 224, 224), one_hot(torch.tensor(LABELS[:2]), tiny.CLASSES)
    return torch.from_numpy(common.fill("augment/batch", SHAPE, 0, 2)), one_hot(torch.tensor(LABELS), tiny.CLASSES)


def mix(kind, seed):
    """(row, [lam as drawn, lam as used], mixed inputs, mixed scores)."""
    known = augments()
    augment = RandomBatchAugment(list(known.values()) if kind == "choice" else [known[kind.split()[0]]])
    inputs, scores = batch(kind)
    np.random.seed(seed)
    torch.manual_seed(seed)
    boxes = [(each, "cutmix_bbox_and_lam") for each in augment.augments if hasattr(each, "cutmix_bbox_and_lam")]
    # Its choice of one augment out of one takes nothing from the generator.
    with watched((np.random, "choice"), (np.random, "beta"), (torch, "randperm"), *boxes) as log:
        inputs, scores = augment(inputs, scores)
    chosen = type(augment.augments[int(values(log, "choice")[0])]).__name__
    row = dict(kind=kind, seed=seed, augment=chosen, permutation=values(log, "randperm")[0].tolist())
    lam = [values(log, "beta")[0]] * 2
    for box, used in values(log, "cutmix_bbox_and_lam"):
        row["box"], lam[1] = [int(edge) for edge in box], used
    return dict(row, next=int(np.random.randint(2**32, dtype=np.uint32))), lam, inputs, scores


def cases():
    """(rows, tensors, within)."""
    rows, lams, tensors, within = [], [], {}, {"mixing/lam": 1e-9}
    for kind in KINDS:
        for seed in range(SEEDS):
            row, lam, inputs, scores = mix(kind, seed)
            if kind != "CutMix 224 px":
                for name, value in dict(inputs=inputs, scores=scores).items():
                    tensors[f"mixing/{len(rows)}/{name}"] = value.numpy()
                    within[f"mixing/{len(rows)}/{name}"] = 1e-6
            rows.append(row)
            lams.append(lam)
    return rows, dict(tensors, **{"mixing/lam": np.float64(lams)}), within
