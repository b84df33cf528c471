"""config.json as timm writes it (`save_for_hf`) for every plain vision transformer that it names, and what each model is.

Run it with timm 1.0.31 and torch 2.15.0, and nothing from the network:
    python scripts/golden/peers/timm_folders.py > test/fixtures/peers/timm-folders.json
A row has name and arguments, `file` (without `license`, `first_conv` and `classifier`) and `model`: [side, patch, width, depth, heads, hidden,
eps, classes (0 of a head that is none), norm of all tokens, norm behind the pool, edge before the crop, filter, mean, std] of a model that
another network's changes leave plain, else null.
"""

import json
import math
import tempfile
from pathlib import Path

import timm
import torch
from timm.data import resolve_data_config
from timm.models._hub import save_config_for_hf

PLAIN = r"^(vit|deit)_(tiny|small|base|large|huge)_patch\d+_\d+$"
TINY = "vit_tiny_patch16_224"
VARIED = [
    dict(num_classes=10), dict(num_classes=0), dict(img_size=384), dict(img_size=160, num_classes=3), dict(global_pool="avg"),
    dict(global_pool="avg", fc_norm=False), dict(drop_rate=0.1, drop_path_rate=0.2, proj_drop_rate=0.1), dict(dynamic_img_size=True),
    dict(embed_dim=48, depth=2, num_heads=4, mlp_ratio=2.5), dict(patch_size=8), dict(qkv_bias=False), dict(weight_init="jax"),
    dict(final_norm=False), dict(act_layer="gelu"),
]  # fmt: skip
ODD = [
    (TINY, dict(qk_norm=True)), (TINY, dict(init_values=1e-5)), (TINY, dict(reg_tokens=4)), (TINY, dict(class_token=False, global_pool="avg")),
    (TINY, dict(pre_norm=True)), (TINY, dict(no_embed_class=True)), (TINY, dict(pos_embed="none")), (TINY, dict(proj_bias=False)),
    (TINY, dict(scale_attn_norm=True)), (TINY, dict(scale_mlp_norm=True)), (TINY, dict(act_layer="gelu_tanh")), (TINY, dict(norm_layer="rmsnorm")),
    (TINY, dict(embed_norm_layer="layernorm")), (TINY, dict(global_pool="map")), (TINY, dict(global_pool="avg", pool_include_prefix=True)),
    (TINY, dict(img_size=(224, 192))), (TINY, dict(in_chans=1)), (TINY, dict(fc_norm=True)),
    *[(name, {}) for name in ("deit_tiny_distilled_patch16_224", "deit3_small_patch16_224", "vit_base_patch16_clip_224",
      "vit_base_patch16_siglip_224", "vit_small_patch14_dinov2", "vit_base_patch16_rpn_224", "vit_relpos_small_patch16_224",
      "vit_small_patch16_36x1_224", "vit_base_patch16_224_miil", "vit_small_patch16_18x2_224", "vit_medium_patch16_gap_240")],
]  # fmt: skip


def written(model):
    with tempfile.TemporaryDirectory() as folder:
        save_config_for_hf(model, f"{folder}/config.json")
        file = json.loads(Path(f"{folder}/config.json").read_text())
    for key in ("license", "first_conv", "classifier", "pool_size", "custom_load", "origin_url", "paper_ids", "paper_name", "description", "notes"):
        file["pretrained_cfg"].pop(key, None)
    return file


def described(model, file):
    is_norm = [isinstance(norm, torch.nn.LayerNorm) for norm in (model.norm, model.fc_norm)]
    block, embed, data = model.blocks[0], model.patch_embed, resolve_data_config(pretrained_cfg=file["pretrained_cfg"])
    return [
        embed.img_size[0], embed.patch_size[0], model.embed_dim, len(model.blocks), block.attn.num_heads, block.mlp.fc1.out_features,
        block.norm1.eps, model.num_classes, *is_norm, math.floor(data["input_size"][1] / data["crop_pct"]), data["interpolation"],
        list(data["mean"]), list(data["std"]),
    ]  # fmt: skip


def main():
    import re

    names = [name for name in timm.list_models() if re.match(PLAIN, name)]
    cases = [(name, {}, True) for name in names] + [(TINY, args, True) for args in VARIED] + [(name, args, False) for name, args in ODD]
    print('{"versions": %s, "rows": [' % json.dumps(dict(timm=timm.__version__)))
    lines = []
    for name, args, plain in cases:
        with torch.device("meta"):
            model = timm.create_model(name, **args)
        file = written(model)
        lines.append(json.dumps(dict(name=name, args=args, file=file, model=described(model, file) if plain else None)))
    print(",\n".join(lines))
    print("]}")


main()
