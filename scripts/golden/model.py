"""Goldens of whole models and of single blocks: what mmpretrain computes in float64, and how far rounding may carry it."""

import torch

import reference
from cases import Sheet, study
from reference import OUT_TYPES, build, dtype_of, features, fill, mask_bits, masked

# Disturbed runs for an envelope; where a pass is slow, and for f16 of ViT-B.
RUNS, FEWER = 64, 16


def of_both_kinds(size, hog, classes):
    return dict(pretrain=dict(kind="pretrain", **size, hog=hog), classifier=dict(kind="classifier", **size, numClasses=classes))


SIZE = dict(imageSize=224, patchSize=16, embedDims=768, numLayers=12, numHeads=12, feedforwardChannels=3072)
LARGE = {**SIZE, "embedDims": 1024, "numLayers": 24, "numHeads": 16, "feedforwardChannels": 4096}
TINY = dict(imageSize=56, patchSize=4, embedDims=48, numLayers=2, numHeads=4, feedforwardChannels=96)

HOG = dict(nbins=9, pool=8, gaussianWindow=16)
BASE = of_both_kinds(SIZE, HOG, 1000)
LARGE = {"pretrain": of_both_kinds(LARGE, HOG, 1000)["pretrain"]}
TINY = of_both_kinds(TINY, dict(nbins=9, pool=2, gaussianWindow=4), 10)

ALL = list(range(SIZE["numLayers"]))
LAST = ALL[-1]
QUICK_BLOCKS = (0, 4, 8, 11)

IMAGE = "golden/x0"  # none of its pixels at 224 x 224 is near the border of two HOG bins


def describe_input(name, shape):
    return dict(fill=name, shape=list(shape), offset=0, scale=2)


def describe_mask(config, batch):
    return dict(bits="golden/mask", shape=[batch, reference.patches(config)])


class Subject:
    """Models {kind: model} with one batch of images: their passes, and the cases that follow from them."""

    def __init__(self, name, configs, models, image, shape):
        self.name, self.configs, self.models = f"{name}/{image}", configs, models
        self.input, self.images = describe_input(image, shape), fill(image, shape)
        self.results = {}

    def study_features(self, wanted, runs, half_runs):
        def run(models):
            return features(models, self.images.to(dtype_of(models)))

        self.results.update(study(self.name, self.models, run, wanted, runs, half_runs))
        return self

    def study_masked(self, wanted, runs, half_runs):
        model = self.models["pretrain"]
        self.mask = describe_mask(self.configs["pretrain"], len(self.images))
        bits = mask_bits(self.mask["bits"], self.mask["shape"])

        def run(model):
            return masked(model, self.images.to(dtype_of(model)), bits)

        with reference.fixed_target(model, self.images):
            self.results.update(study(f"{self.name}/masked", model, run, wanted, runs, half_runs))
        return self

    def add(self, sheet, id, output, form, key=None, **more):
        """The case of one output: "pretrain/raw/11", "classifier/logits", "pretrain/pred", "pretrain/loss"."""
        kind, what, *stage = output.split("/")
        if stage:
            final_norm = reference.complete(self.configs[kind])["finalNorm"]
            more = dict(outType=what, outIndices=[int(stage[0])], finalNorm=final_norm, stage=0, **more)
        elif what in ("pred", "loss"):
            more = dict(mask=self.mask, **more)
        call = "features" if stage else what
        sheet.add(id, call, self.results[output, form], key=key, model=self.configs[kind], input=self.input, **more)


def same_as_plain(configs, models, images):
    """Throws unless `features` gives what models give that are built for one kind of output each."""
    found = features(models, images)
    for kind, config in configs.items():
        final_norm, last = reference.complete(config)["finalNorm"], config["numLayers"] - 1
        for out_type in OUT_TYPES:
            plain = build(config, out_type=out_type, out_indices=[0, last], final_norm=final_norm).extract_feat(images)
            for stage, tensor in zip((0, last), plain):
                if not torch.equal(tensor, found[f"{kind}/{out_type}/{stage}"]):
                    raise AssertionError(f"{out_type} of stage {stage} is not what the model of kind {kind} itself gives")
    if not torch.equal(build(configs["classifier"], out_indices=[last])(images), found["classifier/logits"]):
        raise AssertionError("the logits are not what the classifier itself gives")


