"""Training of the small models by mmengine's own optimizers and schedulers, in float64 and float32: two steps in full, twenty as curves."""

from itertools import count, islice

import numpy as np
import torch

import common
import exact
import gradients
import tiny

STEPS = 20
# The configs' schedules in short, by iteration.
SCHEDULE = [
    dict(type="LinearLR", start_factor=1e-3, by_epoch=False, begin=0, end=5),
    dict(type="CosineAnnealingLR", T_max=15, eta_min=1e-6, by_epoch=False, begin=5, end=STEPS),
]
# Float32 puts a phase of HOG into the right bin where it is this far from a border.
SAFE = 1e-5
BATCHES = dict(
    images='fill("golden/step/<number>", [2, 3, 56, 56], 0, 2), taken as normalised RGB',
    mask='bits("golden/step/<number>/mask", [2, 196]), 1 is hidden',
    labels='u32("golden/step/<number>/label", [0, 1]) % 10',
    numbers_are=f"the first whose HOG phases all keep {SAFE} away from a border of bins, so that no rounding moves a vote",
)
OPTIMIZER = dict(
    pretrain="the config's AdamW, clipping and paramwise_cfg, with OptimWrapper for AmpOptimWrapper; base lr 0.0016",
    finetune="the config's AdamW, LearningRateDecayOptimWrapperConstructor and paramwise_cfg; base lr 0.008, no clipping",
)


def norm(model):
    return float(torch.cat([parameter.grad.reshape(-1) for parameter in model.parameters()]).norm())


def step(model, optim_wrapper, inputs):
    """(loss, norm of the gradient before clipping) of OptimWrapper.update_params, taken apart to see the gradient."""
    loss = tiny.loss(model, inputs)
    optim_wrapper.backward(loss)
    length = norm(model)
    optim_wrapper.step()
    optim_wrapper.zero_grad()
    return float(loss), length


def moved(model, start):
    """How far each parameter is from its start."""
    return {name: value - start[name] for name, value in exact.arrays(model.named_parameters()).items()}


def moments(model, optim_wrapper, key):
    return exact.arrays((name, optim_wrapper.optimizer.state[parameter][key]) for name, parameter in model.named_parameters())


def two_steps(recipe, dtype):
    """({group of tensors: {name: value}}, losses, norms, noise) of two steps with the same batch."""
    model = tiny.build(recipe, dtype)
    optim_wrapper = tiny.optimizer(model, recipe)
    start = exact.arrays(model.named_parameters())
    out, losses, norms = {}, [], []
    for k in (1, 2):
        loss, length = step(model, optim_wrapper, gradients.small_inputs())
        losses.append(loss)
        norms.append(length)
        out[f"{recipe}/moved/{k}"] = moved(model, start)
    for key in ("exp_avg", "exp_avg_sq"):
        out[f"{recipe}/{key}"] = moments(model, optim_wrapper, key)
    return out, losses, norms, tiny.noise(model)


def optimizer():
    tensors, within, metadata = {}, {}, dict(cases={}, float32={}, noise=[], noise_is=gradients.KEY_BIAS)
    for recipe in tiny.CONFIG:
        out, losses, norms, noise = two_steps(recipe, torch.float64)
        out32, losses32, norms32, _ = two_steps(recipe, torch.float32)
        for group, values in out.items():
            found = exact.errors(values, out32[group], noise)
            tensors.update(exact.prefixed(group, exact.kept(values)))
            within.update(exact.envelopes(group, found))
            metadata["float32"].update(exact.prefixed(group, found))
            metadata["noise"] += [[f"{group}/{name}", begin, end] for name, begin, end in noise]
        for name, values in dict(loss=losses, norm=norms).items():
            tensors[f"{recipe}/{name}"] = np.float64(values)
            within[f"{recipe}/{name}"] = 1e-6 * max(values)
        metadata["cases"][recipe] = dict(
            model=gradients.MODELS[recipe],
            inputs=gradients.SMALL_INPUTS,
            optimizer=OPTIMIZER[recipe],
            loss_of_float32=losses32,
            norm_of_float32=norms32,
        )
    metadata["tensors"] = dict(
        moved="<recipe>/moved/<k>/<parameter>: the parameter after k steps minus the parameter at the start; the same batch both times",
        moments="<recipe>/exp_avg/ and <recipe>/exp_avg_sq/: AdamW's state after 2 steps; of the clipped gradients in pretrain",
        norm="of the whole gradient at each step, before clipping",
        loss="at each step, before it",
        lr="the base rate, or what layer-wise decay makes of it, at both steps: no schedule",
    )
    about = "two steps of AdamW in both recipes, small models: parameters, moments, losses, norms, from float64"
    return common.Golden("full/optimizer.safetensors", about, tensors=tensors, within=within, metadata=metadata)


