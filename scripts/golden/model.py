"""Goldens of whole models and of single blocks: what mmpretrain computes in float64, and how far rounding may carry it."""

import sys

import torch

import reference
from cases import Sheet, study
from reference import OUT_TYPES, build, features, fill, mask_bits, masked

RUNS, FEWER = 64, 16  # of envelopes; where a pass is slow, and for f16
HOG = dict(nbins=9, pool=2, gaussianWindow=4)
TINY = dict(imageSize=56, patchSize=4, embedDims=48, numLayers=2, numHeads=4, feedforwardChannels=96)
TINY = dict(pretrain=dict(kind="pretrain", **TINY, hog=HOG), classifier=dict(kind="classifier", **TINY, numClasses=10))
SIZE = dict(imageSize=224, patchSize=16, embedDims=768, numLayers=12, numHeads=12, feedforwardChannels=3072)
HOG = dict(nbins=9, pool=8, gaussianWindow=16)
BASE = dict(pretrain=dict(kind="pretrain", **SIZE, hog=HOG), classifier=dict(kind="classifier", **SIZE, numClasses=1000))
LARGE = dict(kind="pretrain", **{**SIZE, "embedDims": 1024, "numLayers": 24, "numHeads": 16, "feedforwardChannels": 4096}, hog=HOG)
QUICK_BLOCKS = (0, 4, 8, 11)


def describe_input(name, shape):
    return dict(fill=name, shape=list(shape), offset=0, scale=2)


def describe_mask(config, batch):
    return dict(bits="golden/mask", shape=[batch, reference.patches(config)])


class Subject:
    """A model with one batch of images: its passes, and the cases that follow from them."""

    def __init__(self, prefix, config, model, image, shape):
        self.prefix, self.config, self.model = prefix, config, model
        self.input, self.images = describe_input(image, shape), fill(image, shape)
        self.final_norm = reference.complete(config)["finalNorm"]
        self.results = {}

    def study_features(self, wanted, runs=RUNS, half_runs=0):
        name = f"{self.prefix}/{self.config['kind']}/{self.input['fill']}"
        self.results.update(study(name, self.model, self.run_features, wanted, runs, half_runs))
        return self

    def run_features(self, model):
        return features(model, self.images.to(next(model.parameters()).dtype))

    def study_masked(self, wanted, runs=RUNS, half_runs=0):
        self.mask = describe_mask(self.config, len(self.images))
        bits = mask_bits(self.mask["bits"], self.mask["shape"])
        self.model.target_generator, generator = reference.Target(reference.hog(self.model, self.images)), self.model.target_generator

        def run(model):
            return masked(model, self.images.to(next(model.parameters()).dtype), bits)

        self.results.update(study(f"{self.prefix}/masked", self.model, run, wanted, runs, half_runs))
        self.model.target_generator = generator
        return self

    def add(self, sheet, id, output, form, key=None, **more):
        """The case of one output: "raw/11", "logits", "pred", "loss"."""
        what, _, stage = output.partition("/")
        if stage:
            more.update(outType=what, outIndices=[int(stage)], finalNorm=self.final_norm, stage=0)
        elif what in ("pred", "loss"):
            more.update(mask=self.mask)
        call = "features" if stage else what
        sheet.add(id, call, self.results[output, form], key=key, model=self.config, input=self.input, **more)


def tiny_models():
    return {kind: build(config) for kind, config in TINY.items()}


def same_as_plain(config, images):
    """Throws unless `features` gives what models give that are built for one kind of output each."""
    last = config["numLayers"] - 1
    found = features(build(config), images)
    final_norm = reference.complete(config)["finalNorm"]
    for out_type in OUT_TYPES:
        plain = build(config, out_type=out_type, out_indices=[0, last], final_norm=final_norm).extract_feat(images)
        for stage, tensor in zip((0, last), plain):
            if not torch.equal(tensor, found[f"{out_type}/{stage}"]):
                raise AssertionError(f"{out_type} of stage {stage} is not what the model itself gives")
    if "logits" in found and not torch.equal(build(config, out_indices=[last])(images), found["logits"]):
        raise AssertionError("the logits are not what the model itself gives")


