"""The fine-tuning augmentations by mmpretrain's own transforms, for given draws and for seeds: hashes of images, mixed batches."""

from copy import deepcopy

import numpy as np
from mmcv.transforms import Compose
from mmpretrain.datasets.transforms.auto_augment import RANDAUG_POLICIES, merge_hparams
from mmpretrain.registry import TRANSFORMS

import common
import mixing
import tiny
from watch import values, watched

# [id, kind, name, height, width]; `narrow` is (smooth >> 2) + 60, `flat` the colour in its name.
IMAGES = [
    ["smooth", "smooth", "augment/smooth", 224, 224],
    ["noise", "noise", "augment/noise", 61, 90],
    ["narrow", "narrow", "augment/narrow", 64, 48],
    ["flat", "flat", [10, 200, 128], 40, 40],
    ["wide", "smooth", "augment/wide", 240, 320],
    ["small", "noise", "augment/small", 150, 100],
]
PIPELINE_IMAGES = ["wide", "small"]
OP_IMAGES = ["smooth", "noise", "narrow", "flat"]

BLENDS = [0.9, -0.9, 0.81, -0.81, 0.45, -0.45, 0.05, -0.123, 0]
SHEARS = [0.3, -0.3, 0.27, -0.27, 0.1, -0.033, 0]
SHIFTS = [0.45, -0.45, 0.405, -0.405, 0.1, -0.0123, 0]
# Of each op of timm_increasing, in its order: the argument that fixes its magnitude, and the values it is given.
GIVEN = [
    (None, [None]),  # AutoContrast
    (None, [None]),  # Equalize
    (None, [None]),  # Invert
    ("angle", [30, -30, 27, -27, 13.7, -3.25, 0.5, 0]),
    ("bits", [4, 3, 2, 1, 0.4, 0]),
    ("thr", [256, 230.4, 128, 25.6, 12.8, 0]),
    ("magnitude", [0, 11.5, 55, 99, 110]),  # SolarizeAdd
    ("magnitude", BLENDS),  # ColorTransform
    ("magnitude", BLENDS),  # Contrast
    ("magnitude", BLENDS),  # Brightness
    ("magnitude", BLENDS),  # Sharpness
    ("magnitude", SHEARS),
    ("magnitude", SHEARS),
    ("magnitude", SHIFTS),
    ("magnitude", SHIFTS),
]
# [order of brightness 0, contrast 1, saturation 2 and hue 3, which does nothing]
ORDERS = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 2, 0, 3]]
FACTORS = [[0.6, 0.6, 0.6], [1.4, 1.4, 1.4], [0.73, 1.21, 0.88], [1.05, None, None], [None, 0.95, None], [None, None, 1.31], [1, 1, 1]]
SEEDS = dict(rand_augment=120, color_jitter=16, random_erasing=40, random_flip=32, pipeline=10)
DESCRIPTION = dict(
    schema=1,
    pixels="images are uint8 [height, width, 3] in BGR order, as mmpretrain has them; each sha256 is of those bytes",
    flat="every pixel has the colour given as [B, G, R]",
    narrow="(smooth(name) >> 2) + 60",
    draws="ops: the class is built with prob 1, random_negative_prob 0 and the magnitude given; color_jitter: its _rand_params replaced",
    seeds="all draw from numpy.random, seeded by numpy.random.seed(seed) before the transform; next is the 32-bit output after it",
    floats="magnitudes, factors, lam: computed numbers, in augment.safetensors by the row's place",
    cpu="OpenCV fuses multiply and add of ColorTransform where the CPU has AVX2: without it, rows with that op have other hashes",
)


def pixels(kind, name, height, width):
    if kind == "flat":
        return np.broadcast_to(np.uint8(name), (height, width, 3)).copy()
    rgb = common.noise(name, height, width) if kind == "noise" else common.smooth(name, height, width)
    return np.ascontiguousarray((((rgb >> 2) + 60) if kind == "narrow" else rgb)[..., ::-1])


def images():
    return {key: pixels(*about) for key, *about in IMAGES}


def apply(transform, image):
    """(sha256, results) of a transform on an image of its own."""
    results = transform(dict(img=image.copy()))
    assert results["img"].dtype == np.uint8
    return common.digest(results["img"]), results


def seeded(seed, transform, image):
    """(sha256, results, next 32 bits of the generator) of a transform after a seed."""
    np.random.seed(seed)
    digest, results = apply(transform, image)
    return digest, results, int(np.random.randint(2**32, dtype=np.uint32))


def settings():
    """{type: settings} of the augmentations in the fine-tuning config's pipeline."""
    return {step["type"]: dict(deepcopy(step)) for step in tiny.config("finetune").train_pipeline}


def fixed_op(policy, key, value, hparams):
    """An op of RandAugment that draws nothing: always applied, with the magnitude given and its sign."""
    policy = {name: each for name, each in merge_hparams(policy, hparams).items() if name != "magnitude_range"}
    magnitude = {} if key is None else {key: value}
    negative = {} if policy["type"] in ("Posterize", "Solarize", "SolarizeAdd") else dict(random_negative_prob=0.0)
    return TRANSFORMS.build(dict(policy, prob=1.0, **negative, **magnitude))


def op_rows(pictures):
    hparams = settings()["RandAugment"]["hparams"]
    for policy, (key, given) in zip(RANDAUG_POLICIES["timm_increasing"], GIVEN):
        direction = {name: policy[name] for name in ("direction",) if name in policy}
        for value in given:
            op = fixed_op(policy, key, value, hparams)
            for image in OP_IMAGES:
                digest, _ = apply(op, pictures[image])
                yield dict(op=policy["type"], **direction, **({key: value} if key else {}), image=image, sha256=digest)


