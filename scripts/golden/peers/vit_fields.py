"""Which fields of config.json change what transformers' ViTForImageClassification computes, and the names that it gives its classes.

Run it with transformers 5.24.0 and torch 2.15.0, and nothing from the network:
    python scripts/golden/peers/vit_fields.py > test/fixtures/peers/vit-fields.json
A row of `fields` is [field, value, 1 if hidden states or logits change (or parameters, or the file is refused), else 0], against `base`. Fields that
`ViTConfig` does not have, some of them of other vision transformers, change nothing in transformers, which ignores them: marked null. A row
of `names` is [fields, names by label as the configuration has them].
"""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import ViTConfig, ViTForImageClassification

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common  # noqa: E402

transformers.logging.set_verbosity(logging.CRITICAL)
BASE = dict(model_type="vit", architectures=["ViTForImageClassification"], hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=16, image_size=16, patch_size=8, layer_norm_eps=1e-6, id2label={"0": "cat", "1": "dog"}, label2id={"cat": 0, "dog": 1})  # fmt: skip
CHANGES = [
    ("hidden_act", "relu"), ("hidden_act", "gelu_new"), ("hidden_act", "gelu"), ("hidden_size", 16), ("num_hidden_layers", 1), ("num_attention_heads", 4),
    ("intermediate_size", 32), ("image_size", 32), ("image_size", [16, 16]), ("patch_size", 4), ("patch_size", [8, 8]), ("num_channels", 1), ("num_channels", 3),
    ("qkv_bias", False), ("layer_norm_eps", 1e-2), ("hidden_dropout_prob", 0.1), ("attention_probs_dropout_prob", 0.1),
    ("initializer_range", 0.5), ("encoder_stride", 8), ("pooler_output_size", 4), ("pooler_act", "relu"), ("problem_type", "regression"),
    ("dtype", "float32"), ("torch_dtype", "float32"), ("transformers_version", "4.30.0"), ("_name_or_path", "x"), ("return_dict", True),
    ("output_hidden_states", False), ("output_attentions", False), ("chunk_size_feed_forward", 0), ("is_encoder_decoder", False),
]  # fmt: skip
FOREIGN = [
    ("num_register_tokens", 4), ("layerscale_value", 1.0), ("qk_norm", True), ("use_swiglu_ffn", True), ("use_mean_pooling", True),
    ("pruned_heads", {"0": [1]}), ("is_decoder", True), ("use_mask_token", True), ("use_rel_pos", True), ("mlp_ratio", 2),
    ("auto_map", {"AutoModel": "model.Own"}), ("norm_type", "rms"), ("use_cache", True), ("drop_path_rate", 0.1), ("distilled", True),
]  # fmt: skip
NAMES = [
    {}, dict(id2label={"0": "LABEL_0", "1": "LABEL_1"}), dict(id2label=None), dict(id2label=None, num_labels=3),
    dict(id2label={"1": "b", "0": "a", "2": "c"}), dict(id2label={"0": "only"}), dict(id2label={"0": "LABEL_0", "1": "dog"}),
    dict(id2label=None, num_labels=1000), dict(id2label={str(i): f"LABEL_{i}" for i in range(12)}),
]  # fmt: skip


def built(fields):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps({k: v for k, v in fields.items() if v is not None}))
        config = ViTConfig.from_pretrained(folder)
    model = ViTForImageClassification(config).eval()
    for name, value in model.named_parameters():
        value.data = torch.from_numpy(common.fill(name, tuple(value.shape), 0, 0.5))
    return config, model


def computed(fields):
    _, model = built(fields)
    image = torch.from_numpy(common.fill("image", (1, 3, 16, 16), 0, 1))
    with torch.no_grad():
        out = model(image, output_hidden_states=True)
    return [out.logits, *out.hidden_states]


def changes(field, value, base):
    try:
        return int(not all(a.shape == b.shape and torch.equal(a, b) for a, b in zip(computed({**BASE, field: value}), base, strict=True)))
    except Exception:
        return 1


def main():
    os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
    base = computed(BASE)
    rows = [[*one, changes(*one, base)] for one in CHANGES] + [[*one, None] for one in FOREIGN]
    names = []
    for change in NAMES:
        labels = built({**{k: v for k, v in BASE.items() if k != "label2id"}, **change})[0].id2label
        names.append([change, [labels[i] for i in range(len(labels))] if len(labels) < 1000 else len(labels)])
    print(json.dumps(dict(versions=dict(transformers=transformers.__version__), base=BASE, fields=rows, names=names)))


main()
