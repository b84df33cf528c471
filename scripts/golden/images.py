"""Draws the small image files of test/fixtures/images: one for each way in which JPEG, PNG and WebP store pixels.

Run: /usr/bin/python3 scripts/golden/images.py  (OpenCV 4.6, Pillow 9.4, numpy)
"""
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

OUT = Path(__file__).parents[2] / "test/fixtures/images"
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


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


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


def jpegs(rgb):
    image = Image.fromarray(rgb)
    for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
        image.save(OUT / f"jpeg-{name}.jpg", quality=85, subsampling=subsampling)
        image.save(OUT / f"jpeg-{name}-progressive.jpg", quality=85, subsampling=subsampling, progressive=True)
    image.save(OUT / "jpeg-q20.jpg", quality=20)
    image.convert("L").save(OUT / "jpeg-gray.jpg", quality=85)
    for value in range(1, 9):
        image.save(OUT / f"jpeg-exif{value}.jpg", quality=85, exif=orientation(value))
    for w, h in [(1, 1), (1, 9), (17, 1), (16, 16)]:
        Image.fromarray(picture(w, h)).save(OUT / f"jpeg-{w}x{h}.jpg", quality=85)
    cv2.imwrite(str(OUT / "jpeg-restart.jpg"), rgb[..., ::-1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])
    plain = (OUT / "jpeg-420.jpg").read_bytes()
    (OUT / "jpeg-bytes-after-end.jpg").write_bytes(plain + b"more bytes")
    at = plain.index(b"\xff\xdb")  # bytes between markers: libjpeg warns and reads on
    (OUT / "jpeg-bytes-between-markers.jpg").write_bytes(plain[:at] + b"\x12\x34\x56" + plain[at:])
    broken = plain[:-200] + b"\x55" * 50 + plain[-150:]  # invalid Huffman codes: libjpeg warns and goes on
    (OUT / "jpeg-broken-codes.jpg").write_bytes(broken)
    image.save(OUT / "jpeg-icc.jpg", quality=85, icc_profile=swapped_profile())
    rare_jpegs()


def rare_jpegs():
    """Chroma layouts that no writer at hand offers: the same blocks, read in another order, by other factors in the header."""
    square = Image.fromarray(picture(32, 32))
    for name, subsampling, factors in [("440", 1, 0x12), ("411", 2, 0x41), ("441", 2, 0x14)]:
        data = encoded(square, subsampling)
        data[data.index(b"\xff\xc0") + 11] = factors
        (OUT / f"jpeg-{name}.jpg").write_bytes(data)
    data = encoded(square, 0)
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for i, letter in enumerate(b"RGB"):
        data[frame + 10 + 3 * i] = data[scan + 5 + 2 * i] = letter
    (OUT / "jpeg-rgb.jpg").write_bytes(data[:2] + data[20:])  # without JFIF, the letters say that it is RGB


def encoded(image, subsampling):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, subsampling=subsampling)
    return bytearray(out.getvalue())


def swapped_profile():
    """An RGB profile with red and green exchanged: whoever applies it changes every colour visibly."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # its date, so that the file does not change
    at = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(struct.unpack(">I", data[128:132])[0])}
    red, green = at[b"rXYZ"] + 4, at[b"gXYZ"] + 4
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)


def pngs(rgb):
    alpha = np.linspace(0, 255, W, dtype=np.uint8)[None, :].repeat(H, 0)
    rgba = np.dstack([rgb, alpha])
    Image.fromarray(rgb).save(OUT / "png-rgb.png")
    Image.fromarray(rgb).save(OUT / "png-icc.png", icc_profile=swapped_profile())
    Image.fromarray(rgb).save(OUT / "png-exif6.png", exif=orientation(6))
    Image.fromarray(rgba).save(OUT / "png-rgba.png")
    Image.fromarray(rgb).convert("L").save(OUT / "png-gray.png")
    Image.fromarray(rgb).convert("1").save(OUT / "png-gray1.png")
    Image.fromarray(rgba).convert("LA").save(OUT / "png-gray-alpha.png")
    palette = Image.fromarray(rgb).quantize(16)
    palette.save(OUT / "png-palette.png")
    palette.save(OUT / "png-palette-transparent.png", transparency=bytes(range(0, 256, 16)))
    Image.fromarray(rgb).save(OUT / "png-colour-key.png", transparency=(250, 30, 200))
    for name, channels in {"gray": 1, "rgb": 3, "rgba": 4}.items():
        cv2.imwrite(str(OUT / f"png-{name}16.png"), deep(channels))
    (OUT / "png-interlaced.png").write_bytes(png(adam7(rgb), 8, 2))
    (OUT / "png-interlaced-rgba.png").write_bytes(png(adam7(rgba), 8, 6))
    (OUT / "png-interlaced-rgb16.png").write_bytes(png(adam7(deep(3).astype(">u2")), 16, 2))
    (OUT / "png-gray-alpha16.png").write_bytes(png(adam7(deep(2).astype(">u2")), 16, 4, interlaced=False))
    (OUT / "png-gamma.png").write_bytes(png(adam7(rgb), 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)), False))
    text = bytearray(chunk(b"tEXt", b"Comment\0wrong checksum"))
    text[-1] ^= 1  # libpng warns and goes on
    (OUT / "png-wrong-text-checksum.png").write_bytes(png(adam7(rgb), 8, 2, bytes(text)))
    (OUT / "png-1x1.png").write_bytes(png(adam7(rgb[:1, :1]), 8, 2, w=1, h=1))


def webps(rgb):
    image = Image.fromarray(rgb)
    image.save(OUT / "webp-lossy.webp", quality=80)
    image.save(OUT / "webp-lossless.webp", lossless=True)
    image.save(OUT / "webp-exif6.webp", quality=80, exif=b"Exif\0\0" + orientation(6)[6:])
    image.save(OUT / "webp-icc.webp", quality=80, icc_profile=swapped_profile())
    Image.fromarray(picture(1, 1)).save(OUT / "webp-1x1.webp", quality=80)
    alpha = np.linspace(0, 255, W, dtype=np.uint8)[None, :].repeat(H, 0)
    rgba = Image.fromarray(np.dstack([rgb, alpha]))
    rgba.save(OUT / "webp-lossy-alpha.webp", quality=80)
    rgba.save(OUT / "webp-lossless-alpha.webp", lossless=True, exact=True)


OUT.mkdir(parents=True, exist_ok=True)
jpegs(picture())
pngs(picture())
webps(picture())
