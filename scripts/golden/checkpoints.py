"""Checkpoints as torch.save writes them, in all its formats, and the numbers that torch holds of them."""

import io
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.logging import MessageHub
from mmengine.logging.history_buffer import HistoryBuffer
from torch import nn

import common
import reference
import running
from model import TINY

FOLDER = "full/checkpoints"
CLASSES = tuple(f"class {i}" for i in range(TINY["classifier"]["numClasses"]))
INPUT = dict(fill="golden/x", shape=[1, 3, 56, 56], offset=0, scale=2)


def saved(value, **options):
    """The bytes of torch.save, the same in every process: the old format names storages by their addresses."""
    stream = io.BytesIO()
    with numbered_storages():
        torch.save(value, stream, **options)
    return stream.getvalue()


@contextmanager
def numbered_storages():
    """Lets the old format number the storages in the order in which it meets them."""
    numbers, address = {}, torch._C.StorageBase._cdata
    torch.UntypedStorage._cdata = property(lambda storage: numbers.setdefault(address.__get__(storage), 1000 + len(numbers)))
    try:
        yield
    finally:
        del torch.UntypedStorage._cdata


def meta(epoch, iteration, config):
    """What mmengine's runner writes (`Runner.save_checkpoint`), with times that do not change."""
    return dict(
        epoch=epoch,
        iter=iteration,
        cfg=config,
        seed=0,
        experiment_name="maskfeat-tiny_20240101_000000",
        time="20240101_000000",
        mmengine_version="0.10.7",
        dataset_meta=dict(classes=CLASSES),
    )


def trained(model, step=3):
    """An AdamW after `step` steps on made-up gradients, as `state_dict()` gives it."""
    names = [name for name, _ in model.named_parameters()][:4]
    parameters = [dict(model.named_parameters())[name].requires_grad_(True) for name in names]
    optimizer = torch.optim.AdamW([dict(params=[p], lr=1e-3, weight_decay=0.05) for p in parameters], betas=(0.9, 0.95))
    before = [p.detach().clone() for p in parameters]
    for i in range(step):
        for name, p in zip(names, parameters):
            p.grad = torch.from_numpy(common.fill(f"{name}/grad{i}", tuple(p.shape), 0, 1)).to(p.dtype)
        optimizer.step()
    for p, value in zip(parameters, before):
        p.data = value
        p.requires_grad_(False)
    state = optimizer.state_dict()
    state["base_param_settings"] = dict(params=torch.tensor([0.0]), lr=1e-3, weight_decay=0.05)
    return state


def message_hub():
    hub = MessageHub("checkpoints")
    for i in range(3):
        hub.update_scalar("train/loss", 0.5 - 0.1 * i)
    hub.update_info("epoch", 2)
    hub.update_info("dataset_meta", dict(classes=CLASSES))
    state = hub.state_dict()
    assert isinstance(state["log_scalars"]["train/loss"], HistoryBuffer)
    return state


def named(module):
    """The state dict with the `_metadata` that torch gives it."""
    return module.state_dict()


def cast(state, dtype):
    return OrderedDict((name, tensor.to(dtype)) for name, tensor in state.items())


def whole_models():
    """The two tiny models with everything that mmengine puts beside them."""
    single = {kind: running.single(reference.build(config, out_indices=[1])) for kind, config in TINY.items()}
    for kind, model in single.items():
        optimizer = trained(model)
        checkpoint = dict(
            meta=meta(2, 8, f"model = dict(type={type(model).__name__!r})\n"),
            state_dict=named(model),
            message_hub=message_hub(),
            optimizer=dict(optimizer) if kind == "pretrain" else dict(optimizer, loss_scaler=dict(scale=65536.0, growth_factor=2.0)),
            param_schedulers=[dict(last_step=8, _global_step=9, verbose=False)],
        )
        yield kind, model, checkpoint


def few(dtype=None):
    """A few tensors of a name and a value each."""
    state = OrderedDict(
        (name, torch.from_numpy(common.parameter(name, shape)))
        for name, shape in [("backbone.layers.0.attn.qkv.weight", (12, 4)), ("backbone.layers.0.attn.qkv.bias", (12,)), ("backbone.cls_token", (1, 1, 4))]
    )
    return cast(state, dtype) if dtype else state


def views():
    """Tensors that are views: transposed, offset, strided, of one storage, repeated, empty, scalar."""
    base = torch.from_numpy(common.fill("views/base", (5, 6, 7), 0, 1))
    big = torch.from_numpy(common.fill("views/big", (3, 40), 0, 1))
    half = big.to(torch.float16)
    return OrderedDict(
        whole=base,
        same=base,
        transposed=base.permute(2, 0, 1),
        offset=base[1:, 2:, 3:],
        stepped=base[::2, 1::3, ::4],
        row=base[2, 3],
        scalar=base[4, 5, 6],
        column=big[:, 7],
        turned=big.t()[5:9],
        repeated=big[:1].expand(4, 40),
        windows=big[0].unfold(0, 8, 3),
        half_turned=half.t(),
        half_part=half[1:, 5:6],
        empty=torch.zeros(0, 3),
        channels_last=torch.from_numpy(common.fill("views/image", (2, 3, 4, 5), 0, 1)).contiguous(memory_format=torch.channels_last),
    )