def tiny(models):
    sheet = Sheet("quick/tiny.safetensors", "outputs of tiny models of both kinds: all output types, another image size, masked loss")
    stages = [f"{out_type}/{stage}" for out_type in OUT_TYPES for stage in (0, 1)]
    forms = {name: "full" if name.startswith(("cls", "avg")) else "sketch" for name in stages}
    kinds = {}
    for kind, config in TINY.items():
        same_as_plain(config, fill("golden/x", (2, 3, 56, 56)))
        shown = {**forms, "raw/1": "full"} if kind == "pretrain" else {**forms, "logits": "full"}
        subject = Subject("tiny", config, models[kind], "golden/x", (2, 3, 56, 56))
        kinds[kind] = subject.study_features(list(shown.items()), RUNS, FEWER), shown
    pretrain = kinds["pretrain"][0].study_masked([("pred", "full"), ("loss", "full")], RUNS, FEWER)
    for kind, (subject, shown) in kinds.items():
        for output, form in shown.items():
            # Only the last stage depends on the final norm, by which the kinds differ.
            stored = f"tiny/pretrain/{output}" if output.endswith("/0") else None
            add_tiny(sheet, subject, f"tiny/{kind}/{output}", output, form, stored)
    pretrain.add(sheet, "tiny/pred", "pred", "full")
    pretrain.add(sheet, "tiny/loss", "loss", "full")
    odd = Subject("tiny", TINY["pretrain"], models["pretrain"], "golden/odd", (1, 3, 61, 90))
    odd.study_features([("raw/1", "full")], RUNS, FEWER).add(sheet, "tiny/odd/raw", "raw/1", "full")
    odd = Subject("tiny", TINY["classifier"], models["classifier"], "golden/odd", (1, 3, 61, 90))
    odd.study_features([("logits", "full")], RUNS, FEWER).add(sheet, "tiny/odd/logits", "logits", "full")
    return sheet


def add_tiny(sheet, subject, id, output, form, stored):
    """Both stages of the tiny models are outputs of one call."""
    subject.add(sheet, id, output, form, stored)
    if "stage" in sheet.cases[-1]:
        sheet.cases[-1].update(outIndices=[0, 1], stage=int(output[-1]))


def tiny_modules(models):
    sheet = Sheet("full/tiny-modules.safetensors", "every linear layer's, convolution's and norm's output in tiny models of both kinds")
    shape = (1, 3, 56, 56)
    images, mask = fill("golden/x", shape), describe_mask(TINY["pretrain"], 1)
    bits = mask_bits(mask["bits"], mask["shape"])
    pretrain = models["pretrain"]
    pretrain.target_generator = reference.Target(reference.hog(pretrain, images))
    runs = dict(
        pretrain=lambda model: masked(model, images.to(next(model.parameters()).dtype), bits),
        classifier=lambda model: model(images.to(next(model.parameters()).dtype)),
    )
    for kind, run in runs.items():
        model = build(TINY[kind], out_indices=[1]) if kind == "classifier" else pretrain
        names = reference.modules(model, run)
        results = study(f"tiny-modules/{kind}", model, lambda m: reference.modules(m, run), [(name, "full") for name in names], RUNS)
        more = dict(mask=mask) if kind == "pretrain" else {}
        for name in names:
            about = dict(model=TINY[kind], input=describe_input("golden/x", shape), module=name, **more)
            sheet.add(f"tiny-modules/{kind}/{name}", "module", results[name, "full"], **about)
    return sheet


IMAGE = "golden/x0"  # none of its pixels is near the border of two HOG bins
ALL = list(range(SIZE["numLayers"]))
LAST = ALL[-1]


def vit_base(models):
    """Both files of ViT-B/16: what ships is sketched, the repository has the numbers."""
    quick = Sheet("quick/vit-base.safetensors", "ViT-B/16 at 224 pixels: a sketch of every block's output, prediction, loss and logits")
    full = Sheet("full/vit-base.safetensors", "ViT-B/16: outputs in full, all output types, other image sizes, a batch")
    subjects = {kind: Subject("vit-base", BASE[kind], models[kind], IMAGE, (1, 3, 224, 224)) for kind in BASE}
    types = [(f"{out_type}/{LAST}", "full") for out_type in ("raw", "cls_token", "avg_featmap")]
    types += [(f"featmap/{LAST}", "sketch"), (f"raw/{LAST}", "sketch")]
    stages = [(f"raw/{i}", "sketch") for i in ALL[:-1]]
    subjects["pretrain"].study_features(types + stages, RUNS, FEWER)
    subjects["classifier"].study_features(types + [("logits", "full")], RUNS, FEWER)
    subjects["pretrain"].study_masked([("pred", "full"), ("pred", "sketch"), ("loss", "full")], RUNS, FEWER)
    add_quick(quick, **subjects)
    for kind, subject in subjects.items():
        for output, form in types[:-1]:
            if (kind, output) != ("classifier", f"raw/{LAST}"):
                subject.add(full, f"vit-base/{kind}/{output.split('/')[0]}/{form}", output, form)
    subjects["classifier"].add(full, "vit-base/classifier/raw/sketch", f"raw/{LAST}", "sketch")
    subjects["pretrain"].add(full, "vit-base/pred/full", "pred", "full")
    other_sizes(full, models)
    return quick, full


