"""Goldens of a user's own checkpoint: the same kind of file as the package's, for whole models."""

import hashlib
import json
import struct
import sys
from pathlib import Path

import torch
from torch import nn

import common
import reference
from cases import Sheet
from model import Subject


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
        return read_tensors(path.read_bytes())
    found = torch.load(path, map_location="cpu")
    for key in ("state_dict", "model"):
        if isinstance(found.get(key), dict):
            found = found[key]
            break
    return {without_module(name): value.float() for name, value in found.items() if torch.is_tensor(value)}


def without_module(name):
    """Training on several GPUs puts this before every name."""
    return name[len("module.") :] if name.startswith("module.") else name


def read_tensors(data):
    """Floating-point tensors of a safetensors file that any program wrote, as f32."""
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:begin])
    types = dict(F64=torch.float64, F32=torch.float32, F16=torch.float16, BF16=torch.bfloat16)
    state = {}
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] not in types:
            continue
        first, end = (begin + offset for offset in about["data_offsets"])
        flat = torch.frombuffer(bytearray(data[first:end]), dtype=types[about["dtype"]])
        state[without_module(name)] = flat.reshape(about["shape"]).float()
    return state


def image(model, side, kind):
    """The name of an input, none of whose pixels is near the border of two HOG bins."""
    names = [f"golden/x{i}" for i in range(100)]
    if kind == "classifier":
        return names[0]
    generator = model.target_generator
    return next(name for name in names if reference.from_border(generator, reference.fill(name, (1, 3, side, side))) > reference.NEAR)


def study_all(sheet, config, model, runs):
    """Features and masked loss of a pre-training model; features and logits of a classifier."""
    whole = reference.complete(config)
    kind, side, last = whole["kind"], whole["imageSize"], whole["numLayers"] - 1
    outputs = [f"{kind}/{whole['outType']}/{last}"] + (["classifier/logits"] if kind == "classifier" else [])
    subject = Subject("user", {kind: config}, nn.ModuleDict({kind: model}), image(model, side, kind), (1, 3, side, side))
    subject.study_features([(output, "full") for output in outputs], runs, runs)
    if kind == "pretrain" and side // whole["patchSize"] == 14:  # HOGGenerator makes targets for a grid of 14 x 14 alone
        predicted = ["pretrain/pred", "pretrain/loss"]
        subject.study_masked([(output, "full") for output in predicted], runs, runs)
        outputs += predicted
    for output in outputs:
        subject.add(sheet, f"user/{output.split('/')[1]}", output, "full", weights="user")


def identity(path):
    return dict(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), name=path.name)


def write(args):
    """What the command line asks for."""
    path = Path(args.checkpoint)
    config, state = config_named(args.model), read_state(path)
    about = dict(checkpoint=identity(path), versions=common.versions())
    sheet = Sheet("full/user", f"outputs of {path.name}")
    study_all(sheet, config, reference.build(config, state), args.runs)
    sheet.write_table()
    for problem in sheet.problems():
        print(f"warning: {problem}", file=sys.stderr)
    if args.weights_out:
        weights = Path(args.weights_out)
        weights.write_bytes(common.safetensors({name: value.numpy() for name, value in state.items()}, {}))
        about["weights"] = identity(weights)
        print(f"wrote {weights}")
    Path(args.out).write_bytes(sheet.golden(**about).bytes())
    print(f"wrote {args.out}")
