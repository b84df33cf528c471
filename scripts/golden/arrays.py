"""Writes test/fixtures/*.npz: small archives of numpy's own, stored and deflated, with every type that weights are read from, and others."""

import numpy as np

import common

FOLDER = common.ROOT / "test/fixtures"


def main():
    x = np.arange(-6, 6, dtype=np.float32).reshape(3, 4) / 8
    arrays = {name: x.astype(name) for name in ("float32", "float16", "float64")}
    arrays |= {name: np.arange(-3, 5).astype(name) for name in ("int64", "int32", "int16", "int8")}
    arrays |= dict(uint8=np.arange(250, 255, dtype=np.uint8), bool=np.array([True, False, True]), scalar=np.float32(2.5), empty=np.zeros((0, 3), np.float32))
    arrays["layers.0.weight"] = x[::-1]
    others = dict(fortran=np.asfortranarray(x), text=np.array(["a", "bc"]), complex=x[0].astype(np.complex64), big=x[0].astype(">f4"))
    np.savez(FOLDER / "stored.npz", **arrays, **others)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays, **others)
    np.savez(FOLDER / "objects.npz", fine=x, things=np.array([{}, None], dtype=object))
    print("wrote", *(f"{path.name} {path.stat().st_size}" for path in sorted(FOLDER.glob("*.npz"))))


main()