def add_quick(sheet, pretrain, classifier):
    for i in ALL:
        pretrain.add(sheet, f"vit-base/stage/{i}", f"raw/{i}", "sketch")
        sheet.cases[-1].update(outIndices=ALL, stage=i)
    pretrain.add(sheet, "vit-base/raw", f"raw/{LAST}", "sketch", f"vit-base/stage/{LAST}")
    pretrain.add(sheet, "vit-base/pred", "pred", "sketch")
    pretrain.add(sheet, "vit-base/loss", "loss", "full")
    classifier.add(sheet, "vit-base/avg_featmap", f"avg_featmap/{LAST}", "full")
    classifier.add(sheet, "vit-base/logits", "logits", "full")


def other_sizes(sheet, models):
    """Resized position embeddings: larger, odd, and narrow; and a batch of two."""
    sizes = {"384x384": (1, 3, 384, 384), "229x301": (1, 3, 229, 301), "224x96": (1, 3, 224, 96), "batch-2": (2, 3, 224, 224)}
    for name, shape in sizes.items():
        subject = Subject("vit-base", BASE["pretrain"], models["pretrain"], f"golden/{name}", shape)
        subject.study_features([(f"raw/{LAST}", "sketch"), (f"cls_token/{LAST}", "full")], FEWER)
        subject.add(sheet, f"vit-base/{name}/raw", f"raw/{LAST}", "sketch")
        subject.add(sheet, f"vit-base/{name}/cls_token", f"cls_token/{LAST}", "full")
    for name in ("229x301", "batch-2"):
        subject = Subject("vit-base", BASE["classifier"], models["classifier"], f"golden/{name}", sizes[name])
        subject.study_features([("logits", "full")], FEWER)
        subject.add(sheet, f"vit-base/{name}/logits", "logits", "full")


def blocks(backbone):
    """Each block of ViT-B/16 by itself."""
    quick = Sheet("quick/blocks.safetensors", f"blocks {', '.join(map(str, QUICK_BLOCKS))} of ViT-B/16, each by itself")
    full = Sheet("full/blocks.safetensors", "the other blocks of ViT-B/16, each by itself")
    for i, block in enumerate(backbone.layers):
        name, shape = f"block.{i}/in", (1, 1 + reference.patches(BASE["pretrain"]), SIZE["embedDims"])
        tokens = fill(name, shape)

        def run(layer, tokens=tokens):
            return dict(out=layer(tokens.to(layer.ln1.weight.dtype)))

        result = study(f"block/{i}", block, run, [("out", "sketch")], RUNS, FEWER)["out", "sketch"]
        sheet = quick if i in QUICK_BLOCKS else full
        about = dict(model=BASE["pretrain"], input=describe_input(name, shape), layer=i)
        sheet.add(f"block/{i}", "block", result, level="C3", **about)
    return quick, full


def vit_large():
    sheet = Sheet("full/vit-large.safetensors", "ViT-L/16 once: a sketch of its output, and the masked loss")
    subject = Subject("vit-large", LARGE, build(LARGE), IMAGE, (1, 3, 224, 224))
    last = LARGE["numLayers"] - 1
    subject.study_features([(f"raw/{last}", "sketch")], FEWER).study_masked([("loss", "full")], FEWER)
    subject.add(sheet, "vit-large/raw", f"raw/{last}", "sketch")
    subject.add(sheet, "vit-large/loss", "loss", "full")
    return sheet


def finished(sheet):
    """The file. Throws where the cross-check with PyTorch's own f32 fails."""
    sheet.write_table()
    problems = sheet.problems()
    if problems:
        raise ArithmeticError(f"{sheet.name}: the model of rounding is wrong: " + "; ".join(problems))
    return sheet.golden()


def goldens():
    if reference.blas_name() == "not OpenBLAS":
        print("PyTorch has no OpenBLAS here, and this will take hours; scripts/golden/README.md names the package", file=sys.stderr)
    models = tiny_models()
    yield finished(tiny(models))
    yield finished(tiny_modules(models))
    models = {kind: build(config) for kind, config in BASE.items()}
    for sheet in blocks(models["pretrain"].backbone):
        yield finished(sheet)
    for sheet in vit_base(models):
        yield finished(sheet)
    del models
    yield finished(vit_large())