def batch_numbers():
    """The first batches that are safe."""
    safe = (number for number in count() if tiny.tie_margin(tiny.numbered_batch(number)[0]) > SAFE)
    return list(islice(safe, STEPS))


def layers(optim_wrapper):
    """The first group of each layer-wise learning rate: all groups have the same one without layer decay."""
    first = {}
    for group in optim_wrapper.optimizer.param_groups:
        first.setdefault(group.get("layer_id", 0), group)
    return [first[layer] for layer in sorted(first)]


def curve(recipe, dtype, numbers):
    """(losses, norms, learning rates, {name: how far it went}) of a short training."""
    model = tiny.build(recipe, dtype)
    optim_wrapper = tiny.optimizer(model, recipe)
    schedulers = tiny.schedulers(optim_wrapper, SCHEDULE, STEPS)
    start = exact.arrays(model.named_parameters())
    losses, norms, rates = [], [], []
    for number in numbers:
        rates.append([group["lr"] for group in layers(optim_wrapper)])
        loss, length = step(model, optim_wrapper, tiny.numbered_batch(number))
        losses.append(loss)
        norms.append(length)
        for scheduler in schedulers:
            scheduler.step()
    return np.float64(losses), np.float64(norms), np.float64(rates), exact.silenced(moved(model, start), tiny.noise(model))


def curves():
    numbers = batch_numbers()
    tensors, within, metadata = {}, {}, dict(cases={}, batches=dict(BATCHES, numbers=numbers), schedule=SCHEDULE)
    for recipe in tiny.CONFIG:
        losses, norms, rates, went = curve(recipe, torch.float64, numbers)
        losses32, norms32, _, went32 = curve(recipe, torch.float32, numbers)
        tensors.update({f"{recipe}/loss": losses, f"{recipe}/norm": norms, f"{recipe}/lr": rates})
        tensors.update({f"{recipe}/float32/loss": losses32, f"{recipe}/float32/norm": norms32})
        for name, one, other in (("loss", losses, losses32), ("norm", norms, norms32)):
            within[f"{recipe}/{name}"] = within[f"{recipe}/float32/{name}"] = 4 * float(np.abs(one - other).max())
        within[f"{recipe}/lr"] = 1e-9 * float(rates.max())
        for name, value in went.items():
            rows = np.stack([value.reshape(-1), (went32[name] - value).reshape(-1)])
            tensors[f"{recipe}/moved/{name}"], tensors[f"{recipe}/float32/moved/{name}"] = stats = exact.statistics(rows)
            within[f"{recipe}/moved/{name}"] = within[f"{recipe}/float32/moved/{name}"] = 4 * float(np.abs(stats[1]).max())
        metadata["cases"][recipe] = dict(model=gradients.MODELS[recipe], optimizer=OPTIMIZER[recipe])
    metadata["tensors"] = dict(
        loss="at each step, before it",
        norm="of the whole gradient at each step, before clipping",
        lr="[step, layer id] of the layer-wise decay; of pretrain one for all parameters",
        moved="[columns] of the flattened last minus first value of each parameter, the key biases taken as unmoved",
        float32="<recipe>/float32/: the same run in float32; its moved/: of how far it went minus how far float64 went",
        columns=exact.STATISTICS,
    )
    about = f"{STEPS} steps of both recipes, small models: losses, norms, learning rates, where the parameters went, in float64 and float32"
    return common.Golden("full/curves.safetensors", about, tensors=tensors, within=within, metadata=metadata)


def goldens():
    yield optimizer()
    yield curves()
