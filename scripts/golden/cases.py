"""Turns passes of a model into the cases of a golden file: exact outputs, envelopes, and PyTorch's own error inside them."""

import sys
import time
from dataclasses import dataclass, field

import numpy as np
import torch

import common
import envelope
import running

# PyTorch's own f32 uses between these shares of an envelope; below, or above, the model of an operation's rounding is wrong.
TIGHTEST, LOOSEST = 1.0, 1 / 50
# Of few numbers the error may be small by luck, and from few runs the limit is wide.
FEW = 16


@dataclass
class Result:
    """One output in one form."""

    value: np.ndarray  # f64
    shape: list  # of the full tensor
    form: str
    rows: list = None  # what the full tensor was viewed as for the sketch
    envelope: dict = field(default_factory=dict)
    torch: dict = field(default_factory=dict)


def viewed(name, tensor):
    """An array whose last axis is what a sketch runs over: pixels of a feature map, channels of all else."""
    values = running.array(tensor)
    return values.reshape(*values.shape[:2], -1) if "/featmap/" in name else values


def in_form(name, form, tensor):
    return running.array(tensor) if form == "full" else common.sketch(viewed(name, tensor))


def apart(one, other):
    """(largest difference, length of the difference)."""
    difference = (one - other).ravel()
    return float(np.abs(difference).max()), float(np.sqrt((difference**2).sum()))


def rounded(value):
    return float(f"{value:.4g}")


def study(name, model, run, wanted, runs, half_runs):
    """
    What a golden says of `wanted` outputs [(output, form)] of the pass `run(model)`, which gives named tensors: the float64 values, the
    envelopes from `runs` disturbed passes, and the errors of PyTorch's f32.
    """
    start = time.time()
    # One thread is faster than two where others use the machine too, and is the same everywhere.
    with torch.no_grad(), running.threads(1):
        exact = envelope.audit(lambda: run(model))
        results = {key: describe(*key, exact[key[0]]) for key in wanted}
        single = running.single(model)
        for count in (1, 2):
            with running.threads(count):
                out = run(single)
            for key, result in results.items():
                largest, length = apart(in_form(*key, out[key[0]]), result.value)
                result.torch[str(count)] = dict(max=rounded(largest), norm=rounded(length))
        del single
        for kind, count in (("f32", runs), ("f16", half_runs)):
            errors = {key: [] for key in wanted}
            for i in range(count):
                with envelope.Rounding(common.u32(f"{name}/{kind}", [i])[0], half=kind == "f16"):
                    out = run(model)
                for key, result in results.items():
                    errors[key].append(apart(in_form(*key, out[key[0]]), result.value))
                progress(f"{name}: {kind} {i + 1} of {count}, {time.time() - start:.0f} s")
            for key, result in results.items() if count else ():
                largest, length = zip(*errors[key])
                numbers = result.value.size
                result.envelope[kind] = dict(
                    max=rounded(envelope.limit(largest, numbers)), norm=rounded(envelope.limit(length, numbers)), runs=count
                )
    progress("")
    print(f"{name}: {runs} runs in f32, {half_runs} in f16, {time.time() - start:.0f} s", file=sys.stderr, flush=True)
    return results


def progress(text):
    """On a terminal one line that changes."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def describe(name, form, tensor):
    rows = list(viewed(name, tensor).shape) if form == "sketch" else None
    return Result(in_form(name, form, tensor), list(tensor.shape), form, rows)


class Sheet:
    """The cases of one file, as they come together."""

    def __init__(self, name, about):
        self.name, self.about = name, about
        self.scope = name.split("/")[0]
        self.tensors, self.cases, self.within, self.used = {}, [], {}, []

    def add(self, id, call, result, *, key=None, weights="procedural", level="C4", **description):
        """A case with the id, whose numbers lie under `key` (cases may share numbers), by default under the id."""
        key = key or id
        self.tensors.setdefault(key, result.value.astype(np.float32))
        self.within[key] = result.envelope["f32"]["max"]
        case = dict(id=id, level=level, scope=self.scope, call=call, **description, weights=weights)
        case.update(tensor=key, form=result.form, shape=result.shape)
        if result.rows:
            case["rows"] = result.rows
        case.update(envelope=result.envelope, torch=result.torch)
        self.cases.append(case)
        self.used.append((id, result))

    def problems(self):
        """Where PyTorch's own f32 lies outside an envelope, or uses next to nothing of it."""
        return [problem for id, result in self.used for problem in judge(id, result)]

    def golden(self, **metadata):
        metadata = dict(cases=self.cases, blas=common.blas(), **metadata)
        return common.Golden(self.name, self.about, tensors=self.tensors, metadata=metadata, within=self.within)

    def write_table(self):
        """How much of each envelope PyTorch's own f32 uses."""
        print(f"{self.name}: what PyTorch's f32 uses of the f32 envelope with 1 and 2 threads (largest error, length)", file=sys.stderr)
        for id, result in self.used:
            use = "  ".join(f"{shares(result, threads)[0]:.3f} {shares(result, threads)[1]:.3f}" for threads in ("1", "2"))
            bounds = "  ".join(f"{kind} {bound['max']:.2e}" for kind, bound in result.envelope.items())
            print(f"  {id:60} {result.form:6} {use}   {bounds}", file=sys.stderr, flush=True)


def shares(result, threads):
    """(of the largest error, of the length)"""
    return tuple(result.torch[threads][size] / result.envelope["f32"][size] for size in ("max", "norm"))


def judge(id, result):
    for threads in result.torch:
        largest, length = shares(result, threads)
        if max(largest, length) > TIGHTEST:
            yield f"{id}: PyTorch with {threads} threads is outside, {largest:.3f} of the largest error, {length:.3f} of the length"
        # The largest error may be small by luck.
        if length < LOOSEST and result.value.size >= FEW and result.envelope["f32"]["runs"] >= FEW:
            yield f"{id}: PyTorch with {threads} threads uses only {length:.4f} of the length"
