"""Goldens of a user's own checkpoint: the same kind of file as the package's, for whole models."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

import common
import reference
from cases import Sheet
from model import Subject

IMAGE = "golden/x0"


def config_named(model):
    """The configuration of a registered name, or of a JSON file of ours."""
    if model.lower() in reference.REGISTERED:
        return reference.REGISTERED[model.lower()]
    path = Path(model)
    if not path.exists():
        raise SystemExit(f"no model is named {model!r} and there is no such file; the models are {', '.join(reference.REGISTERED)}")
    return json.loads(path.read_text())


def read_state(path):
    """{name: f32 tensor} of a checkpoint of mmengine, of a plain state dict, or of a safetensors file."""
    if path.suffix == ".safetensors":
        tensors, _ = common.read_safetensors(path.read_bytes())
        return {name: torch.from_numpy(np.array(values, np.float32)) for name, values in tensors.items()}
    found = torch.load(path, map_location="cpu")
    for key in ("state_dict", "model"):
        if isinstance(found.get(key), dict):
            found = found[key]
            break
    return {name[7:] if name.startswith("module.") else name: value.float() for name, value in found.items() if torch.is_tensor(value)}


def study_all(sheet, config, model, runs):
    """Features and masked loss of a pre-training model; features and logits of a classifier."""
    whole = reference.complete(config)
    side, last = whole["imageSize"], whole["numLayers"] - 1
    pretrain = whole["kind"] == "pretrain"
    output = f"{whole['outType']}/{last}" if pretrain else f"avg_featmap/{last}"
    outputs = [(output, "full")] + ([] if pretrain else [("logits", "full")])
    subject = Subject("user", config, model, IMAGE, (1, 3, side, side)).study_features(outputs, runs, runs)
    if pretrain and side // whole["patchSize"] == 14:  # HOGGenerator makes targets for a grid of 14 x 14 alone
        outputs += [("pred", "full"), ("loss", "full")]
        subject.study_masked(outputs[-2:], runs, runs)
    for output, form in outputs:
        subject.add(sheet, f"user/{output.split('/')[0]}", output, form, weights="user")


def write(args):
    """What the command line asks for."""
    path = Path(args.checkpoint)
    data = path.read_bytes()
    config, state = config_named(args.model), read_state(path)
    sheet = Sheet("full/user", f"outputs of {path.name}")
    study_all(sheet, config, reference.build(config, state), args.runs)
    sheet.write_table()
    golden = sheet.golden(checkpoint=dict(sha256=hashlib.sha256(data).hexdigest(), name=path.name), versions=common.versions())
    Path(args.out).write_bytes(golden.bytes())
    print(f"wrote {args.out}")
    if args.weights_out:
        tensors = {name: value.numpy() for name, value in state.items()}
        Path(args.weights_out).write_bytes(common.safetensors(tensors, {}))
        print(f"wrote {args.weights_out}")
