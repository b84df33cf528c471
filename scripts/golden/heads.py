"""Writes test/fixtures/heads.json: logits and features of vision transformers whose head reads the class token, as torch computes them, and
position embeddings as mmpretrain resizes them on load. Numbers follow from names (common.py)."""

import json

import torch
from mmpretrain.models.utils import resize_pos_embed
from mmpretrain.registry import MODELS
from mmpretrain.utils import register_all_modules

import common

ARCH = dict(embed_dims=48, num_layers=2, num_heads=4, feedforward_channels=96)
# eps, bias of queries, keys and values, what is pooled
CASES = {"timm": (1e-6, True, "cls_token"), "hf": (1e-12, True, "cls_token"), "no-bias": (1e-6, False, "cls_token"), "avg": (1e-6, True, "avg_featmap")}


def vit(eps, qkv_bias, pooling):
    token = pooling == "cls_token"
    backbone = dict(
        type="VisionTransformer", arch=ARCH, img_size=56, patch_size=4, out_type=pooling, final_norm=token,
        qkv_bias=qkv_bias, norm_cfg=dict(type="LN", eps=eps))  # fmt: skip
    head = dict(type="VisionTransformerClsHead" if token else "LinearClsHead", num_classes=10, in_channels=48)
    model = MODELS.build(dict(type="ImageClassifier", backbone=backbone, head=head)).eval()
    # the backbone takes its eps for ln1 and the blocks from norm_cfg; ln2 of the mean too
    for name, value in model.named_parameters():
        ours = name.replace("head.layers.head.", "head.fc.")
        value.data = torch.from_numpy(common.parameter(ours, tuple(value.shape)))
    return model


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def main():
    register_all_modules(init_default_scope=True)
    torch.set_num_threads(1)
    found = {}
    images = torch.from_numpy(common.fill("images.pos_embed", (2, 3, 56, 56), 0, 0.5))
    for name, case in CASES.items():
        model = vit(*case)
        eps = {m.eps for m in model.modules() if isinstance(m, torch.nn.LayerNorm)}
        assert eps == {case[0]}, eps
        with torch.no_grad():
            feature = model.extract_feat(images, stage="pre_logits")
            found[name] = dict(logits=numbers(model(images)), feature=numbers(feature))
    positions = []
    for old, new in [(14, 24), (14, 7), (4, 5), (1, 3)]:
        given = torch.from_numpy(common.fill("positions.pos_embed", (1, 1 + old * old, 3), 0, 0.5))
        resized = resize_pos_embed(given, (old, old), (new, new), "bicubic", 1)
        positions.append({"from": old, "to": new, "values": numbers(resized)})
    path = common.ROOT / "test/fixtures/heads.json"
    path.write_text(json.dumps(dict(versions=common.versions(), heads=found, positions=positions)) + "\n")
    print("wrote", path, path.stat().st_size)


main()
