"""Gradients of mmpretrain's own models by torch's autograd in float64: the small models whole, ViT-B/16 as statistics."""

import numpy as np
import torch

import common
import exact
import tiny

LABELS = [3, 7]
SCORES = [[0.0, 0, 0, 0.75, 0, 0, 0, 0.25, 0, 0], [0.0, 0, 0, 0.25, 0, 0, 0, 0.75, 0, 0]]
KEY_BIAS = "the key biases: softmax does not depend on them, so that their gradients are rounding errors; never compare them"
SMALL_INPUTS = dict(
    images='fill("golden/x", [2, 3, 56, 56], 0, 2), taken as normalised RGB',
    mask='bits("golden/mask", [2, 196]), 1 is hidden',
    labels=LABELS,
    weights='parameter(name, shape) with the name in the state dict, "backbone." and all',
)
MODELS = dict(
    pretrain="MaskFeat of the pre-training config: 56 px, patch 4, width 48, 2 layers, 4 heads, MLP 96; HOG pool 2, Gaussian window 4",
    finetune="ImageClassifier of the fine-tuning config: as above, 10 classes, no drop path, no mixing",
)
LOSSES = dict(
    pretrain="MIMHead's loss over the hidden tokens; the HOG targets are float32, as HOGGenerator gives nothing else",
    finetune="LabelSmoothLoss 0.1, 'original'; mmpretrain makes the smooth labels in float32 (0.91 and 0.01 rounded), the rest in float64",
)


def small_inputs():
    return tiny.batch("golden/x", "golden/mask", LABELS)


def gradients(model, inputs):
    """(loss, {name: gradient}), as f64."""
    value = tiny.loss(model, inputs)
    value.backward()
    return float(value), exact.arrays((name, parameter.grad) for name, parameter in model.named_parameters())


def mixed_inputs():
    """The same images with labels that Mixup made."""
    x, samples = small_inputs()
    for sample, score in zip(samples, SCORES):
        sample.set_gt_score(torch.tensor(score))
    return x, samples


# {case: (recipe, inputs, which gradients)}
CASES = dict(
    pretrain=("pretrain", small_inputs, ""),
    finetune=("finetune", small_inputs, ""),
    mixed=("finetune", mixed_inputs, "head."),
)


def small():
    """Every gradient of the two small models."""
    tensors, within, metadata = {}, {}, dict(cases={}, float32={}, noise=[], noise_is=KEY_BIAS)
    for case, (recipe, make_inputs, prefix) in CASES.items():
        model, inputs = tiny.build(recipe, torch.float64), make_inputs()
        value, grads = gradients(model, inputs)
        value32, grads32 = gradients(tiny.build(recipe, torch.float32), inputs)
        grads = {name: grad for name, grad in grads.items() if name.startswith(prefix)}
        noise = [row for row in tiny.noise(model) if row[0] in grads]
        found = exact.errors(grads, grads32, noise)
        tensors.update(exact.prefixed(case, exact.kept(grads)))
        tensors[f"{case}/loss"] = np.float64([value])
        within.update(exact.envelopes(case, found))
        within[f"{case}/loss"] = 1e-6 * value
        metadata["cases"][case] = dict(
            model=MODELS[recipe],
            inputs=SMALL_INPUTS if case != "mixed" else dict(SMALL_INPUTS, labels=SCORES),
            tie_margin=tiny.tie_margin(inputs[0]),
            loss_is=LOSSES[recipe],
            loss=value,
            loss_of_float32=value32,
        )
        metadata["float32"].update(exact.prefixed(case, found))
        metadata["noise"] += [[f"{case}/{name}", begin, end] for name, begin, end in noise]
    about = "gradients of every parameter of the small MaskFeat and the small classifier, of its head with mixed labels, from float64"
    return common.Golden("full/tiny-gradients.safetensors", about, tensors=tensors, within=within, metadata=metadata)


def base():
    """Statistics of every gradient of ViT-B/16 in pre-training. Two models of 86 million numbers: 3 GB of memory, two minutes."""
    x = torch.from_numpy(common.fill("hogin224", [1, 3, 224, 224], 0, 2))
    inputs = x, tiny.samples(common.bits("golden/mask224", [1, tiny.TOKENS]), [0])
    value, grads = gradients(tiny.build("pretrain", torch.float64, small=False), inputs)
    model = tiny.build("pretrain", torch.float32, small=False)
    value32, grads32 = gradients(model, inputs)
    noise = tiny.noise(model)
    grads, grads32 = exact.silenced(grads, noise), exact.silenced(grads32, noise)
    tensors, within = {"loss": np.float64([value])}, {"loss": 1e-6 * value}
    for name, grad in grads.items():
        rows = np.stack([grad.reshape(-1), grads32[name].reshape(-1) - grad.reshape(-1)])
        tensors[f"gradient/{name}"], tensors[f"error/{name}"] = exact.statistics(rows)
        within[f"gradient/{name}"] = within[f"error/{name}"] = 4 * float(np.abs(tensors[f"error/{name}"]).max())
    metadata = dict(
        cases=dict(
            model="MaskFeat of the pre-training config: ViT-B/16, 224 px",
            inputs=dict(images='fill("hogin224", [1, 3, 224, 224], 0, 2)', mask='bits("golden/mask224", [1, 196])'),
            weights=SMALL_INPUTS["weights"],
            tie_margin=tiny.tie_margin(x),
            loss_is=LOSSES["pretrain"],
            loss=value,
            loss_of_float32=value32,
        ),
        columns=exact.STATISTICS,
        rows_are="gradient/: of the flattened gradient of float64; error/: of torch's float32 gradient minus that; projections as sketch()",
        noise=noise,
        noise_is=KEY_BIAS + "; both were set to zero there before the statistics",
    )
    about = "statistics of every gradient of ViT-B/16 in pre-training, and of float32's error, from float64"
    return common.Golden("full/base-gradients.safetensors", about, tensors=tensors, within=within, metadata=metadata)


def goldens():
    yield small()
    yield base()
