"""Position embeddings resized to other grids, and features of images of other sizes, as their own libraries compute them.

    python scripts/golden/peers/positions.py   # torch 2.15.0, timm 1.0.31, transformers 5.24.0; writes test/fixtures/peers/positions.json

Numbers follow from names (scripts/golden/common.py). `timm` and `timm64` are resample_abs_pos_embed in f32 and the same call of torch in
float64; `plain64` is torch's bicubic in float64, which mmpretrain's resize_pos_embed and Hugging Face's interpolate_pos_encoding call
(`hf`: the latter itself, in f32). Of each grid 12 numbers spread over it are kept, of features all.
"""

import json
import pathlib
import sys

import timm
import torch
import transformers
from timm.layers import resample_abs_pos_embed

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import common  # noqa: E402

GRIDS = [
    (14, (24, 24)), (14, (16, 16)), (14, (10, 10)), (14, (7, 7)), (4, (33, 33)), (14, (1, 1)), (14, (13, 13)), (14, (15, 15)),
    (14, (14, 20)), (14, (20, 14)), (14, (7, 28)), (14, (28, 7)), (14, (3, 29)), (1, (3, 3)), (1, (2, 5)), (2, (7, 1)), (7, (14, 14)),
    (16, (7, 9)), (24, (14, 14)), (32, (14, 14)), (37, (14, 14)), (37, (16, 31)), (5, (4, 6)), (3, (2, 2)),
]  # fmt: skip
SIZES = [(96, 96), (64, 64), (40, 40), (28, 28), (60, 44), (28, 100), (52, 56), (136, 20)]
WIDTH, CHOSEN = 2, 12


def chosen(tensor):
    flat = tensor.detach().double().flatten()
    step = max(1, flat.numel() // CHOSEN)
    return [[i, round(flat[i].item(), 10)] for i in range(0, flat.numel(), step)][:CHOSEN]


def torch64(pos, old, new, antialias):
    grid = pos[:, 1:].reshape(1, old, old, -1).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=new, mode="bicubic", align_corners=False, antialias=antialias)
    return torch.cat([pos[:, :1], grid.permute(0, 2, 3, 1).reshape(1, -1, pos.shape[2])], dim=1)


def huggingface(pos, old, new):
    config = transformers.ViTConfig(
        hidden_size=WIDTH, num_hidden_layers=0, num_attention_heads=1, intermediate_size=2, image_size=old * 4, patch_size=4)  # fmt: skip
    model = transformers.ViTModel(config, add_pooling_layer=False).embeddings
    model.position_embeddings.data = pos.float()
    return model.interpolate_pos_encoding(torch.zeros(1, 1 + new[0] * new[1], WIDTH), new[0] * 4, new[1] * 4)


def grids():
    for old, new in GRIDS:
        pos = torch.from_numpy(common.fill("positions.pos_embed", (1, 1 + old * old, WIDTH), 0, 0.5))
        row = {"from": old, "to": list(new)}
        row["timm"] = chosen(resample_abs_pos_embed(pos.float(), list(new)))
        row["timm64"] = chosen(torch64(pos.double(), old, new, True))
        row["plain64"] = chosen(torch64(pos.double(), old, new, False))
        row["hf"] = chosen(huggingface(pos, old, new))
        yield row


OURS = [("patch_embed.proj", "patch_embed.projection"), ("blocks.", "layers."), ("norm1", "ln1"), ("norm2", "ln2"),
        ("mlp.fc1", "ffn.layers.0.0"), ("mlp.fc2", "ffn.layers.1")]  # fmt: skip


def named(name):
    for theirs, ours in OURS:
        name = name.replace(theirs, ours)
    return "backbone." + ("ln1" + name[4:] if name.startswith("norm.") else name)


def timm_features():
    model = timm.models.vision_transformer.VisionTransformer(
        img_size=56, patch_size=4, embed_dim=48, depth=2, num_heads=4, mlp_ratio=2, num_classes=0, dynamic_img_size=True).eval()  # fmt: skip
    for name, value in model.named_parameters():
        value.data = torch.from_numpy(common.parameter(named(name), tuple(value.shape)))
    model = model.double()
    for height, width in SIZES:
        x = torch.from_numpy(common.fill("images.pos_embed", (1, 3, height, width), 0, 0.5)).double()
        with torch.no_grad():
            yield {"size": [height, width], "feature": [round(v, 7) for v in model(x)[0].tolist()]}


def hf_features():
    config = transformers.ViTConfig(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, image_size=56, patch_size=4,
        layer_norm_eps=1e-12)  # fmt: skip
    model = transformers.ViTModel(config, add_pooling_layer=False).eval().double()
    ours = timm.models.vision_transformer.VisionTransformer(img_size=56, patch_size=4, embed_dim=48, depth=2, num_heads=4, mlp_ratio=2, num_classes=0)
    state = {name: torch.from_numpy(common.parameter(named(name), tuple(v.shape))).double() for name, v in ours.named_parameters()}
    there = {"embeddings.cls_token": state["cls_token"], "embeddings.position_embeddings": state["pos_embed"]}
    for kind in ("weight", "bias"):
        there[f"embeddings.patch_embeddings.projection.{kind}"] = state[f"patch_embed.proj.{kind}"]
        there[f"layernorm.{kind}"] = state[f"norm.{kind}"]
        for i in range(2):
            for part, value in zip("qkv", state[f"blocks.{i}.attn.qkv.{kind}"].chunk(3)):
                there[f"layers.{i}.attention.{part}_proj.{kind}"] = value
            for theirs, name in [("attention.o_proj", "attn.proj"), ("layernorm_before", "norm1"), ("layernorm_after", "norm2"), ("mlp.fc1", "mlp.fc1"), ("mlp.fc2", "mlp.fc2")]:
                there[f"layers.{i}.{theirs}.{kind}"] = state[f"blocks.{i}.{name}.{kind}"]
    model.load_state_dict(there)
    for height, width in SIZES:
        x = torch.from_numpy(common.fill("images.pos_embed", (1, 3, height, width), 0, 0.5)).double()
        with torch.no_grad():
            out = model(x, interpolate_pos_encoding=True).last_hidden_state[0, 0]
        yield {"size": [height, width], "feature": [round(v, 7) for v in out.tolist()]}


def main():
    out = {"torch": torch.__version__, "timm": timm.__version__, "transformers": transformers.__version__}
    out |= {"grids": list(grids()), "features": {"timm": list(timm_features()), "huggingface": list(hf_features())}}
    path = common.ROOT / "test/fixtures/peers/positions.json"
    path.write_text(json.dumps(out) + "\n")
    print(f"{path.name}: {len(out['grids'])} grids, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