def tiny(models):
    sheet = Sheet("quick/tiny.safetensors", "outputs of tiny models of both kinds: all output types, another image size, masked loss")
    shape = (2, 3, 56, 56)
    same_as_plain(TINY, models, fill("golden/x", shape))
    shown = {f"{kind}/{out_type}/{stage}": "sketch" for kind in TINY for out_type in OUT_TYPES for stage in (0, 1)}
    shown.update({name: "full" for name in shown if "cls_token" in name or "avg_featmap" in name})
    shown.update({"pretrain/raw/1": "full", "classifier/logits": "full"})
    predicted = {"pretrain/pred": "full", "pretrain/loss": "full"}
    subject = Subject("tiny", TINY, models, "golden/x", shape)
    subject.study_features(list(shown.items()), RUNS, RUNS).study_masked(list(predicted.items()), RUNS, RUNS)
    for output, form in {**shown, **predicted}.items():
        stage = output[-1] if output[-1].isdigit() else None
        # Only the last stage depends on the final norm, by which the kinds differ.
        key = f"tiny/{output.replace('classifier', 'pretrain')}" if stage == "0" else None
        subject.add(sheet, f"tiny/{output}", output, form, key)
        if stage:
            sheet.cases[-1].update(outIndices=[0, 1], stage=int(stage))
    odd = Subject("tiny", TINY, models, "golden/odd", (1, 3, 61, 90))
    odd.study_features([("pretrain/raw/1", "full"), ("classifier/logits", "full")], RUNS, RUNS)
    odd.add(sheet, "tiny/odd/raw", "pretrain/raw/1", "full")
    odd.add(sheet, "tiny/odd/logits", "classifier/logits", "full")
    return sheet


def tiny_modules(models):
    sheet = Sheet("full/tiny-modules.safetensors", "every linear layer's, convolution's and norm's output in tiny models of both kinds")
    shape = (1, 3, 56, 56)
    images, mask = fill("golden/x", shape), describe_mask(TINY["pretrain"], 1)
    bits = mask_bits(mask["bits"], mask["shape"])

    def run_pretrain(model):
        return masked(model, images.to(dtype_of(model)), bits)

    def run_classifier(model):
        return model(images.to(dtype_of(model)))

    with reference.fixed_target(models["pretrain"], images):
        add_modules(sheet, models["pretrain"], run_pretrain, kind="pretrain", mask=mask)
    # With one stage, each module runs once.
    add_modules(sheet, build(TINY["classifier"], out_indices=[TINY["classifier"]["numLayers"] - 1]), run_classifier, kind="classifier")
    for case in sheet.cases:
        case["input"] = describe_input("golden/x", shape)
    return sheet


def add_modules(sheet, model, run, kind, **more):
    def run_all(model):
        return reference.modules(model, run)

    wanted = [(name, "full") for name in run_all(model)]
    for (name, _), result in study(f"tiny-modules/{kind}", model, run_all, wanted, RUNS, RUNS).items():
        sheet.add(f"tiny-modules/{kind}/{name}", "module", result, model=TINY[kind], module=name, **more)


def vit_base(models):
    """Both files of ViT-B/16: what ships is sketched, the repository has the numbers."""
    quick = Sheet("quick/vit-base.safetensors", "ViT-B/16 at 224 pixels: a sketch of every block's output, prediction, loss and logits")
    full = Sheet("full/vit-base.safetensors", "ViT-B/16: outputs in full, all output types, other image sizes, a batch")
    subject = Subject("vit-base", BASE, models, IMAGE, (1, 3, 224, 224))
    detailed = {f"{kind}/{out_type}/{LAST}": "full" for kind in BASE for out_type in OUT_TYPES}
    detailed.update({f"{kind}/featmap/{LAST}": "sketch" for kind in BASE})
    detailed[f"classifier/raw/{LAST}"] = "sketch"
    stages = [(f"pretrain/raw/{i}", "sketch") for i in ALL]
    subject.study_features([*detailed.items(), *stages, ("classifier/logits", "full")], RUNS, FEWER)
    subject.study_masked([("pretrain/pred", "full"), ("pretrain/pred", "sketch"), ("pretrain/loss", "full")], RUNS, FEWER)
    add_quick(quick, subject)
    for output, form in {**detailed, "pretrain/pred": "full"}.items():
        kind, what, *_ = output.split("/")
        subject.add(full, f"vit-base/{kind}/{what}/{form}", output, form)
    other_sizes(full, models)
    return quick, full


