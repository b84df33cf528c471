"""
Level C7's files of Hugging Face's transformers and of timm, written and loaded by these libraries, and what their models give in float64.
Runs in an environment of its own, with PyTorch from pip (README.md).
"""

import copy
import json
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import timm
import torch
import transformers
from safetensors.torch import load_file, save_file

import common
import loaded
from loaded import BLOCKS, CHANNELS, CLASSES, HEADS, HIDDEN, PATCH, SIZE, Files, Pixels, softmax

DEMANDED = {"torch": "2.15", "transformers": "5.24", "timm": "1.0.31"}

ARCHITECTURE = dict(
    hidden_size=CHANNELS, num_hidden_layers=BLOCKS, num_attention_heads=HEADS, intermediate_size=HIDDEN, image_size=SIZE, patch_size=PATCH
)  # fmt: skip
LABELS = dict(id2label=dict(enumerate(CLASSES)), label2id={name: i for i, name in enumerate(CLASSES)})
CLASSIFIER, FEATURES = transformers.ViTForImageClassification, transformers.ViTModel


class Folder:
    """What `save_pretrained` writes of a model, with numbers that follow from the names in its files."""

    def __init__(self, kind, scales=None, dtype="F32", terse=False, shard="1GB", **config):
        self.kind, self.path = kind, Path(tempfile.mkdtemp())
        kind(transformers.ViTConfig(**ARCHITECTURE, **config)).save_pretrained(self.path, max_shard_size=shard)
        self.shards, self.rows = [], []
        for file in sorted(self.path.glob("*.safetensors")):
            rows = loaded.described(loaded.shapes_of(load_file(file)), scales)
            save_file(loaded.numbers(rows, dtype), file, metadata=dict(format="pt"))
            self.shards.append(len(rows))
            self.rows += rows
        self.config = json.loads((self.path / "config.json").read_text())
        if terse:
            self.leave_out_defaults()

    def leave_out_defaults(self):
        """Files written by hand, and by older versions, say what differs from the defaults."""
        plain = transformers.ViTConfig().to_dict()
        kept = {"model_type", "architectures"}
        self.config = {key: value for key, value in self.config.items() if key in kept or plain.get(key) != value}
        assert "layer_norm_eps" not in self.config, self.config
        (self.path / "config.json").write_text(json.dumps(self.config))

    def model(self):
        """As the library loads the folder, in float64, with attention step by step: what disturbs it must see each step."""
        options = dict(dtype=torch.float64, attn_implementation="eager")
        return self.kind.from_pretrained(self.path, **options).eval().requires_grad_(False)

    def processed(self, about, **options):
        """(input, preprocessor_config.json) as the library's processor, which resizes by Pillow, has them."""
        processor = transformers.ViTImageProcessorPil(**options)
        processor.save_pretrained(self.path)
        config = json.loads((self.path / "preprocessor_config.json").read_text())
        given = PIL.Image.fromarray(loaded.image(about))
        cut = processor(given, return_tensors="np", do_rescale=False, do_normalize=False)["pixel_values"][0]
        whole = processor(given, return_tensors="np")["pixel_values"][0]
        mean, std = (255 * np.asarray(config[key]) for key in ("image_mean", "image_std"))
        return Pixels(about, cut.transpose(1, 2, 0), mean, std, whole), config


def classified(model, images):
    """Of a classifier: the tokens behind the last norm, logits and scores."""
    features = model.vit(images).last_hidden_state
    logits = model.classifier(features[:, 0, :])
    return dict(features=features, logits=logits, scores=softmax(logits))


def several(model, images):
    """As `classified`, where an image may have several labels: a sigmoid of each logit."""
    found = classified(model, images)
    return dict(found, scores=torch.sigmoid(found["logits"]))


def tokens(model, images):
    return dict(features=model(images).last_hidden_state)


def check_classifier(model, pixels):
    """Throws unless the steps above are what the library's own forward does, attention in one piece."""
    images = pixels(torch.float64)
    plain = copy.deepcopy(model)
    plain.set_attn_implementation("sdpa")
    # eager attention takes its softmax in f32
    if not torch.allclose(plain(images).logits, classified(model, images)["logits"], rtol=0, atol=1e-6):
        raise AssertionError("the library's forward gives other logits")


def named(model):
    """The names of the classes in the order of the logits, as the library knows them."""
    return [model.config.id2label[i] for i in range(model.config.num_labels)]


