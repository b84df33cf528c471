"""Draws small image files: one for each way in which JPEG, PNG and WebP store pixels. `files()` gives them all by name."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageCms

W, H = 53, 37  # odd and prime: partial blocks in both directions


def picture(w=W, h=H):
    """Coloured waves with a hard-edged disc: smooth areas for the DCT, edges for chroma upsampling. u8 RGB [h,w,3]."""
    y, x = np.mgrid[0:h, 0:w]
    rgb = np.stack([127 + 120 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(y / 4), x * 255 / w], -1)
    rgb[(x - w * 0.6) ** 2 + (y - h * 0.4) ** 2 < (h / 4) ** 2] = (250, 30, 200)
    return rgb.round().clip(0, 255).astype(np.uint8)


def deep(channels):
    """16-bit samples whose low bytes matter to every way of narrowing. u16 [H,W,channels]."""
    return np.random.default_rng(16).integers(0, 65536, (H, W, channels), dtype=np.uint16)


def encoded(image, kind, **options):
    """The bytes of a file that Pillow writes."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opencv(suffix, pixels, options=()):
    """The bytes of a file that OpenCV writes."""
    return cv2.imencode(suffix, pixels, list(options))[1].tobytes()


def orientation(value, endian=">"):
    exif = Image.Exif()
    exif.endian = endian
    exif[0x0112] = value
    return exif.tobytes()


def jpegs(rgb):
    image = Image.fromarray(rgb)

    def jpeg(picture=image, **options):
        return encoded(picture, "JPEG", **{"quality": 85, **options})

    for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
        yield name, jpeg(subsampling=subsampling)
        yield f"{name}-progressive", jpeg(subsampling=subsampling, progressive=True)
    yield "q20", jpeg(quality=20)
    yield "q100", jpeg(quality=100)
    yield "optimized", jpeg(optimize=True)
    yield "gray", jpeg(image.convert("L"))
    yield "gray-progressive", jpeg(image.convert("L"), progressive=True)
    for value in range(1, 9):
        yield f"exif{value}", jpeg(exif=orientation(value))
    yield "exif6-little-endian", jpeg(exif=orientation(6, "<"))
    yield "exif8-progressive-gray", jpeg(image.convert("L"), progressive=True, exif=orientation(8))
    for w, h in [(1, 1), (1, 9), (17, 1), (16, 16)]:
        yield f"{w}x{h}", jpeg(Image.fromarray(picture(w, h)))
    yield "restart", opencv(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])
    plain = jpeg(subsampling=2)
    yield "bytes-after-end", plain + b"more bytes"
    at = plain.index(b"\xff\xdb")  # bytes between markers: libjpeg warns and reads on
    yield "bytes-between-markers", plain[:at] + b"\x12\x34\x56" + plain[at:]
    # invalid Huffman codes: libjpeg warns and goes on
    yield "broken-codes", plain[:-200] + b"\x55" * 50 + plain[-150:]
    yield "icc", jpeg(icc_profile=swapped_profile())
    yield from rare_jpegs()


def rare_jpegs():
    """Chroma layouts that no writer at hand offers: the same blocks, read in another order, by other factors in the header."""
    square = Image.fromarray(picture(32, 32))
    for name, subsampling, factors in [("440", 1, 0x12), ("411", 2, 0x41), ("441", 2, 0x14)]:
        data = bytearray(encoded(square, "JPEG", quality=85, subsampling=subsampling))
        data[data.index(b"\xff\xc0") + 11] = factors
        yield name, bytes(data)
    data = bytearray(encoded(square, "JPEG", quality=85, subsampling=0))
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for i, letter in enumerate(b"RGB"):
        data[frame + 10 + 3 * i] = data[scan + 5 + 2 * i] = letter
    yield "rgb", bytes(data[:2] + data[20:])  # without JFIF, the letters say that it is RGB


