"""What torch makes of weights in float16 (test/half-range.test.ts): the number, or infinity as null.

Run where torch is: python scripts/golden/peers/half.py > test/fixtures/peers/half.json
Made with torch 2.15.0 on a CPU.
"""

import json
import math

import torch

#: Around the largest number of f16, the first that rounds to infinity, the largest of f32, and the smallest normal and subnormal numbers.
VALUES = [
    1, 100, 6e4, 65503, 65504, 65505, 65519, 65519.996, 65520, 65520.004, 65521, 65535, 65536, 7e4, 1e5, 131008, 1e6, 1e10, 1e30, 3.4e38,
    6.104e-5, 6.1e-5, 3e-5, 6e-8, 3e-8, 2.9e-8, 1e-10, 1e-40,
]  # fmt: skip


def member(value):
    given = torch.tensor(value, dtype=torch.float32)
    half = given.half().float().item()
    return {"given": given.item(), "half": None if math.isinf(half) else half}


members = [member(sign * value) for value in VALUES for sign in (1, -1)]
head = f'{{"torch": "{torch.__version__}", "members": [\n'
print(head + ",\n".join(json.dumps(m) for m in members) + "\n]}")
