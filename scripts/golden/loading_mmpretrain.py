"""
Level C7's files of mmpretrain, loaded by mmengine, and what its models give in float64; and files under the names of PySlowFast, whose
image models are the same functions and which no package index has: mmpretrain's models compute for these.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from mmengine.runner import load_checkpoint
from mmpretrain.models.utils import resize_pos_embed
from mmpretrain.registry import MODELS, TRANSFORMS

import data
import loaded
import reference
from loaded import BLOCKS, CHANNELS, CLASSES, HEADS, HIDDEN, PATCH, SIZE, Files, Pixels, softmax

OURS = dict(imageSize=SIZE, patchSize=PATCH, embedDims=CHANNELS, numLayers=BLOCKS, numHeads=HEADS, feedforwardChannels=HIDDEN)
HOG = dict(nbins=9, pool=4, gaussianWindow=8)
PRETRAIN = dict(OURS, kind="pretrain", hog=HOG)
CLASSIFIER = dict(OURS, kind="classifier", numClasses=len(CLASSES))
EDGE = 37
LAST = BLOCKS - 1


def built(config, **changes):
    """mmpretrain's model, whose numbers a file will bring."""
    c = reference.complete(config)
    settings = reference.config_of(c, out_type=c["outType"], out_indices=[LAST], final_norm=c["finalNorm"])
    settings.update(changes)
    return MODELS.build(settings).eval().requires_grad_(False)


def parameters(model):
    """Names and shapes of a file of the model; the target's constants stand in no list of parameters."""
    return loaded.shapes_of(dict(model.named_parameters()))


def from_file(model, rows, renamed=None, classes=None):
    """The model in float64 with a file's numbers, as mmengine loads it. `renamed`: {name in the file: mmpretrain's}."""
    tensors = {(renamed or {}).get(name, name): tensor for name, tensor in loaded.numbers(rows).items()}
    file = Path(tempfile.mkdtemp()) / "model.pth"
    torch.save(dict(meta=dict(dataset_meta=dict(classes=classes)), state_dict=tensors), file)
    load_checkpoint(model, str(file), map_location="cpu")
    for name, parameter in model.named_parameters():
        if name in tensors and tensors[name].shape == parameter.shape and not torch.equal(parameter, tensors[name]):
            raise AssertionError(f"{name} was not loaded")
    return model.double()


def classified(model, images):
    (feature,) = model.backbone(images)
    logits = model.head((feature,))
    return dict(logits=logits, scores=softmax(logits))


def tokens(model, images):
    return dict(features=model.backbone(images, mask=None)[0])


def preprocessed(about):
    """mmpretrain's test pipeline."""
    resize = dict(type="ResizeEdge", scale=EDGE, edge="short", backend="pillow", interpolation="bilinear")
    steps = [TRANSFORMS.build(resize), TRANSFORMS.build(dict(type="CenterCrop", crop_size=SIZE))]
    cut = data.transformed(steps, loaded.image(about))
    return Pixels(about, cut, data.MEAN, data.STD, data.normalized(cut)[0])


def resized(source):
    """A pass of a classifier whose file has positions of another grid: resizing them is a part of it, and disturbed as such."""
    side = int(source.shape[1] ** 0.5)

    def run(model, images):
        grid = model.backbone.patch_embed.init_out_size
        positions = resize_pos_embed(source.to(images.dtype), (side, side), grid, "bicubic", 1)
        model.backbone.pos_embed.data = positions
        return classified(model, images)

    return run


def slowfast(names):
    """{PySlowFast's name: ours}"""
    pairs = [
        ("patch_embed.projection", "patch_embed.proj"),
        ("ffn.layers.0.0", "mlp.fc1"),
        ("ffn.layers.1", "mlp.fc2"),
        ("layers.", "blocks."),
        (".ln", ".norm"),
        ("ln1", "pred_head.transforms.0.0"),
        ("ln2", "norm"),
        ("neck.fc", "pred_head.projections.0"),
        ("head.fc", "head.projection"),
    ]
    found = {}
    for name in names:
        theirs = name.replace("backbone.", "")
        for ours, their in pairs:
            theirs = theirs.replace(ours, their)
        found[theirs] = name
    return found


def mmpretrain_files():
    files = Files("quick/loading-mmpretrain.safetensors", "files of mmpretrain and of PySlowFast, and what mmpretrain gives for them")
    recipe = dict(CLASSIFIER, resizeEdge=EDGE)

    model = built(CLASSIFIER)
    shapes = parameters(model)
    rows = loaded.described(shapes)
    pixels = preprocessed(loaded.image_input("edge 2", 48, 62))
    about = dict(rows=rows, config=recipe, names=CLASSES, format="torch", classes=CLASSES)
    files.add("mmpretrain/classifier", from_file(model, rows, classes=CLASSES), classified, pixels, **about)

    model = built(PRETRAIN)
    pretrain = parameters(model)
    rows = loaded.described(pretrain)
    features = Pixels(loaded.tensor_input("pretrain"))
    files.add("mmpretrain/pre-training", from_file(model, rows), tokens, features, rows=rows, config=PRETRAIN, format="torch")

    side = SIZE // PATCH + 2
    larger = {**shapes, "backbone.pos_embed": (1, 1 + side * side, CHANNELS)}
    rows = loaded.described(larger)
    model, source = from_file(built(CLASSIFIER), rows), loaded.numbers(rows)["backbone.pos_embed"].double()
    onload = model.backbone.pos_embed.clone()
    resized(source)(model, torch.zeros(1, 3, SIZE, SIZE, dtype=torch.float64))
    if not torch.allclose(model.backbone.pos_embed, onload, rtol=0, atol=1e-6):
        raise AssertionError("positions are resized otherwise on load")
    positions = Pixels(loaded.tensor_input("positions 12"))
    files.add("mmpretrain/positions resized", model, resized(source), positions, rows=rows, config=recipe, format="safetensors")

    token = dict(CLASSIFIER, pooling="cls_token")
    head = dict(type="VisionTransformerClsHead", num_classes=len(CLASSES), in_channels=CHANNELS)
    model = built({**token, "outType": "cls_token", "finalNorm": True}, head=head)
    rows = loaded.described(parameters(model))
    about = dict(rows=rows, config=dict(token, preset="mmpretrain-vit", resizeEdge=EDGE), format="safetensors")
    files.add("mmpretrain/ViT", from_file(model, rows), classified, Pixels(loaded.tensor_input("vit 9")), **about)

    renamed = slowfast(shapes)
    rows = loaded.described({name: shapes[ours] for name, ours in renamed.items()})
    about = dict(rows=rows, config=dict(CLASSIFIER, preset="pyslowfast", resizeEdge=EDGE), format="torch")
    model = from_file(built(CLASSIFIER), rows, renamed)
    files.add("PySlowFast/classifier", model, classified, Pixels(loaded.tensor_input("slowfast 8")), **about)

    renamed = slowfast(pretrain)
    rows = loaded.described({name: pretrain[ours] for name, ours in renamed.items()})
    about = dict(rows=rows, config=dict(PRETRAIN, preset="pyslowfast"), format="torch")
    model = from_file(built(PRETRAIN), rows, renamed)
    files.add("PySlowFast/pre-training", model, tokens, Pixels(loaded.tensor_input("slowfast features")), **about)
    return files


def goldens():
    yield mmpretrain_files().golden()