def swapped_profile():
    """An RGB profile with red and green exchanged: whoever applies it changes every colour visibly."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # its date, so that the file does not change
    at = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(struct.unpack(">I", data[128:132])[0])}
    red, green = at[b"rXYZ"] + 4, at[b"gXYZ"] + 4
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows_of, bits, colour, extra=b"", interlaced=True, w=W, h=H):
    """A PNG by hand, for what the libraries cannot write: Adam7, and chunks of our choice. `rows_of(x0, y0, dx, dy)` gives a pass."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    body = b"".join(
        b"\0" + row.tobytes() for p in (passes if interlaced else [(0, 0, 1, 1)]) for row in rows_of(*p) if row.size
    )
    header = struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def adam7(pixels):
    return lambda x, y, dx, dy: pixels[y::dy, x::dx]


def packed(levels, bits):
    """Rows of grey levels of 1, 2 or 4 bits, as bytes."""
    planes = (levels[..., None] >> np.arange(bits)[::-1]) & 1
    rows = np.packbits(planes.reshape(H, -1).astype(np.uint8), axis=1)
    return lambda x, y, dx, dy: rows


def pngs(rgb):
    alpha = np.linspace(0, 255, W, dtype=np.uint8)[None, :].repeat(H, 0)
    rgba = np.dstack([rgb, alpha])
    image, transparent = Image.fromarray(rgb), Image.fromarray(rgba)
    palette = image.quantize(16)
    yield "rgb", encoded(image, "PNG")
    yield "icc", encoded(image, "PNG", icc_profile=swapped_profile())
    for value in range(1, 9):
        yield f"exif{value}", encoded(image, "PNG", exif=orientation(value))
    yield "rgba", encoded(transparent, "PNG")
    yield "gray", encoded(image.convert("L"), "PNG")
    yield "gray1", encoded(image.convert("1"), "PNG")
    yield "gray-alpha", encoded(transparent.convert("LA"), "PNG")
    yield "palette", encoded(palette, "PNG")
    yield "palette-transparent", encoded(palette, "PNG", transparency=bytes(range(0, 256, 16)))
    yield "palette1", encoded(image.quantize(2), "PNG")
    yield "colour-key", encoded(image, "PNG", transparency=(250, 30, 200))
    for name, channels in {"gray": 1, "rgb": 3, "rgba": 4}.items():
        yield f"{name}16", opencv(".png", deep(channels))
    for bits in (2, 4):
        yield f"gray{bits}", png(packed(rgb[..., 0] >> (8 - bits), bits), bits, 0, interlaced=False)
    yield "interlaced", png(adam7(rgb), 8, 2)
    yield "interlaced-rgba", png(adam7(rgba), 8, 6)
    yield "interlaced-rgb16", png(adam7(deep(3).astype(">u2")), 16, 2)
    yield "gray-alpha16", png(adam7(deep(2).astype(">u2")), 16, 4, interlaced=False)
    yield "gamma", png(adam7(rgb), 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)), False)
    text = bytearray(chunk(b"tEXt", b"Comment\0wrong checksum"))
    text[-1] ^= 1  # libpng warns and goes on
    yield "wrong-text-checksum", png(adam7(rgb), 8, 2, bytes(text))
    yield "1x1", png(adam7(rgb[:1, :1]), 8, 2, w=1, h=1)


def webps(rgb):
    alpha = np.linspace(0, 255, W, dtype=np.uint8)[None, :].repeat(H, 0)
    image, rgba = Image.fromarray(rgb), Image.fromarray(np.dstack([rgb, alpha]))
    yield "lossy", encoded(image, "WEBP", quality=80)
    yield "lossless", encoded(image, "WEBP", lossless=True)
    yield "exif6", encoded(image, "WEBP", quality=80, exif=b"Exif\0\0" + orientation(6)[6:])
    yield "icc", encoded(image, "WEBP", quality=80, icc_profile=swapped_profile())
    yield "1x1", encoded(Image.fromarray(picture(1, 1)), "WEBP", quality=80)
    yield "lossy-alpha", encoded(rgba, "WEBP", quality=80)
    yield "lossless-alpha", encoded(rgba, "WEBP", lossless=True, exact=True)


def files():
    """Name and bytes of every file, in the order of their names."""
    kinds = {"jpeg-%s.jpg": jpegs, "png-%s.png": pngs, "webp-%s.webp": webps}
    return sorted((pattern % name, data) for pattern, draw in kinds.items() for name, data in draw(picture()))
