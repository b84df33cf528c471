"""State dicts with one odd tensor, as torch.save writes them: what is no plain tensor of numbers.

    python scripts/golden/peers/odd.py        # with torch 2.15.0; writes test/fixtures/peers/odd.json

Every file has `good`, [1, 2, 3] as f32, beside `odd`. `answer` is what asking for `odd` gives: its numbers, as torch's float() does, or the
code of the error; `opaque` says whether only code could rebuild it.
"""

import base64
import gzip
import io
import json
import pathlib
import warnings

import torch

warnings.simplefilter("ignore")
T = torch.arange(4.0).reshape(2, 2)


class Subclass(torch.Tensor):
    pass


def with_attribute(tensor):
    tensor.note = "x"
    return tensor


def hooked():
    parameter = torch.nn.Parameter(T.clone())
    parameter.register_hook(print)
    return parameter


def raw(name):
    return torch.zeros(2, 4, dtype=torch.uint8).view(getattr(torch, name))


CASES = {
    **{name: T.to(getattr(torch, name)) for name in ["float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64", "complex32"]},
    **{name: raw(name) for name in ["float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "bits8"]},
    **{name: T.to(getattr(torch, name)) for name in ["float16", "bfloat16", "float64", "int64", "int8", "uint8", "bool"]},
    "complex64": T.to(torch.complex64),
    "a conjugate": T.to(torch.complex64).conj(),
    "a negative view": torch.view_as_complex(torch.ones(2, 2)).conj().imag,
    "a parameter": torch.nn.Parameter(T.clone()),
    "a parameter with an attribute": with_attribute(torch.nn.Parameter(T.clone())),
    "a tensor with an attribute": with_attribute(T.clone()),
    "a parameter with a hook": hooked(),
    "a buffer": torch.nn.Buffer(T.clone()),
    "a subclass": T.as_subclass(Subclass),
    "quantised": torch.quantize_per_tensor(T, 0.1, 0, torch.quint8),
    "quantised per channel": torch.quantize_per_channel(T, torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8),
    "sparse": T.to_sparse(),
    "sparse rows": T.to_sparse_csr(),
    "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "on the meta device": torch.zeros(2, 2, device="meta"),
    "an untyped storage": T.untyped_storage(),
}
REAL = {"float16", "bfloat16", "float64", "int64", "int8", "uint8", "bool", "a parameter"}


def answer(name, value):
    if name in REAL:
        return value.detach().float().flatten().tolist()
    return "CKPT_DTYPE" if name == "complex64" else "CKPT_UNKNOWN_GLOBAL"


def main():
    rows = []
    for name, value in CASES.items():
        # a hook that is pickled is a function of this file: torch warns and leaves it out
        buffer = io.BytesIO()
        torch.save({"good": torch.tensor([1.0, 2.0, 3.0]), "odd": value}, buffer)
        data = base64.b64encode(gzip.compress(buffer.getvalue(), 9, mtime=0)).decode()
        found = value.detach().flatten().tolist() if name == "a parameter with a hook" else answer(name, value)
        rows.append({"name": name, "answer": found, "opaque": found == "CKPT_UNKNOWN_GLOBAL", "file": data})
    path = pathlib.Path(__file__).parents[3] / "test/fixtures/peers/odd.json"
    path.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=1) + "\n")
    print(f"{path.name}: {len(rows)} files, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
