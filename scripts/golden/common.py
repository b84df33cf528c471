"""What all golden scripts share: the versions they demand, numbers and images that follow from names, sketches, and files."""

import ctypes
import hashlib
import json
import math
import platform
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "conformance" / "golden"

# Other builds compute other bytes: pip's OpenCV differs from Debian's by a level in bicubic resize, other torches sum in another order.
DEMANDED = {"torch": "1.13", "numpy": "1.24.2", "cv2": "4.6.0", "PIL": "9.4.0", "mmpretrain": "1.2.0"}


def blas():
    """What multiplies matrices below PyTorch, and so decides in which order it sums."""
    library = ctypes.CDLL("libblas.so.3")
    if not hasattr(library, "openblas_get_config"):
        return "not OpenBLAS"
    library.openblas_get_config.restype = ctypes.c_char_p
    return library.openblas_get_config().decode().strip()


def versions():
    """Versions of what is imported. Exits where they are not the ones demanded."""
    if not blas().startswith("OpenBLAS"):
        sys.exit("OpenBLAS is needed below PyTorch: apt-get install libopenblas0-pthread (scripts/golden/README.md)")
    found = imported(DEMANDED)
    for name in ("torchvision", "mmengine", "mmcv"):
        found[name] = __import__(name).__version__
    return found


def imported(demanded):
    """Versions of these packages and of Python. Exits where they are not the ones demanded."""
    found = {"python": platform.python_version()}
    for name, version in demanded.items():
        try:
            found[name] = __import__(name).__version__
        except ImportError as error:
            sys.exit(f"{name} {version} is needed: {error}; scripts/golden/README.md says how to make the environment")
        if not found[name].startswith(version):
            sys.exit(f"{name} {version} is needed, {found[name]} was found at {sys.modules[name].__file__}")
    return found


# Numbers and images from names: FNV-1a of the name, then an integer hash of the index.


def u32(name, index):
    """32 random bits for a name and each index."""
    key = 0x811C9DC5
    for byte in name.encode():
        key = ((key ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = ((np.asarray(index, np.uint64) * 0x9E3779B9 + key) & 0xFFFFFFFF).astype(np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def sym(name, shape):
    """Numbers in [-1, 1), exact in f32; as f64."""
    return (((u32(name, np.arange(math.prod(shape))) >> np.uint32(8)).astype(np.float64) - 2**23) / 2**23).reshape(shape)


def fill(name, shape, offset, scale):
    """f32(offset + scale * sym): computed in f64, rounded once."""
    return (offset + scale * sym(name, shape)).astype(np.float32)


def bits(name, shape):
    """0 or 1 for each index; as int64."""
    return (u32(name, np.arange(math.prod(shape))) & 1).astype(np.int64).reshape(shape)


def filling(name, shape):
    """(offset, scale) of the values of the parameter `name`; None for buffers."""
    last = name.split(".")[-1]
    if last.startswith("rel_pos"):
        return 0, 0.2
    if last in ("pos_embed", "cls_token", "mask_token"):
        return 0, 0.5
    if last == "bias":
        return 0, 0.1
    if last != "weight":
        return None
    return (0, math.sqrt(3 / math.prod(shape[1:]))) if len(shape) >= 2 else (1, 0.1)


def parameter(name, shape):
    """The deterministic value of the parameter `name` (with its prefix) of a model; None for buffers. f32."""
    found = filling(name, shape)
    return found and fill(name, shape, *found)


def noise(name, h, w):
    """u8 RGB [h,w,3], every byte random."""
    return (u32(name, np.arange(h * w * 3)) >> np.uint32(24)).astype(np.uint8).reshape(h, w, 3)


def smooth(name, h, w):
    """u8 RGB [h,w,3]: value noise on a grid of 32 pixels, with grain of 4 bits."""
    side, gh, gw = 32, (h >> 5) + 2, (w >> 5) + 2
    ctrl = (u32(name + "/ctrl", np.arange(gh * gw * 3)) >> np.uint32(24)).astype(np.int64).reshape(gh, gw, 3)
    y, x = np.mgrid[:h, :w]
    gy, gx, fy, fx = y >> 5, x >> 5, (y & 31)[..., None], (x & 31)[..., None]
    v = ctrl[gy, gx] * (side - fx) * (side - fy) + ctrl[gy, gx + 1] * fx * (side - fy)
    v += ctrl[gy + 1, gx] * (side - fx) * fy + ctrl[gy + 1, gx + 1] * fx * fy
    grain = (u32(name + "/n", np.arange(h * w * 3)) >> np.uint32(28)).astype(np.int64).reshape(h, w, 3)
    return np.clip(((v + side * side // 2) >> 10) + grain - 8, 0, 255).astype(np.uint8)


def digest(array):
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


PROJECTIONS = 8


def sketch(tensor):
    """[..., C] -> [rows, 9] in f64: of each row its length, then the sums over 8 fixed patterns of signs, each divided by sqrt(C)."""
    rows = np.asarray(tensor, np.float64).reshape(-1, tensor.shape[-1])
    width = rows.shape[1]
    signs = np.stack([1.0 - 2.0 * (u32(f"sketch/{k}", np.arange(width)) & 1) for k in range(PROJECTIONS)], 1)
    return np.concatenate([np.sqrt((rows**2).sum(1, keepdims=True)), rows @ signs / math.sqrt(width)], 1)


# Files


@dataclass
class Golden:
    """A file of conformance/golden/: JSON with exact values alone, tensors, or bytes as they are."""

    name: str  # "quick/..." ships with the package, "full/..." lies in the repository
    about: str
    json: Any = None
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)  # each value becomes JSON
    # How far a tensor of floats may be from this one on another CPU; tensors that are not named here must be equal.
    within: Mapping[str, float] = field(default_factory=dict)
    raw: bytes | None = None

    def bytes(self):
        if self.raw is not None:
            return self.raw
        return encode_json(self.json).encode() if self.json is not None else safetensors(self.tensors, self.metadata)


def encode_json(value):
    """JSON with one row a line, so that a change of one case is a change of one line."""
    parts = []
    for key, rows in value.items():
        body = "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]" if isinstance(rows, list) else json.dumps(rows)
        parts.append(f"{json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


DTYPES = {"float64": "F64", "float32": "F32", "uint8": "U8", "int64": "I64", "int32": "I32"}


def safetensors(tensors, metadata):
    """The bytes of a safetensors file: tensors in the order of their names."""
    header, blobs, at = {}, [], 0
    if metadata:
        header["__metadata__"] = {key: json.dumps(value) for key, value in metadata.items()}
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        blob = array.tobytes()
        header[name] = {"dtype": DTYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(blobs)


def read_safetensors(data):
    """(tensors, metadata) of the bytes of a file that `safetensors` wrote."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    metadata = {key: json.loads(value) for key, value in header.pop("__metadata__", {}).items()}
    names = {code: name for name, code in DTYPES.items()}
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        flat = np.frombuffer(data[8 + length + begin : 8 + length + end], names[about["dtype"]])
        tensors[name] = flat.reshape(about["shape"])
    return tensors, metadata
