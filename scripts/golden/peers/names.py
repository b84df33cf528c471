"""Names of state dicts of vision transformers, as modules and wrappers give them.

    python scripts/golden/peers/names.py      # torch 2.15.0, timm 1.0.31, transformers 5.24.0; writes test/fixtures/peers/names.json

`names` are a file's, in the order of `plain`, the names of the same module by itself. Lightning's, DeepSpeed's and FSDP's files are made by
modules of their names, as the programs are not installed or need several processes.
"""

import json
import pathlib

import timm
import torch
import transformers
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import CheckpointWrapper


def timm_vit():
    return timm.models.vision_transformer.VisionTransformer(img_size=8, patch_size=4, embed_dim=8, depth=1, num_heads=2, mlp_ratio=1, num_classes=2)


CONFIG = transformers.ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=8, patch_size=4)


class Named(torch.nn.Module):
    """Holds a module by a name."""

    def __init__(self, name, module):
        super().__init__()
        self.add_module(name, module)


def inside(*names):
    def wrap(module):
        for name in reversed(names):
            module = Named(name, module)
        return module

    return wrap


def compiled_blocks(model):
    model.blocks[0] = torch.compile(model.blocks[0])
    return model


def checkpointed(model):
    model.blocks[0] = CheckpointWrapper(model.blocks[0])
    return model


WRAPS = {
    "torch.compile": torch.compile,
    "torch.compile of blocks": compiled_blocks,
    "DataParallel": torch.nn.DataParallel,
    "a compiled DataParallel": lambda m: torch.compile(torch.nn.DataParallel(m)),
    "DataParallel of a compiled": lambda m: torch.nn.DataParallel(torch.compile(m)),
    "AveragedModel": torch.optim.swa_utils.AveragedModel,
    "activation checkpointing": checkpointed,
    "Lightning": inside("model"),
    "Lightning, compiled": lambda m: inside("model")(torch.compile(m)),
    "Lightning's Fabric": inside("_forward_module"),
    "FSDP": inside("_fsdp_wrapped_module"),
    "backbone": inside("backbone"),
    "encoder": inside("encoder"),
    "net of a model": inside("model", "net"),
    "teacher": inside("teacher", "backbone"),
    "MoCo's encoder": inside("module", "base_encoder"),
    "DDP in Lightning": inside("model", "module"),
}


def state_names(module):
    # what is no tensor of the model itself
    return [name for name in module.state_dict() if not name.endswith("n_averaged")]


def main():
    rows = []
    plain = state_names(timm_vit())
    for name, wrap in WRAPS.items():
        rows.append({"name": f"timm: {name}", "plain": "timm", "names": state_names(wrap(timm_vit()))})
    models = {
        "ViTModel": transformers.ViTModel(CONFIG),
        "ViTModel without a pooler": transformers.ViTModel(CONFIG, add_pooling_layer=False),
        "ViTForImageClassification": transformers.ViTForImageClassification(CONFIG),
        "ViTForMaskedImageModeling": transformers.ViTForMaskedImageModeling(CONFIG),
        "ViTModel, compiled": torch.compile(transformers.ViTModel(CONFIG, add_pooling_layer=False)),
        "ViTForImageClassification in Lightning": inside("model")(transformers.ViTForImageClassification(CONFIG)),
        "ViTForImageClassification, DataParallel": torch.nn.DataParallel(transformers.ViTForImageClassification(CONFIG)),
    }
    for name, model in models.items():
        rows.append({"name": f"transformers: {name}", "plain": "transformers", "names": state_names(model)})
    path = pathlib.Path(__file__).parents[3] / "test/fixtures/peers/names.json"
    out = {"timm": timm.__version__, "transformers": transformers.__version__, "plain": plain, "rows": rows}
    path.write_text(json.dumps(out) + "\n")
    print(f"{path.name}: {len(rows)} state dicts, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
