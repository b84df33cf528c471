"""How models of PyTorch are run, whatever library they come from: precision and threads."""

import copy
import ctypes
from contextlib import contextmanager

import torch


def array(tensor):
    return tensor.detach().double().numpy()


def single(model):
    """The same model in float32."""
    return copy.deepcopy(model).float()


@contextmanager
def threads(count):
    """Lets PyTorch, and the OpenBLAS below it, use this many threads."""
    before = torch.get_num_threads()
    try:
        set_threads(count)
        yield
    finally:
        set_threads(before)


def set_threads(count):
    torch.set_num_threads(count)
    if hasattr(BLAS, "openblas_set_num_threads"):
        BLAS.openblas_set_num_threads(count)


def blas():
    """Debian's; pip's PyTorch brings its own, which it sets itself."""
    try:
        return ctypes.CDLL("libblas.so.3")
    except OSError:
        return None


BLAS = blas()
