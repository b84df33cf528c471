"""Features and logits of tiny vision transformers of timm, by the arguments that decide norms and pooling, and the config.json of each.

Run it with timm 1.0.31 and torch 2.15.0, and nothing from the network:
    python scripts/golden/peers/timm_pooling.py > test/fixtures/peers/timm-pooling.json
Weights and image follow from names (common.py). A row has the arguments beside SIZES, the names of the last norms' tensors, and in float64 the
first numbers of `feature` (of `forward_head(..., pre_logits=True)`) and `logits`.
"""

import json
import sys
import tempfile
from pathlib import Path

import timm
import torch
from timm.models._hub import save_config_for_hf

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common  # noqa: E402

SIZES = dict(img_size=16, patch_size=4, embed_dim=48, depth=2, num_heads=4, mlp_ratio=2.0)
RENAMED = [("patch_embed.proj", "patch_embed.projection"), ("blocks.", "layers."), (".norm", ".ln"), ("mlp.fc1", "ffn.layers.0.0"),
           ("mlp.fc2", "ffn.layers.1"), ("fc_norm", "ln2"), ("head.", "head.fc.")]  # fmt: skip
CASES = [
    {}, dict(num_classes=0), dict(final_norm=False), dict(final_norm=False, num_classes=0), dict(fc_norm=False), dict(qkv_bias=False),
    dict(global_pool="avg"), dict(global_pool="avg", num_classes=0), dict(global_pool="avg", fc_norm=True),
    dict(global_pool="avg", fc_norm=False), dict(global_pool="avg", fc_norm=False, num_classes=0),
    dict(global_pool="avg", final_norm=False), dict(global_pool="avg", final_norm=False, num_classes=0),
    dict(global_pool="avg", fc_norm=False, final_norm=False), dict(global_pool="avg", fc_norm=True, final_norm=False),
    dict(global_pool="avg", drop_rate=0.5, drop_path_rate=0.1, pos_drop_rate=0.1, proj_drop_rate=0.1, attn_drop_rate=0.1),
    dict(global_pool="avg", dynamic_img_size=True, dynamic_img_pad=True), dict(weight_init="jax", fix_init=True), dict(patch_drop_rate=0.25),
    dict(fc_norm=True), dict(fc_norm=True, final_norm=False), dict(global_pool="avgmax"), dict(global_pool="max"), dict(global_pool="map"), dict(global_pool="prr"),
    dict(global_pool=""), dict(global_pool="", num_classes=0), dict(global_pool="avg", pool_include_prefix=True),
    dict(global_pool="avg", class_token=False), dict(reg_tokens=2), dict(reg_tokens=4, global_pool="avg"), dict(pre_norm=True),
    dict(no_embed_class=True), dict(init_values=0.1), dict(qk_norm=True), dict(scale_attn_norm=True), dict(scale_mlp_norm=True),
    dict(proj_bias=False), dict(pos_embed="none"), dict(act_layer="relu"), dict(norm_layer="rmsnorm"), dict(in_chans=1),
]  # fmt: skip


def ours(name):
    for theirs, own in RENAMED:
        name = name.replace(theirs, own)
    name = "ln1" + name[4:] if name.startswith("norm.") else name
    return name if name.startswith("head.") else f"backbone.{name}"


def numbers(tensor):
    return [float(f"{x:.6g}") for x in tensor.flatten().tolist()]


def case(args):
    model = timm.create_model("vit_tiny_patch16_224", **SIZES, **{"num_classes": 10, **args}).eval().double()
    for name, value in model.named_parameters():
        given = common.parameter(ours(name), tuple(value.shape))
        if given is not None:
            value.data = torch.from_numpy(given).double()
    with tempfile.TemporaryDirectory() as folder:
        save_config_for_hf(model, f"{folder}/config.json", model_args={k: v for k, v in args.items() if k.endswith("_rate")})
        config = json.loads(Path(f"{folder}/config.json").read_text())
    row = dict(args=args, config={key: config[key] for key in ("num_classes", "global_pool", "model_args") if key in config})
    row["norms"] = [name for name, _ in model.named_parameters() if name.split(".")[0] in ("norm", "fc_norm")]
    if args.get("in_chans"):
        return row
    image = torch.from_numpy(common.fill("images.pos_embed", (1, 3, 16, 16), 0, 0.5)).double()
    with torch.no_grad():
        tokens = model.forward_features(image)
        feature = model.forward_head(tokens, pre_logits=True)
        # of others only the refusal is tested
        if feature.shape == (1, 48):
            row.update(feature=numbers(feature[:, :16]), logits=numbers(model(image)) if model.num_classes else None)
    return row, config["pretrained_cfg"]


def main():
    rows, shared = [], None
    for args in CASES:
        made = case(args)
        row, cfg = made if isinstance(made, tuple) else (made, shared)
        plain = {k: v for k, v in cfg.items() if k not in ("num_classes", "fixed_input_size")}
        shared = shared or plain
        assert plain == {**shared, **{k: plain[k] for k in ("input_size",)}}, plain
        row["config"]["pretrained_cfg"] = {k: cfg.get(k) for k in ("num_classes", "fixed_input_size")}
        rows.append(row)
    print('{"versions": %s, "pretrained_cfg": %s, "rows": [' % (json.dumps(dict(timm=timm.__version__, torch=torch.__version__)), json.dumps(shared)))
    print(",\n".join(json.dumps(row) for row in rows))
    print("]}")


main()