def rand_augment(pictures):
    """(rows, signed magnitudes [seeds, 2]: 0 where an op was not applied or has none)."""
    transform = TRANSFORMS.build(settings()["RandAugment"])
    draws = [(op, name) for op in transform.transforms for name in ("random_disable", "random_magnitude", "random_negative")]
    rows, magnitudes = [], []
    for seed in range(SEEDS["rand_augment"]):
        image = ("smooth", "noise")[seed % 2]
        with watched((transform, "random_policy_indices"), *draws) as log:
            digest, _, following = seeded(seed, transform, pictures[image])
        (_, chosen), *log = log
        applied, signed = [], []
        for name, value in log:  # of each op: disabled or not, then its magnitude, then the magnitude with its sign
            if name == "random_disable":
                applied.append(not value)
                signed.append(0.0)
            else:
                signed[-1] = float(value)
        ops = [RANDAUG_POLICIES["timm_increasing"][index]["type"] for index in chosen]
        rows.append(dict(seed=seed, image=image, chosen=chosen, ops=ops, applied=applied, sha256=digest, next=following))
        magnitudes.append(signed)
    return rows, np.float64(magnitudes)


def jitter_given(pictures):
    transform = TRANSFORMS.build(settings()["ColorJitter"])
    for order in ORDERS:
        for factors in FACTORS:
            drawn = (order, *factors, None)
            transform._rand_params = lambda drawn=drawn: drawn
            for image in ("smooth", "noise"):
                yield dict(order=order, factors=factors, image=image, sha256=apply(transform, pictures[image])[0])


def jitter_seeds(pictures):
    """(rows, factors of brightness, contrast and saturation [seeds, 3])."""
    transform = TRANSFORMS.build(settings()["ColorJitter"])
    rows, factors = [], []
    for seed in range(SEEDS["color_jitter"]):
        with watched((transform, "_rand_params")) as log:
            digest, _, following = seeded(seed, transform, pictures["smooth"])
        order, *drawn = values(log, "_rand_params")[0]
        rows.append(dict(seed=seed, image="smooth", order=order.tolist(), sha256=digest, next=following))
        factors.append(drawn[:3])
    return rows, np.float64(factors)


def erasing_rows(pictures):
    transform = TRANSFORMS.build(settings()["RandomErasing"])
    for seed in range(SEEDS["random_erasing"]):
        image = ("smooth", "noise")[seed % 2]
        with watched((transform, "random_patch")) as log:
            digest, _, following = seeded(seed, transform, pictures[image])
        patch = [[int(number) for number in drawn] for drawn in values(log, "random_patch")]
        yield dict(seed=seed, image=image, top_left_height_width=patch[0] if patch else None, sha256=digest, next=following)


def flip_rows(pictures):
    transform = TRANSFORMS.build(settings()["RandomFlip"])
    for seed in range(SEEDS["random_flip"]):
        digest, results, following = seeded(seed, transform, pictures["noise"])
        yield dict(seed=seed, image="noise", flipped=bool(results["flip"]), sha256=digest, next=following)


def pipeline_rows(pictures):
    """The whole pipeline of the fine-tuning config between loading and packing."""
    steps = [step for step in tiny.config("finetune").train_pipeline if step["type"] not in ("LoadImageFromFile", "PackInputs")]
    transform = Compose([TRANSFORMS.build(dict(deepcopy(step))) for step in steps])
    for seed in range(SEEDS["pipeline"]):
        for image in PIPELINE_IMAGES:
            digest, _, following = seeded(seed, transform, pictures[image])
            yield dict(seed=seed, image=image, sha256=digest, next=following)


def goldens():
    mixing_rows, tensors, within = mixing.cases()
    pictures = images()
    rand_rows, magnitudes = rand_augment(pictures)
    jitter_rows, factors = jitter_seeds(pictures)
    keys = ("id", "kind", "of", "height", "width")
    rows = dict(
        images=[dict(zip(keys, about), sha256=common.digest(pictures[about[0]])) for about in IMAGES],
        ops=list(op_rows(pictures)),
        rand_augment=rand_rows,
        color_jitter_given=list(jitter_given(pictures)),
        color_jitter=jitter_rows,
        random_erasing=list(erasing_rows(pictures)),
        random_flip=list(flip_rows(pictures)),
        pipeline=list(pipeline_rows(pictures)),
        mixing=mixing_rows,
    )
    about = "RandAugment's ops, ColorJitter, RandomErasing, RandomFlip and the whole fine-tuning pipeline: draws and hashes of the images"
    yield common.Golden("full/augment.json", about, json=dict(DESCRIPTION, **mixing.DESCRIPTION, **rows))
    tensors.update({"rand_augment/magnitude": magnitudes, "color_jitter/factor": factors})
    within.update({"rand_augment/magnitude": 1e-9 * float(np.abs(magnitudes).max()), "color_jitter/factor": 1e-9})
    metadata = {
        "rand_augment/magnitude": "[row of rand_augment, place], with its sign; 0 where the op was not applied or has no magnitude",
        "color_jitter/factor": "[row of color_jitter, brightness | contrast | saturation]",
        **mixing.TENSORS,
    }
    about = "what the augmentations drew that is no integer, and batches mixed by Mixup and CutMix"
    yield common.Golden("full/augment.safetensors", about, tensors=tensors, within=within, metadata=metadata)