def add_quick(sheet, subject):
    for i in ALL:
        subject.add(sheet, f"vit-base/stage/{i}", f"pretrain/raw/{i}", "sketch")
        sheet.cases[-1].update(outIndices=ALL, stage=i)
    subject.add(sheet, "vit-base/raw", f"pretrain/raw/{LAST}", "sketch", f"vit-base/stage/{LAST}")
    subject.add(sheet, "vit-base/pred", "pretrain/pred", "sketch")
    subject.add(sheet, "vit-base/loss", "pretrain/loss", "full")
    subject.add(sheet, "vit-base/avg_featmap", f"classifier/avg_featmap/{LAST}", "full")
    subject.add(sheet, "vit-base/logits", "classifier/logits", "full")


def other_sizes(sheet, models):
    """Resized position embeddings: larger, odd, and narrow; and a batch of two."""
    sizes = {"384x384": (1, 3, 384, 384), "229x301": (1, 3, 229, 301), "224x96": (1, 3, 224, 96), "batch-2": (2, 3, 224, 224)}
    shown = {"raw": (f"pretrain/raw/{LAST}", "sketch"), "cls_token": (f"pretrain/cls_token/{LAST}", "full")}
    shown["logits"] = ("classifier/logits", "full")
    for name, shape in sizes.items():
        subject = Subject("vit-base", BASE, models, f"golden/{name}", shape).study_features(list(shown.values()), FEWER, FEWER)
        for what, (output, form) in shown.items():
            subject.add(sheet, f"vit-base/{name}/{what}", output, form)


def blocks(backbone):
    """Each block of ViT-B/16 by itself."""
    quick = Sheet("quick/blocks.safetensors", f"blocks {', '.join(map(str, QUICK_BLOCKS))} of ViT-B/16, each by itself")
    full = Sheet("full/blocks.safetensors", "the other blocks of ViT-B/16, each by itself")
    for i, block in enumerate(backbone.layers):
        name, shape = f"block.{i}/in", (1, 1 + reference.patches(BASE["pretrain"]), SIZE["embedDims"])
        tokens = fill(name, shape)

        def run(layer, tokens=tokens):
            return dict(out=layer(tokens.to(dtype_of(layer))))

        result = study(f"block/{i}", block, run, [("out", "sketch")], RUNS, FEWER)["out", "sketch"]
        sheet = quick if i in QUICK_BLOCKS else full
        about = dict(model=BASE["pretrain"], input=describe_input(name, shape), layer=i)
        sheet.add(f"block/{i}", "block", result, level="C3", **about)
    return quick, full


def vit_large():
    sheet = Sheet("full/vit-large.safetensors", "ViT-L/16 once: a sketch of its output, and the masked loss")
    subject = Subject("vit-large", LARGE, reference.build_all(LARGE), IMAGE, (1, 3, 224, 224))
    raw, loss = (f"pretrain/raw/{LARGE['pretrain']['numLayers'] - 1}", "sketch"), ("pretrain/loss", "full")
    subject.study_features([raw], FEWER, FEWER).study_masked([loss], FEWER, FEWER)
    subject.add(sheet, "vit-large/raw", *raw)
    subject.add(sheet, "vit-large/loss", *loss)
    return sheet


def finished(sheet):
    """The file. Throws where the cross-check with PyTorch's own f32 fails."""
    sheet.write_table()
    problems = sheet.problems()
    if problems:
        raise ArithmeticError(f"{sheet.name}: the model of rounding is wrong: " + "; ".join(problems))
    return sheet.golden()


def goldens():
    models = reference.build_all(TINY)
    yield finished(tiny(models))
    yield finished(tiny_modules(models))
    models = reference.build_all(BASE)
    for sheet in blocks(models["pretrain"].backbone):
        yield finished(sheet)
    for sheet in vit_base(models):
        yield finished(sheet)
    del models
    yield finished(vit_large())
