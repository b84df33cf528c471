"""Both recipes' learning rates over whole trainings by mmengine's own schedulers, and their parameter groups for ViT-B/16."""

import warnings

import numpy as np
import torch
from mmengine.optim import OptimWrapper

import common
import tiny

EPOCH = 626  # iterations: 8 GPUs, 256 images each, 1281167 images
# (epochs of warm-up, epochs)
EPOCHS = dict(pretrain=(30, 300), finetune=(20, 100))
EDGE, SPREAD = 20, 120


def iterations(recipe):
    """The first ones, those around the end of the warm-up, the last ones, and some spread evenly between."""
    warm, last = (EPOCH * epochs for epochs in EPOCHS[recipe])
    edges = [*range(EDGE), *range(warm - EDGE, warm + EDGE), *range(last - EDGE, last)]
    return sorted({*edges, *(last * k // SPREAD for k in range(SPREAD))})


def groups(recipe):
    """[{name, shape, lr, weight_decay, layer}] of the recipe's optimizer for the whole model, in the optimizer's order."""
    model = tiny.build(recipe, torch.float32, small=False)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    rows = []
    for group in tiny.optimizer(model, recipe).optimizer.param_groups:
        (parameter,) = group["params"]
        row = dict(name=names[id(parameter)], shape=list(parameter.shape), weight_decay=group["weight_decay"], lr=group["lr"])
        rows.append(dict(row, layer=group.get("layer_id")))
    return rows


def drive(recipe, rates):
    """[iteration, group] the learning rates of groups that begin with these, as a whole training sees them."""
    sgd = torch.optim.SGD([dict(params=[torch.zeros(1, requires_grad=True)], lr=rate) for rate in rates], lr=rates[0])
    schedulers = tiny.schedulers(OptimWrapper(sgd), tiny.config(recipe).param_scheduler, EPOCH)
    wanted = iterations(recipe)
    seen, due = [], iter(wanted)
    at = next(due)
    for iteration in range(wanted[-1] + 1):
        if iteration == at:
            seen.append([group["lr"] for group in sgd.param_groups])
            at = next(due, None)
        for scheduler in schedulers:
            scheduler.step()
    return np.float64(seen)


def goldens():
    # mmengine's schedulers warn that nothing was optimized before them; nothing is to be optimized here.
    warnings.filterwarnings("ignore", message=".*optimizer.step.*")
    tensors, within, rows, cases = {}, {}, {}, {}
    for recipe in tiny.CONFIG:
        found = groups(recipe)
        layers = sorted({row["layer"] for row in found if row["layer"] is not None})
        rates = [next(row["lr"] for row in found if row["layer"] == layer) for layer in layers] or [found[0]["lr"]]
        lr = f"{recipe}/lr"
        tensors[f"{recipe}/iteration"] = np.int64(iterations(recipe))
        tensors[lr] = drive(recipe, rates)
        tensors[f"{recipe}/groups/lr"] = np.float64([row["lr"] for row in found])
        for name in (lr, f"{recipe}/groups/lr"):
            within[name] = 1e-9 * float(tensors[name].max())
        rows[recipe] = [{key: value for key, value in row.items() if key != "lr" and value is not None} for row in found]
        cases[recipe] = dict(epoch_length=EPOCH, epochs=EPOCHS[recipe][1], warm_up=EPOCHS[recipe][0])
    metadata = dict(
        cases=cases,
        lr="<recipe>/lr: [one of <recipe>/iteration, layer id], the rate that iteration uses; of pretrain one for all parameters",
        groups="<recipe>/groups/lr: of every parameter before any schedule, in the order of schedules.json",
    )
    about = "learning rates of both recipes over whole trainings by mmengine's schedulers, in float64"
    yield common.Golden("full/schedules.safetensors", about, tensors=tensors, within=within, metadata=metadata)
    head = dict(schema=1, lr="as computed numbers, in schedules.safetensors", order="of the optimizer's groups, one parameter each")
    about = "parameter groups of both recipes for ViT-B/16: names, shapes, weight decay, layer ids of the layer-wise decay"
    yield common.Golden("full/schedules.json", about, json=dict(head, **rows))
