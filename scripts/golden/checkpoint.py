"""Goldens of a user's own checkpoint: the same kind of file as the package's, for whole models."""

import hashlib
import json
import struct
import sys
from pathlib import Path

import torch

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


def image(model, side, pretrain):
    """The name of an input, none of whose pixels is near the border of two HOG bins."""
    names = [f"golden/x{i}" for i in range(100)]
    if not pretrain:
        return names[0]
    generator = model.target_generator
    return next(name for name in names if reference.from_border(generator, reference.fill(name, (1, 3, side, side))) > reference.NEAR)


def study_all(sheet, config, model, runs):
    """Features and masked loss of a pre-training model; features and logits of a classifier."""
    whole = reference.complete(config)
    side, last = whole["imageSize"], whole["numLayers"] - 1
    pretrain = whole["kind"] == "pretrain"
    output = f"{whole['outType']}/{last}" if pretrain else f"avg_featmap/{last}"
    outputs = [(output, "full")] + ([] if pretrain else [("logits", "full")])
    subject = Subject("user", config, model, image(model, side, pretrain), (1, 3, side, side))
    subject.study_features(outputs, runs, runs)
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
    for problem in sheet.problems():
        print(f"warning: {problem}", file=sys.stderr)
    golden = sheet.golden(checkpoint=dict(sha256=hashlib.sha256(data).hexdigest(), name=path.name), versions=common.versions())
    Path(args.out).write_bytes(golden.bytes())
    print(f"wrote {args.out}")
    if args.weights_out:
        tensors = {name: value.numpy() for name, value in state.items()}
        Path(args.weights_out).write_bytes(common.safetensors(tensors, {}))
        print(f"wrote {args.weights_out}")
