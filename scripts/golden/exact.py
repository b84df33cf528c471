"""Numbers that were computed twice, in float64 and in float32: how they are kept, and how far float32 is from them."""

import numpy as np

import common

STATISTICS = ["norm", "mean", "largest magnitude"] + [f"projection {k}" for k in range(common.PROJECTIONS)]


def arrays(named_tensors):
    """{name: f64 array} of named tensors."""
    return {name: tensor.detach().double().numpy().copy() for name, tensor in named_tensors}


def prefixed(prefix, values):
    return {f"{prefix}/{name}": value for name, value in values.items()}


def silenced(values, noise):
    """The values, with zeros where they are noise."""
    out = dict(values)
    for name, begin, end in noise:
        if name in out:
            out[name] = out[name].copy()
            out[name][begin:end] = 0
    return out


def errors(exact, rounded, noise):
    """{name: {max, rms, of}}: how far float32 is from float64 outside the noise, and the largest magnitude there."""
    exact, rounded = silenced(exact, noise), silenced(rounded, noise)
    out = {}
    for name, value in exact.items():
        gap = rounded[name] - value
        out[name] = dict(max=float(np.abs(gap).max()), rms=float(np.sqrt((gap**2).mean())), of=float(np.abs(value).max()))
    return out


def envelope(error):
    """
    What another CPU may differ by: four times the error of float32, and the rounding to float32 in which the value is kept.
    Float64 itself differs by far less; but the HOG targets are float32 in the reference, and their last bits differ between CPUs.
    """
    return 4 * error["max"] + error["of"] * 2.0**-23


def envelopes(prefix, found):
    return prefixed(prefix, {name: envelope(error) for name, error in found.items()})


def kept(values):
    return {name: value.astype(np.float32) for name, value in values.items()}


def statistics(rows):
    """[n, C] -> [n, 11] in f64, the columns being STATISTICS."""
    sketch = common.sketch(rows)
    return np.concatenate([sketch[:, :1], rows.mean(1, keepdims=True), np.abs(rows).max(1, keepdims=True), sketch[:, 1:]], 1)