def transformers_files():
    files = Files("quick/loading-transformers.safetensors", "files of transformers' ViT, and what it gives for them")
    square = dict(height=SIZE, width=SIZE)

    folder = Folder(CLASSIFIER, **LABELS)
    model = folder.model()
    pixels, preprocessor = folder.processed(loaded.image_input("squash", 40, 56), size=square)
    check_classifier(model, pixels)
    about = dict(config=folder.config, preprocessor=preprocessor)
    files.add("transformers/classifier", model, classified, pixels, rows=folder.rows, format="safetensors", names=named(model), **about)

    # numbers follow from names, so that this is another model than the one before
    rows = loaded.described(loaded.shapes_of(model.state_dict()))
    model.load_state_dict(loaded.numbers(rows))
    other, _ = folder.processed(loaded.image_input("squash 3", 40, 56), size=square)
    files.add("transformers/names of version 5", model, classified, other, rows=rows, format="torch", names=named(model), **about)
    multi = Folder(CLASSIFIER, problem_type="multi_label_classification", **LABELS)
    about = dict(config=multi.config, preprocessor=preprocessor)
    files.add("transformers/many labels", multi.model(), several, pixels, rows=multi.rows, format="safetensors", names=named(model), **about)

    # the first norm sees a variance near 1e-6: eps decides
    ends = ("cls_token", "position_embeddings", "projection.weight", "projection.bias")
    folder = Folder(FEATURES, scales={end: 1e-3 for end in ends}, terse=True)
    model = folder.model()
    model.pooler = None  # the file has it, and features do not depend on it
    about = dict(rows=folder.rows, config=folder.config, preprocessor=dict(preprocessor, size=SIZE))
    files.add("transformers/small features", model, tokens, Pixels(loaded.tensor_input("eps")), format="torch", **about)

    folder = Folder(CLASSIFIER, dtype="BF16", shard="64KB", qkv_bias=False, **LABELS)
    model = folder.model()
    assert len(folder.shards) > 1
    pixels, preprocessor = folder.processed(loaded.image_input("own size 9", SIZE, SIZE), size=square, image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.25, 0.3])
    about = dict(rows=folder.rows, config=folder.config, preprocessor=preprocessor, dtype="BF16", shards=folder.shards)
    files.add("transformers/shards of bf16", model, classified, pixels, format="safetensors", names=named(model), **about)
    return files


# timm

TIMM = dict(img_size=SIZE, patch_size=PATCH, embed_dim=CHANNELS, depth=BLOCKS, num_heads=HEADS, mlp_ratio=HIDDEN / CHANNELS)
OURS = dict(imageSize=SIZE, patchSize=PATCH, embedDims=CHANNELS, numLayers=BLOCKS, numHeads=HEADS, feedforwardChannels=HIDDEN)


def timm_model(rows=None, dtype="F32", prefix="", **options):
    """(model in float64 as timm loads it from a file, the file's tensors); attention step by step."""
    timm.layers.set_fused_attn(False)
    model = timm.create_model("vit_tiny_patch16_224", **TIMM, **options).eval().requires_grad_(False)
    rows = rows or loaded.described({prefix + name: shape for name, shape in loaded.shapes_of(model.state_dict()).items()})
    file = Path(tempfile.mkdtemp()) / "model.pth"
    torch.save(dict(state_dict=loaded.numbers(rows, dtype)), file)
    timm.models.load_checkpoint(model, str(file))
    return model.double(), rows


def timm_transform(about):
    """timm's own transform of the recipe, which resizes by Pillow."""
    half = (0.5, 0.5, 0.5)
    options = dict(interpolation="bicubic", crop_pct=0.9, mean=half, std=half)
    whole = timm.data.create_transform((3, SIZE, SIZE), is_training=False, **options)
    given = PIL.Image.fromarray(loaded.image(about))
    resize, crop = whole.transforms[:2]
    cut = crop(resize(given))
    return Pixels(about, np.asarray(cut), [127.5] * 3, [127.5] * 3, whole(given).numpy())


def timm_classified(model, images):
    features = model.forward_features(images)
    logits = model.forward_head(features)
    return dict(features=features, logits=logits, scores=softmax(logits))


def timm_files():
    files = Files("quick/loading-timm.safetensors", "files of timm's ViT, and what it gives for them")
    recipe = dict(OURS, preset="timm-augreg", kind="classifier", numClasses=len(CLASSES), resizeEdge=35)

    model, rows = timm_model(dtype="F16", num_classes=len(CLASSES))
    pixels = timm_transform(loaded.image_input("crop", 48, 70))
    assert torch.allclose(model(pixels(torch.float64)), timm_classified(model, pixels(torch.float64))["logits"])
    files.add("timm/class token", model, timm_classified, pixels, rows=rows, config=recipe, format="safetensors", dtype="F16")

    model, rows = timm_model(num_classes=len(CLASSES), global_pool="avg")
    pixels = Pixels(loaded.tensor_input("average 3"))
    files.add("timm/average", model, timm_classified, pixels, rows=rows, config=dict(recipe, pooling="avg_featmap"), format="safetensors")

    # as data-parallel training saves it, and as the encoders of MAE and DINO are published
    model, rows = timm_model(num_classes=0, prefix="module.")
    features = Pixels(loaded.tensor_input("features"))
    about = dict(config=dict(OURS, preset="timm-deit", resizeEdge=35), format="torch")
    files.add("timm/features", model, lambda model, images: dict(features=model.forward_features(images)), features, rows=rows, **about)
    return files


def versions():
    return common.imported(DEMANDED)


def goldens():
    for files in (transformers_files(), timm_files()):
        yield files.golden()
