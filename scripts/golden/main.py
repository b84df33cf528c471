"""Writes conformance/golden/: what mmpretrain, PyTorch, Pillow, OpenCV, numpy and Python compute, with a manifest. See README.md.

    main.py [PART ...]            remakes everything, or the parts named
    main.py --check [PART ...]    compares with the files instead: equal where values are exact, floats within their envelopes
    main.py --checkpoint FILE --model MODEL --out FILE [--weights-out FILE] [--runs N]    goldens of a checkpoint of one's own
"""

import argparse
import hashlib
import importlib
import json
import os
import platform
import sys

# What a sum rounds to depends on how many threads share it.
THREADS = 2
os.environ.update(OMP_NUM_THREADS=str(THREADS), OPENBLAS_NUM_THREADS=str(THREADS))

import numpy as np  # noqa: E402

import common  # noqa: E402

PARTS = ["data", "model", "learning", "augment", "checkpoints", "loading-mmpretrain"]
# Of other libraries, in an environment of their own.
PEERS = ["loading"]
MANIFEST = common.FOLDER / "manifest.json"
LICENCE = (
    "MIT; computed by mmpretrain, transformers and timm (Apache-2.0), PyTorch, Pillow, OpenCV, numpy and Python from images and weights "
    "that follow from names"
)


def cpu():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def module(part):
    return importlib.import_module(part.replace("-", "_"))


def write(goldens, peers):
    """`peers`: versions of the libraries of PEERS where these were asked for, else those of the reference are checked and noted."""
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    files = dict(manifest.get("files", {}))
    for part, golden in goldens:
        data = golden.bytes()
        path = common.FOLDER / golden.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        files[golden.name] = dict(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), part=part, about=golden.about)
        print(f"wrote {golden.name}, {len(data)} bytes", flush=True)
    about = dict(
        schema=1,
        command="npm run golden",
        licence=LICENCE,
        versions=manifest["versions"] if peers else common.versions(),
        peers=peers or manifest.get("peers"),
        machine=manifest["machine"] if peers else dict(cpu=cpu(), threads=THREADS, blas=common.blas()),
        seeds="fixed in the scripts: those of envelopes follow from the names of cases, those of draws stand in each file",
        files=dict(sorted(files.items())),
    )
    MANIFEST.write_text(json.dumps(about, indent=1) + "\n")


def difference(golden):
    """What is wrong with the committed file, or None."""
    path = common.FOLDER / golden.name
    if not path.exists():
        return "there is no such file"
    committed = path.read_bytes()
    if committed == golden.bytes():
        return None
    if not golden.tensors:
        return "its bytes differ"
    tensors, metadata = common.read_safetensors(committed)
    if tensors.keys() != golden.tensors.keys():
        return f"its tensors differ: {sorted(tensors.keys() ^ golden.tensors.keys())}"
    for name, made in golden.tensors.items():
        kept = tensors[name]
        if kept.shape != made.shape or kept.dtype != made.dtype:
            return f"{name}: {kept.dtype} {kept.shape} is kept, {made.dtype} {made.shape} is computed here"
        if name not in golden.within:
            if not np.array_equal(kept, made):
                return f"{name}: its bytes differ"
        else:
            far = float(np.abs(kept.astype(np.float64) - made).max(initial=0))
            if not far <= golden.within[name]:
                return f"{name}: differs by {far}, {golden.within[name]} is allowed"
    return None


def check(goldens):
    wrong = 0
    for _, golden in goldens:
        found = difference(golden)
        wrong += found is not None
        print(f"{golden.name}: {found or 'agrees'}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Makes or checks the goldens.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}, or of {', '.join(PEERS)}")
    parser.add_argument("--check", action="store_true")
    own = parser.add_argument_group("a checkpoint of your own")
    own.add_argument("--checkpoint", metavar="FILE", help=".pth of PyTorch or mmengine, or .safetensors")
    own.add_argument("--model", help="a registered name, or the JSON file of a configuration")
    own.add_argument("--out", metavar="FILE", help="the goldens, as safetensors")
    own.add_argument("--weights-out", metavar="FILE", help="the weights as safetensors too")
    own.add_argument("--runs", type=int, default=16, metavar="N", help="disturbed runs for each envelope (16)")
    args = parser.parse_args()
    parts = args.parts or PARTS
    if not (set(parts) <= set(PARTS) or set(parts) <= set(PEERS)):
        parser.error(f"the parts are {', '.join(PARTS)}, and in another environment {', '.join(PEERS)}")
    peers = module(parts[0]).versions() if parts[0] in PEERS else None
    if not peers:
        common.versions()
    if args.checkpoint:
        if not (args.model and args.out):
            parser.error("--checkpoint goes with --model and --out")
        importlib.import_module("checkpoint").write(args)
        return
    goldens = ((part, golden) for part in parts for golden in module(part).goldens())
    if args.check:
        sys.exit(1 if check(goldens) else 0)
    write(goldens, peers)


if __name__ == "__main__":
    main()
