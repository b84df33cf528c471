"""Files that other libraries' models are loaded from, and what the models give: the cases of the suite's level C7."""

import sys

import numpy as np
import torch

import common
from cases import judge, study
from running import array

RUNS = 64
SIZE, PATCH, CHANNELS, BLOCKS, HEADS, HIDDEN = 32, 8, 48, 2, 4, 96
# Twelve, so that "10" and "11" are before "2" in the order of strings.
CLASSES = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay", "kite", "lark"]
BEST = 3
STORED = dict(F32=torch.float32, F16=torch.float16, BF16=torch.bfloat16)


def described(shapes, scales=None):
    """
    [name, shape, offset, scale] of each tensor of a file: its numbers follow from its own name, as those of the deterministic fill do.
    `scales`: {end of a name: factor}.
    """
    rows = []
    for name, shape in shapes.items():
        last = name.replace("position_embeddings", "pos_embed")
        offset, scale = common.filling(last, shape)
        factor = next((factor for end, factor in (scales or {}).items() if name.endswith(end)), 1)
        rows.append([name, list(shape), offset, scale * factor])
    return rows


def numbers(rows, dtype="F32"):
    """{name: tensor} as the file stores it."""
    return {name: torch.from_numpy(common.fill(name, shape, offset, scale)).to(STORED[dtype]) for name, shape, offset, scale in rows}


def shapes_of(tensors):
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def tensor_input(name):
    return dict(fill=f"loading/{name}", shape=[1, 3, SIZE, SIZE], offset=0, scale=2)


def image_input(name, height, width):
    return dict(image=f"loading/{name}", height=height, width=width)


def image(about):
    """The u8 RGB image [h,w,3] that a case's input describes."""
    return common.smooth(about["image"], about["height"], about["width"])


class Pixels:
    """A model's input as a function of the precision: numbers that follow from a name, or an image's pixels, normalised."""

    def __init__(self, about, pixels=None, mean=None, std=None, input=None):
        """`pixels` u8 [h,w,3] as the library cuts them out, `mean` and `std` of 0 to 255, `input` [3,h,w] as the library normalises them."""
        self.about = about
        if "image" not in about:
            self.given = torch.from_numpy(common.fill(about["fill"], about["shape"], about["offset"], about["scale"]))
            return
        self.given = None
        self.pixels = torch.from_numpy(np.array(pixels, np.float64).transpose(2, 0, 1)[None].copy())
        self.mean, self.std = (torch.tensor(value, dtype=torch.float64).reshape(1, 3, 1, 1) for value in (mean, std))
        if not np.allclose(array(self(torch.float64))[0], np.asarray(input, np.float64), rtol=0, atol=2e-6):
            raise AssertionError(f"{about}: the library normalises otherwise")

    def __call__(self, dtype):
        if self.given is not None:
            return self.given.to(dtype)
        # by these names, which no model calls: envelope.py knows them for what makes an input
        return torch.true_divide(torch.sub(self.pixels.to(dtype), self.mean.to(dtype)), self.std.to(dtype))


class Files:
    """A golden file of such cases."""

    def __init__(self, name, about):
        self.name, self.about = name, about
        self.tensors, self.cases, self.within, self.problems = {}, [], {}, []

    def add(self, id, model, run, pixels, *, rows, config, names=None, **file):
        """
        `run(model, images)` gives some of features [1,L,C], logits and scores [1,classes]. `config`: what the suite hands to getModel;
        `names`: of the classes, as the library has them; `file`: format, dtype, classes, preprocessor, shards.
        """

        def run_all(model):
            return run(model, pixels(next(model.parameters()).dtype))

        with torch.no_grad():
            wanted = [(what, "sketch" if what == "features" else "full") for what in run_all(model)]
        results = study(f"loading/{id}", model, run_all, wanted, RUNS, RUNS)
        outputs = {}
        for (what, form), result in results.items():
            key = f"{id}/{what}"
            self.tensors[key] = result.value.astype(np.float32)
            self.within[key] = result.envelope["f32"]["max"]
            outputs[what] = dict(tensor=key, form=form, shape=result.shape, rows=result.rows, envelope=result.envelope, torch=result.torch)
            self.problems.extend(judge(key, result))
            use = max(value["max"] for value in result.torch.values()) / result.envelope["f32"]["max"]
            print(f"  {key:50} {result.envelope['f32']['max']:.2e} {result.envelope['f16']['max']:.2e} torch {use:.3f}", file=sys.stderr)
        case = dict(id=id, scope="quick", tensors=rows, config=config, input=pixels.about, outputs=outputs, **file)
        if "scores" in outputs:
            case["predicted"] = predicted(id, results["scores", "full"], names)
        self.cases.append(case)

    def golden(self):
        if self.problems:
            raise ArithmeticError(f"{self.name}: the model of rounding is wrong: " + "; ".join(self.problems))
        return common.Golden(self.name, self.about, tensors=self.tensors, metadata=dict(cases=self.cases), within=self.within)


def predicted(id, scores, names):
    """The best classes in order. Throws where rounding could change the order."""
    values = scores.value[0]
    order = np.argsort(-values, kind="stable")
    gaps = -np.diff(values[order[: BEST + 1]])
    if gaps.min() <= 2 * scores.envelope["f16"]["max"]:
        raise ArithmeticError(f"{id}: scores are too near each other for f16: {values[order]}")
    found = dict(topk=order[:BEST].tolist())
    return found if names is None else dict(found, names=list(names))


def softmax(logits):
    return torch.nn.functional.softmax(logits, dim=1)
