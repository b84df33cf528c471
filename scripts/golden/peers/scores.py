"""What transformers' image-classification pipeline makes of logits, by the fields of config.json that decide it.

Run it with transformers 5.24.0 and torch 2.15.0, and nothing from the network:
    python scripts/golden/peers/scores.py > test/fixtures/peers/scores.json
Every case is a tiny random ViTForImageClassification: its configuration as `save_pretrained` writes it, its logits of a random image,
and the scores of the pipeline by label. `scale` multiplies the classifier's weights, so that some logits are large.
"""

import itertools
import json
import tempfile

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor, pipeline

SIZES = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=8)
KEPT = ["architectures", "model_type", "problem_type", "id2label", "num_labels", *SIZES]


def case(problem_type, labels, scale, seed):
    torch.manual_seed(seed)
    config = ViTConfig(**SIZES, num_labels=labels, problem_type=problem_type)
    model = ViTForImageClassification(config).eval()
    with torch.no_grad():
        model.classifier.weight.normal_(0, scale)
        model.classifier.bias.normal_(0, 0.5)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        saved = json.load(open(f"{folder}/config.json"))
        pipe = pipeline("image-classification", model=ViTForImageClassification.from_pretrained(folder),
                        image_processor=ViTImageProcessor(size=dict(height=16, width=16)))
        image = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))
        logits = pipe.forward(pipe.preprocess(image))["logits"][0].tolist()
        found = {entry["label"]: entry["score"] for entry in pipe(image, top_k=labels)}
    names = pipe.model.config.id2label
    return {
        "config": {key: saved[key] for key in KEPT if key in saved},
        "logits": logits,
        "scores": [found[names[i]] for i in range(labels)],
    }


problems = [None, "single_label_classification", "multi_label_classification", "regression"]
grid = itertools.product(problems, [(1, 1), (1, 40), (2, 1), (3, 3), (5, 0.1), (7, 40)])
# transformers 5.24 itself refuses one label with "single_label_classification"
allowed = [(problem, size) for problem, size in grid if problem != problems[1] or size[0] > 1]
cases = [case(problem, labels, scale, seed) for seed, (problem, (labels, scale)) in enumerate(allowed)]
head = {"made by": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"}
print(json.dumps({**head, "cases": cases}, indent=None, separators=(",", ":")).replace('{"config"', '\n{"config"'))
