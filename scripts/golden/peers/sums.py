"""How far torch's own float32 is from float64 in every op that sums over a long axis (test/sums.test.ts).

Run where torch is: python scripts/golden/peers/sums.py > test/fixtures/peers/sums.json
Made with torch 2.15.0 on one thread of a CPU (x86-64 with AVX-512).
"""

import json

import numpy as np
import torch
from torch.nn import functional as F

torch.set_num_threads(1)

#: Patches: of square images of 32 to 1024 pixels in patches of 16 or 14, powers of two and their neighbours, and 560 x 592 pixels.
PATCHES = [1, 2, 4, 9, 15, 16, 17, 49, 64, 127, 144, 196, 257, 324, 576, 729, 1024, 1025, 1295, 1369, 2304, 4097]
#: Widths of rows: from ViT-tiny's to those of ViT-H's MLP, and the widest that a configuration may have.
WIDTHS = [192, 384, 768, 1024, 1280, 5120, 16384]
#: Tokens and width of a head: ViT at 224 pixels, ViT-H, ViT at 384 and at 560 x 592 pixels, MViT.
HEADS = [[197, 64], [257, 80], [577, 64], [1296, 64], [785, 96], [785, 72]]
#: [rows, K, N] of products.
PRODUCTS = [[8, 192, 32], [8, 768, 32], [8, 1024, 32], [8, 3072, 32], [8, 4096, 32], [8, 5120, 32]]


def uniform(seed):
    """Numbers in [-1, 1), as conformance/ops/define.ts draws them (xorshift32; Marsaglia, 2003)."""
    x = seed * 2654435761 & 0xFFFFFFFF
    while True:
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        yield x / 2**31 - 1


def drawn(draw, shape, offset=0):
    numbers = [offset + next(draw) for _ in range(int(np.prod(shape)))]
    return torch.from_numpy(np.array(numbers).astype(np.float32).reshape(shape))


def attention(q, k, v):
    return ((q @ k.T) / q.shape[1] ** 0.5).softmax(-1) @ v


def masked_mse(pred, target):
    return ((pred - target) ** 2).mean(-1).sum(-1)


def member(op, work, dims, shapes, offset=0):
    """The root mean square of torch's errors, and the largest; of inputs drawn one after the other, the first around `offset`."""
    draw = uniform(int(np.prod(dims)))
    inputs = [drawn(draw, shape, 0 if i else offset) for i, shape in enumerate(shapes)]
    error = (work(*inputs).double() - work(*[x.double() for x in inputs])).abs().flatten()
    rms, most = (error**2).mean().sqrt().item(), error.max().item()
    return {"op": op, "dims": dims, "offset": offset, "rms": float(f"{rms:.6g}"), "most": float(f"{most:.6g}")}


def mean(dims, offset):
    return member("meanTokens", lambda x: x[:, 1:].mean(1), dims, [dims], offset)


def members():
    for n in PATCHES:
        for offset in (0, 1, 8):
            yield mean([1, 1 + n, 48], offset)
    for offset in (0, 1, 8):
        yield mean([64, 1296, 48], offset)
    for c in WIDTHS:
        for offset in (0, 8):
            norm = lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b, 1e-6)
            yield member("layerNorm", norm, [4, c], [[4, c], [c], [c]], offset)
    for tokens, width in HEADS:
        yield member("attention", attention, [tokens, width], [[tokens, width]] * 3)
    for m, k, n in PRODUCTS:
        yield member("linear", F.linear, [m, k, n], [[m, k], [n, k], [n]])
    for n, f in [[196, 108], [1295, 108], [196, 768]]:
        yield member("maskedMse", masked_mse, [1, n, f], [[1, n, f]] * 2)


head = f'{{"torch": "{torch.__version__}", "members": [\n'
print(head + ",\n".join(json.dumps(m) for m in members()) + "\n]}")
