"""Files that hold plain weights and averages of them, as torch.save writes them, with what their projects load.

    python scripts/golden/peers/averages.py        # with torch 2.15.0, timm 1.0.31; writes test/fixtures/peers/averages.json

Every plain tensor holds 1, every averaged one 2. Where timm knows the layout, timm itself says what it takes. The layouts of projects
that are not installed are written as their programs do: mmengine 0.10.7 (EMAHook exchanges both state dicts before it saves), Lightning
2.5 (WeightAveraging), PySlowFast, DINO, I-JEPA, DeepSpeed, torch_ema, NeMo.
"""

import base64
import gzip
import io
import json
import pathlib
import tempfile

import timm
import torch
from timm.models import load_state_dict

NAMES = ["blocks.0.norm1.weight", "head.bias"]


def weights(value, prefix="", more=()):
    return {**{prefix + name: torch.full((1,), float(value)) for name in NAMES}, **dict(more)}


def averaged_model(value):
    """As torch.optim.swa_utils.AveragedModel has it, by itself."""
    model = torch.nn.Module()
    block = torch.nn.Module()
    block.norm1 = torch.nn.LayerNorm(1, bias=False)
    model.blocks = torch.nn.ModuleList([block])
    model.head = torch.nn.Linear(1, 1)
    model.head.weight = None
    averaged = torch.optim.swa_utils.AveragedModel(model)
    with torch.no_grad():
        for parameter in averaged.parameters():
            parameter.fill_(value)
    return averaged.state_dict()


STEPS = [("steps", torch.tensor(5))]
PLAIN, EMA = weights(1), weights(2)

# name, file, what its project takes (None: timm says), whether it is told, what `ema` true and false take ("refused": an error)
CASES = [
    ("timm: CheckpointSaver", {"epoch": 3, "arch": "vit", "state_dict": PLAIN, "optimizer": {"state": {}}, "version": 2, "state_dict_ema": EMA}, None, 0, 2, 1),
    ("timm: without an average", {"epoch": 3, "arch": "vit", "state_dict": PLAIN}, None, 0, "refused", 1),
    ("timm: the average is None", {"state_dict": PLAIN, "state_dict_ema": None}, None, 0, "refused", 1),
    ("timm: the average of a wrapped model", {"state_dict": weights(1, "module."), "state_dict_ema": weights(2, "module.")}, None, 0, 2, 1),
    ("timm: the average of a compiled model", {"state_dict": PLAIN, "state_dict_ema": weights(2, "_orig_mod.")}, None, 0, 2, 1),
    ("timm: an average alone", {"state_dict_ema": EMA}, None, 0, 2, "refused"),
    ("DeiT", {"model": PLAIN, "optimizer": {}, "epoch": 1, "model_ema": EMA, "scaler": {}}, None, 0, 2, 1),
    ("DeiT: as published", {"model": PLAIN}, None, 0, "refused", 1),
    ("ConvNeXt: an average alone", {"model_ema": EMA, "epoch": 1}, None, 0, 2, "refused"),
    ("state_dict and model_ema", {"state_dict": PLAIN, "model_ema": EMA}, None, 0, 2, 1),
    ("model and state_dict_ema", {"model": PLAIN, "state_dict_ema": EMA}, None, 0, 2, 1),
    ("both of timm's averages", {"state_dict": PLAIN, "model_ema": weights(3), "state_dict_ema": EMA}, None, 0, 2, 1),
    ("a state dict by itself", PLAIN, None, 0, "refused", 1),
    ("MAE", {"model": PLAIN, "optimizer": {}, "epoch": 1}, None, 0, "refused", 1),
    ("torchvision's references", {"model": PLAIN, "optimizer": {}, "epoch": 1, "model_ema": averaged_model(2)}, 1, 1, 2, 1),
    ("torchvision's references without an average", {"model": PLAIN, "optimizer": {}, "lr_scheduler": {}, "epoch": 1}, 1, 0, "refused", 1),
    ("mmengine: EMAHook", {"meta": {"mmengine_version": "0.10.7"}, "state_dict": weights(2), "ema_state_dict": weights(1, "module.", STEPS)}, 2, 1, 2, 1),
    ("mmengine: without a hook", {"meta": {"mmengine_version": "0.10.7"}, "state_dict": PLAIN}, 1, 0, "refused", 1),
    ("ema_state_dict of another project", {"state_dict": PLAIN, "ema_state_dict": EMA}, 1, 1, 2, 1),
    ("PySlowFast with an average", {"epoch": 1, "model_state": PLAIN, "ema_state": EMA, "cfg": "x"}, 1, 1, 2, 1),
    ("PySlowFast", {"epoch": 1, "model_state": PLAIN, "optimizer_state": {}, "cfg": "x"}, 1, 0, "refused", 1),
    ("Lightning", {"state_dict": PLAIN, "pytorch-lightning_version": "2.5", "callbacks": {}}, 1, 0, "refused", 1),
    ("Lightning: WeightAveraging", {"state_dict": weights(2), "current_model_state": weights(1), "averaging_state": {"n_averaged": torch.tensor(3)}}, 2, 1, 2, 1),
    ("NeMo: a list of averages", {"state_dict": PLAIN, "callbacks": {"EMA": {"ema_weights": list(EMA.values()), "cur_step": 3}}}, 1, 1, "refused", 1),
    ("torch_ema: a list of averages", {"state_dict": PLAIN, "ema": {"decay": 0.9, "num_updates": 1, "shadow_params": list(EMA.values())}}, 1, 1, "refused", 1),
    ("DINO", {"student": weights(1, "module.backbone."), "teacher": weights(2, "backbone."), "epoch": 1, "dino_loss": {"center": torch.zeros(1, 4)}}, 2, 1, 2, 1),
    ("DINOv2: a teacher alone", {"teacher": weights(2, "backbone.")}, 2, 0, 2, "refused"),
    ("I-JEPA", {"encoder": weights(1, "module."), "predictor": {"module.p": torch.zeros(1)}, "target_encoder": weights(2, "module."), "opt": {}}, 2, 1, 2, 1),
    ("DeepSpeed", {"module": PLAIN, "ds_version": "0.15", "buffer_names": []}, 1, 0, "refused", 1),
    ("model and ema", {"model": PLAIN, "ema": EMA, "updates": 3}, 1, 1, 2, 1),
    ("model and swa_model", {"model": PLAIN, "swa_model": averaged_model(2)}, 1, 1, 2, 1),
    ("state_dict and best_state_dict", {"state_dict": PLAIN, "best_state_dict": weights(3)}, 1, 1, "refused", 1),
]


def written(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def by_timm(data):
    with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        file.write(data)
        file.flush()
        found = load_state_dict(file.name, use_ema=True)
    return int(next(value for name, value in found.items() if name.endswith("norm1.weight")).item())


def main():
    rows = []
    for name, content, takes, told, averaged, plain in CASES:
        data = written(content)
        packed = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
        takes = by_timm(data) if takes is None else takes
        rows.append({"name": name, "takes": takes, "told": bool(told), "ema": averaged, "noEma": plain, "file": packed})
    out = {"torch": torch.__version__, "timm": timm.__version__, "rows": rows}
    path = pathlib.Path(__file__).parents[3] / "test/fixtures/peers/averages.json"
    path.write_text(json.dumps(out, indent=1) + "\n")
    print(f"{path.name}: {len(rows)} files, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
