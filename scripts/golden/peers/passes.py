"""Pillow 13.0 resizes rows or columns first, whichever is cheaper, and rounds between the passes; Pillow 9.4 always rows first. Importing this
makes any Pillow resize as 9.4 does, byte for byte: what is compared then is what other libraries make of it.
"""

from PIL import Image

_resize = Image.Image.resize


def rows_first(self, size, resample=None, box=None, reducing_gap=None):
    assert box is None and reducing_gap is None
    return _resize(_resize(self, (size[0], self.height), resample), tuple(size), resample)


Image.Image.resize = rows_first