def numbers():
    """One tensor of every dtype that has values in f32; of those of 64 bits also values that f32 must round."""
    whole = torch.arange(-6, 6)
    return OrderedDict(
        f64=torch.tensor([0.1, -1e300, 1e-300, 2.0**-149, float(2**24 + 1)], dtype=torch.float64),
        f32=torch.tensor([0.1, -0.0, 3.4e38, 1e-45]),
        f16=torch.tensor([0.1, -0.0, 65504, 6e-8], dtype=torch.float16),
        bf16=torch.tensor([0.1, -0.0, 3e38, 1e-40], dtype=torch.bfloat16),
        i64=torch.tensor([0, -1, 2**24 + 1, -(2**62) - 1], dtype=torch.int64),
        i32=torch.tensor([0, -1, 2**24 + 1, -(2**31)], dtype=torch.int32),
        i16=whole.to(torch.int16),
        i8=whole.to(torch.int8),
        u8=torch.arange(250, 256).to(torch.uint8),
        bool=torch.tensor([True, False, True]),
        num_batches_tracked=torch.tensor(7),
    )


def small():
    """name -> (value, options of torch.save, the dict of tensors inside)."""
    state = few()
    parameters = OrderedDict((name, nn.Parameter(value)) for name, value in state.items())
    plain = dict(lr=np.float64(1.5e-3), steps=np.int64(7), done=np.bool_(True), note="é", big=2**70, none=None, raw=b"\x00\xff")
    old = dict(_use_new_zipfile_serialization=False)
    yield "views", (views(), {}, views())
    yield "views-legacy", (views(), old, views())
    yield "numbers", (numbers(), {}, numbers())
    yield "numbers-legacy", (numbers(), old, numbers())
    yield "parameters", (dict(state_dict=parameters, meta=plain), {}, state)
    yield "data-parallel", (dict(state_dict=OrderedDict((f"module.{k}", v) for k, v in state.items())), {}, state)
    yield "pyslowfast", (dict(epoch=3, model_state=state, optimizer_state=dict(state={}, param_groups=[]), cfg="TRAIN:\n  ENABLE: True\n"), {}, state)
    yield "timm", (dict(model=state, optimizer=dict(state={}), epoch=1), {}, state)
    yield "bare-protocol4", (state, dict(pickle_protocol=4), state)
    yield "bare-protocol5-legacy", (state, dict(pickle_protocol=5, **old), state)


def raw(name, about, data):
    return common.Golden(f"{FOLDER}/{name}", about, raw=data)


def as_numbers(tensors):
    """What the tensors hold, row-major, as f32."""
    return {name: tensor.detach().float().contiguous().numpy() for name, tensor in tensors.items()}


def goldens():
    expected, outputs = {}, {}
    for kind, model, checkpoint in whole_models():
        state = checkpoint["state_dict"]
        yield raw(f"{kind}.pth", f"the tiny {kind} model as mmengine saves it", saved(checkpoint))
        if kind == "classifier":
            light = {key: value for key, value in checkpoint.items() if key != "optimizer"}
            yield raw(f"{kind}-legacy.pth", "the same in the format before torch 1.6, without the optimizer", saved(light, _use_new_zipfile_serialization=False))
            for name, dtype in dict(f16=torch.float16, bf16=torch.bfloat16).items():
                yield raw(f"{kind}-{name}.pth", f"its weights in {name}", saved(dict(meta=checkpoint["meta"], state_dict=cast(state, dtype))))
        outputs.update(run(kind, model))
    for name, (value, options, tensors) in small():
        yield raw(f"{name}.pth", "tensors of a kind, as torch.save writes them", saved(value, **options))
        if not name.endswith("legacy"):
            expected.update({f"{name}/{key}": array for key, array in as_numbers(tensors).items()})
    yield common.Golden(f"{FOLDER}/tensors.safetensors", "the small checkpoints' tensors as torch holds them, as f32", tensors=expected)
    yield common.Golden(
        f"{FOLDER}/outputs.safetensors",
        "logits of the classifier and sketches of the features of both tiny models in float64, and in torch's own f32",
        tensors=outputs,
        metadata=dict(input=INPUT, classes=list(CLASSES)),
        within={name: 1e-4 for name in outputs},
    )


def run(kind, model):
    """The model's outputs for the fill: by torch in f32, and in f64 with the same weights."""
    outputs = {}
    for precision, one in dict(f32=model, f64=running.single(model).double()).items():
        images = reference.fill(INPUT["fill"], tuple(INPUT["shape"])).to(next(one.parameters()).dtype)
        found = reference.features({kind: one}, images)
        outputs[f"{kind}/raw/{precision}"] = torch.from_numpy(common.sketch(found[f"{kind}/raw/0"].numpy()))
        if kind == "classifier":
            outputs[f"logits/{precision}"] = found["classifier/logits"]
    return {name: tensor.detach().double().numpy() for name, tensor in outputs.items()}
