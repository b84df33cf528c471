"""Asks the real safetensors and numpy about the files of test/formats.ts, and prints where they say other than the table. It needs
`pip install safetensors numpy`, and node with the package's development packages."""

import base64
import io
import json
import pathlib
import platform
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import safetensors

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRINT = "const { formats } = await import(process.argv[1]); for (const { bytes, ...row } of formats) console.log(JSON.stringify({ ...row, bytes: Buffer.from(bytes).toString('base64') }))"


def table():
    """The rows, one JSON text a line."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "formats.mjs")
        esbuild = [ROOT / "node_modules/esbuild/bin/esbuild", ROOT / "test/formats.ts", "--bundle", "--platform=node", "--format=esm", f"--outfile={script}", "--log-level=error"]
        subprocess.run(esbuild, check=True)
        node = ["node", "--input-type=module", "-e", PRINT, str(script)]
        return [json.loads(line) for line in subprocess.run(node, check=True, capture_output=True, text=True).stdout.splitlines()]


def read(kind, data):
    if kind == "safetensors":
        safetensors.deserialize(data)
        return
    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    if isinstance(loaded, np.ndarray) != (kind == "npy"):
        raise ValueError("another kind of file")
    if kind == "npz":
        for name in loaded.files:
            loaded[name]


def verdict(kind, data):
    try:
        read(kind, data)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {str(error)[:90]}"
    return "read", ""


def main():
    warnings.simplefilter("ignore")
    rows = table()
    wrong = 0
    for row in rows:
        found, why = verdict(row["format"], base64.b64decode(row["bytes"]))
        if "-v" in sys.argv:
            print(row["format"], row["name"], found, why, sep=" | ")
        if found != row["reference"]:
            wrong += 1
            print(f"{row['format']}: {row['name']}: {found}, the table says {row['reference']} {why}")
    print(f"{len(rows)} files, {wrong} other than the table: safetensors {safetensors.__version__}, numpy {np.__version__}, Python {platform.python_version()}")
    sys.exit(wrong > 0)


main()
