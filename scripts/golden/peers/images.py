"""What OpenCV's imread makes of small image files with odd metadata, for test/fixtures/peers/images.json.

Run with Debian 12's Python, OpenCV 4.6.0 and Pillow 9.4 (apt-get install python3-opencv python3-pil libjpeg-turbo-progs):

    /usr/bin/python3 scripts/golden/peers/images.py

A row is [name, base, at, inserted, answer]: `inserted` (base64) put into the file `base` (base64, in `bases`) at the offset `at`; `answer`
says which of `answers` IMREAD_COLOR gives: [width, height, RGB bytes in hex], or null where OpenCV refuses the file.
"""
import base64
import io
import json
import os
import struct
import subprocess
import tempfile
import zlib

import cv2
import numpy as np
import PIL
from PIL import Image

W, H = 4, 2
GREY = np.arange(W * H, dtype=np.uint8).reshape(H, W) * 31
RGB = np.dstack([GREY, GREY[::-1] // 2 + 5, 255 - GREY])
rows, bases, answers = [], {}, [None]


def text(data):
    return base64.b64encode(data).decode()


def encode(pixels, kind, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def cjpeg(pixels, *options):
    head = b"P%d\n%d %d\n255\n" % (5 if pixels.ndim == 2 else 6, pixels.shape[1], pixels.shape[0])
    return subprocess.run(["cjpeg", *options], input=head + pixels.tobytes(), stdout=subprocess.PIPE, check=True).stdout


def row(name, base, at=0, *parts):
    file, inserted = bases[base], b"".join(parts)
    with tempfile.NamedTemporaryFile() as written:
        written.write(file[:at] + inserted + file[at:])
        written.flush()
        found = cv2.imread(written.name, cv2.IMREAD_COLOR)
    answer = found if found is None else [found.shape[1], found.shape[0], found[:, :, ::-1].tobytes().hex()]
    if answer not in answers:
        answers.append(answer)
    rows.append([name, base, at, text(inserted), answers.index(answer)])


def whole(name, file):
    bases[key := str(len(bases))] = file
    row(name, key)


# TIFF structures


def entry(order, tag, kind, count, value):
    return struct.pack(order + "HHI", tag, kind, count) + value


def directory(order, entries, following=0, count=None):
    count = len(entries) if count is None else count
    return struct.pack(order + "H", count) + b"".join(entries) + struct.pack(order + "I", following)


def tiff(order, body, offset=8, mark=42, sign=None):
    return (sign or (b"II" if order == "<" else b"MM")) + struct.pack(order + "HI", mark, offset) + body


FORMS = {1: "B3x", 3: "H2x", 4: "I", 6: "b3x", 7: "B3x", 8: "h2x", 9: "i"}
NAMES = {1: "BYTE", 4: "LONG", 6: "SBYTE", 7: "UNDEFINED", 8: "SSHORT", 9: "SLONG"}


def turned(order, value, kind=3, count=1):
    return entry(order, 0x112, kind, count, struct.pack(order + FORMS[kind], value))


def orientation(order=">", *arguments):
    return tiff(order, directory(order, [turned(order, *arguments)]))


# JPEG


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def app1(data, header=b"Exif\0\0"):
    return segment(0xE1, header + data)


def after(file, marker):
    """The offset behind the segment of a marker."""
    at = 2
    while file[at + 1] != marker:
        at += 2 + struct.unpack(">H", file[at + 2 : at + 4])[0]
    return at + 2 + struct.unpack(">H", file[at + 2 : at + 4])[0]


bases["jpeg"] = encode(GREY, "JPEG", quality=95, optimize=True)
bases["progressive"] = encode(GREY, "JPEG", quality=95, progressive=True)
six, three = orientation(">", 6), orientation(">", 3)
XMP = b'http://ns.adobe.com/xap/1.0/\0<rdf:Description tiff:Orientation="6"/>'


def exif(name, data, header=b"Exif\0\0"):
    row(f"JPEG, EXIF: {name}", "jpeg", 2, app1(data, header))


for o, sign in (">", "MM"), ("<", "II"):
    for value in range(10):
        exif(f"{sign}, orientation {value}", orientation(o, value))
    for kind, name in NAMES.items():
        exif(f"{sign}, 6 as {name}", orientation(o, 6, kind))
    for count in 0, 2, 2**32 - 1:
        exif(f"{sign}, count {count}", orientation(o, 6, 3, count))
    one = [turned(o, 6)]
    name = lambda at, size=6: entry(o, 0x10F, 2, size, struct.pack(o + "I", at))
    exif(f"{sign}, tag twice, 6 and 3", tiff(o, directory(o, [turned(o, 6), turned(o, 3)])))
    exif(f"{sign}, tag twice, 0 and 6", tiff(o, directory(o, [turned(o, 0), turned(o, 6)])))
    exif(f"{sign}, in the second directory alone", tiff(o, directory(o, [], 14) + directory(o, one)))
    exif(f"{sign}, in the Exif directory alone", tiff(o, directory(o, [entry(o, 0x8769, 4, 1, struct.pack(o + "I", 26))]) + directory(o, one)))
    exif(f"{sign}, 5 entries said, 1 there", tiff(o, directory(o, one, count=5)))
    exif(f"{sign}, no entries said, 1 there", tiff(o, directory(o, one, count=0)))
    for cut in 4, 6, 7:
        exif(f"{sign}, less {cut} bytes", orientation(o, 6)[:-cut])
    for at in 9, 100, 2**32 - 1:
        exif(f"{sign}, directory at {at}", tiff(o, directory(o, one), at))
    exif(f"{sign}, unsorted", tiff(o, directory(o, [entry(o, 0x213, 3, 1, b"\0\1\0\0"), *one])))
    exif(f"{sign}, behind a text beyond the end", tiff(o, directory(o, [name(5000), *one])))
    exif(f"{sign}, behind a short text", tiff(o, directory(o, [name(5000, 4), *one])))
    exif(f"{sign}, before a text beyond the end", tiff(o, directory(o, [*one, entry(o, 0x131, 2, 9, b"\xff" * 4)])))
    for tag, kind in (0x11A, "resolution"), (0x13E, "white point"), (0x13F, "primaries"), (0x211, "coefficients"), (0x214, "black and white"):
        for at in 24, 5000:
            exif(f"{sign}, behind a {kind} at {at}", tiff(o, directory(o, [entry(o, tag, 5, 1, struct.pack(o + "I", at)), *one])))
    exif(f"{sign}, mark 43", tiff(o, directory(o, one), mark=43))
    exif(f"{sign}, signed IM", tiff(o, directory(o, one), sign=b"IM"))
for header in b"Exif\0\xff", b"EXIF\0\0", b"Exif\0", b"ABCDEF", b"Exif\0\0\0":
    exif(f"header {header!r}", six, header)
exif("padding behind it", six + bytes(50))
row("JPEG: two EXIF segments, 6 and 3", "jpeg", 2, app1(six), app1(three))
row("JPEG: two EXIF segments, 9 and 6", "jpeg", 2, app1(orientation(">", 9)), app1(six))
row("JPEG: XMP, then EXIF", "jpeg", 2, segment(0xE1, XMP), app1(six))
row("JPEG: EXIF, then XMP", "jpeg", 2, app1(six), segment(0xE1, XMP))
row("JPEG: XMP alone", "jpeg", 2, segment(0xE1, XMP))
row("JPEG: an empty APP1, then EXIF", "jpeg", 2, segment(0xE1, b""), app1(six))
row("JPEG: EXIF in APP2", "jpeg", 2, segment(0xE2, b"Exif\0\0" + six))
row("JPEG: a profile and a comment, then EXIF", "jpeg", 2, segment(0xE2, b"ICC_PROFILE\0\1\1abc"), segment(0xFE, b"hello"), app1(six))
row("JPEG: fill bytes, then EXIF", "jpeg", 2, b"\xff\xff\xff", app1(six))
for marker, name in (0xDB, "DQT"), (0xC0, "SOF"), (0xC4, "DHT"), (0xDA, "SOS"):
    row(f"JPEG: EXIF behind {name}", "jpeg", after(bases["jpeg"], marker), app1(six))
row("JPEG: EXIF before the end", "jpeg", len(bases["jpeg"]) - 2, app1(six))
row("JPEG: EXIF behind the end", "jpeg", len(bases["jpeg"]), app1(six))
scans = [i for i in range(len(bases["progressive"])) if bases["progressive"][i : i + 2] == b"\xff\xda"]
for i in 0, 1, 5:
    row(f"JPEG: EXIF before scan {i}", "progressive", scans[i], app1(six))

# PNG


def chunk(kind, data, checksum=None):
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(kind=2, bits=8, lines=None, width=W, height=H, palette=None, before=b"", after=b"", end=None):
    lines = b"".join(b"\0" + line.tobytes() for line in RGB) if lines is None else lines
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    plte = b"" if palette is None else chunk(b"PLTE", palette)
    parts = chunk(b"IHDR", header) + plte + before + chunk(b"IDAT", zlib.compress(lines, 9)) + after
    return b"\x89PNG\r\n\x1a\n" + parts + (chunk(b"IEND", b"") if end is None else end)


def samples(array, form):
    return b"".join(b"\0" + line.astype(form).tobytes() for line in array)


bases["png"] = png()
START, END = 33, len(bases["png"]) - 12
for o, sign in (">", "MM"), ("<", "II"):
    row(f"PNG: {sign}, eXIf before IDAT", "png", START, chunk(b"eXIf", orientation(o, 6)))
    row(f"PNG: {sign}, eXIf behind IDAT", "png", END, chunk(b"eXIf", orientation(o, 6)))
    for kind in 1, 4, 7, 8:
        row(f"PNG: {sign}, 6 as {NAMES[kind]}", "png", END, chunk(b"eXIf", orientation(o, 6, kind)))
    row(f"PNG: {sign}, signed IM", "png", START, chunk(b"eXIf", tiff(o, directory(o, [turned(o, 6)]), sign=b"IM")))
for value in 0, 2, 3, 4, 5, 7, 8, 9:
    row(f"PNG: orientation {value} behind IDAT", "png", END, chunk(b"eXIf", orientation(">", value)))
e6, e3 = chunk(b"eXIf", six), chunk(b"eXIf", three)
row("PNG: eXIf 6 and 3 before IDAT", "png", START, e6, e3)
row("PNG: eXIf 6 and 3 behind IDAT", "png", END, e6, e3)
row("PNG: eXIf of two bytes, then 6", "png", START, chunk(b"eXIf", b"MM"), e6)
row("PNG: eXIf of no order, then 6", "png", START, chunk(b"eXIf", b"XX" + six[2:]), e6)
row("PNG: an empty eXIf, then 6", "png", START, chunk(b"eXIf", b""), e6)
row("PNG: eXIf with a wrong checksum", "png", START, chunk(b"eXIf", six, 1))
row("PNG: eXIf with a wrong checksum, then 3", "png", START, chunk(b"eXIf", six, 1), e3)
row("PNG: eXIf with the header of JPEG", "png", START, chunk(b"eXIf", b"Exif\0\0" + six))
row("PNG: eXIf behind IEND", "png", len(bases["png"]), e6)
row("PNG: exIf", "png", START, chunk(b"exIf", six))
row("PNG: zxIf", "png", START, chunk(b"zxIf", six))
profile = b"\nexif\n%8d\n" % (6 + len(six)) + (b"Exif\0\0" + six).hex().encode() + b"\n"
for at, where in (START, "before"), (END, "behind"):
    for name in b"exif", b"APP1":
        key = b"Raw profile type " + name + b"\0"
        row(f"PNG: raw profile {name.decode()}, tEXt {where} IDAT", "png", at, chunk(b"tEXt", key + profile))
        row(f"PNG: raw profile {name.decode()}, zTXt {where} IDAT", "png", at, chunk(b"zTXt", key + b"\0" + zlib.compress(profile, 9)))
        row(f"PNG: raw profile {name.decode()}, iTXt {where} IDAT", "png", at, chunk(b"iTXt", key + b"\0\0\0\0" + profile))
    row(f"PNG: XMP {where} IDAT", "png", at, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP[29:]))
rgba = np.dstack([RGB, GREY])
for name, file in {
    "1 bit": png(0, 1, b"\0\xa0\0\x30", after=e6),
    "16 bits of grey": png(0, 16, samples(GREY.astype(int) * 257 + 3, ">u2"), after=e6),
    "palette": png(3, 8, b"\0\0\1\2\3\0\3\2\1\1", palette=bytes(range(12)), after=e6),
    "alpha": png(6, 8, samples(rgba, "u1"), after=e6),
    "16 bits and alpha": png(6, 16, samples(rgba.astype(int) * 255, ">u2"), before=e6),
}.items():
    whole(f"PNG: eXIf in a picture of {name}", file)

# WebP


def riff(*parts):
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def part(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def extended(flags, width=W):
    return part(b"VP8X", struct.pack("<II", flags, width - 1)[:7] + struct.pack("<I", H - 1)[:3])


for kind, options in ("lossy", {"quality": 90}), ("lossless", {"lossless": True}):
    picture = encode(RGB, "WEBP", **options)[12:]
    for flags in 0, 8:
        whole(f"WebP, {kind}: EXIF behind, flags {flags}", riff(extended(flags), picture, part(b"EXIF", six)))
        whole(f"WebP, {kind}: EXIF before, flags {flags}", riff(extended(flags), part(b"EXIF", six), picture))
    whole(f"WebP, {kind}: EXIF twice", riff(extended(8), picture, part(b"EXIF", six), part(b"EXIF", three)))
    whole(f"WebP, {kind}: EXIF without VP8X", riff(picture, part(b"EXIF", six)))
    whole(f"WebP, {kind}: XMP", riff(extended(4), picture, part(b"XMP ", XMP[29:])))
    whole(f"WebP, {kind}: two pictures", riff(extended(0), picture, picture))
    whole(f"WebP, {kind}: reserved bits", riff(extended(0xC1), picture))
    whole(f"WebP, {kind}: another size in VP8X", riff(extended(0, W + 1), picture))
    whole(f"WebP, {kind}: shorter than it says", riff(picture)[:4] + b"\xff\xff\0\0" + riff(picture)[8:])

# A gain map behind the picture (Ultra HDR): the picture is that of the first image

HDR = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" hdrgm:GainMapMax="2" hdrgm:HDRCapacityMax="2"/></rdf:RDF></x:xmpmeta>'
ISO = b"urn:iso:std:iso:ts:21496:-1\0"


def ultra(base, gain, isXmp):
    """A JPEG whose gain map is described by XMP or as ISO 21496-1 says, both with an MPF index (CIPA DC-007)."""
    numbers = struct.pack(">HHB14I", 0, 0, 0x40, 0, 1, 2, 1, 0, 1, 2, 1, 1, 1, 1, 64, 1, 64)
    gain = gain[:2] + (segment(0xE1, HDR) if isXmp else segment(0xE2, ISO + numbers)) + gain[2:]
    meta = segment(0xE1, HDR) if isXmp else segment(0xE2, ISO + bytes(4))
    at = 2 + len(meta)

    def index(size):
        entries = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, 2)
        entries += struct.pack(">HHIII", 0xB002, 7, 32, 50, 0)
        images = struct.pack(">IIIHH", 0x030000, size, 0, 0, 0) + struct.pack(">IIIHH", 0, len(gain), size - at - 8, 0, 0)
        return segment(0xE2, b"MPF\0MM\0*" + struct.pack(">IH", 8, 3) + entries + images)

    size = len(base) + len(meta) + len(index(at + 8))
    return base[:2] + meta + index(size) + base[2:] + gain


small = encode(GREY[:, :2].copy(), "JPEG", optimize=True)
colour = encode(RGB, "JPEG", quality=95, optimize=True, subsampling=0)
for isXmp in True, False:
    by = "XMP" if isXmp else "ISO 21496-1"
    whole(f"JPEG: grey with a gain map, {by}", ultra(bases["jpeg"], small, isXmp))
    whole(f"JPEG: colours with a gain map, {by}", ultra(colour, small, isXmp))
whole("JPEG: grey, progressive, with a gain map", ultra(bases["progressive"], small, True))

# Codings, and files that no decoder should take


def patched(file, at, value):
    return file[:at] + value + file[at + len(value) :]


whole("JPEG: arithmetic", cjpeg(RGB, "-arithmetic"))
whole("JPEG: arithmetic, progressive", cjpeg(GREY, "-arithmetic", "-progressive"))
whole("JPEG: stored as RGB", cjpeg(RGB, "-rgb"))
bases["colour"] = colour
grey = bases["jpeg"]
frame = grey.index(b"\xff\xc0")
whole("JPEG: 12 bits", patched(patched(grey, frame + 1, b"\xc1"), frame + 4, b"\x0c"))
whole("JPEG: lossless", patched(grey, frame + 1, b"\xc3"))
whole("JPEG: hierarchical", patched(grey, frame + 1, b"\xc5"))
row("JPEG: bytes behind the end", "colour", len(colour), b"hello" * 9)
row("JPEG: another picture behind the end", "colour", len(colour), bases["jpeg"])
whole("PNG: indices beyond a palette of 4 bits", png(3, 4, b"\0\x01\x2f\0\x30\x21", palette=bytes(range(9, 18))))
whole("PNG: indices beyond a palette of 8 bits", png(3, 8, b"\0\0\1\xc8\2\0\xff\2\1\3", palette=bytes(range(9, 18))))
whole("PNG: a palette of 10 bytes", png(3, 2, b"\0\x1b\0\xd8", palette=bytes(10)))
for name, kind, data in (
    ("gAMA", b"gAMA", struct.pack(">I", 30000)),
    ("cHRM", b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)),
    ("sBIT", b"sBIT", b"\2\3\4"),
    ("cICP of PQ", b"cICP", bytes([9, 16, 0, 1])),
    ("iCCP", b"iCCP", b"x\0\0" + zlib.compress(bytes(128))),
    ("tRNS", b"tRNS", struct.pack(">HHH", 0, 129, 255)),
    ("bKGD", b"bKGD", bytes(6)),
    ("a name with a reserved bit", b"abcd", b"x"),
    ("a name that is none", b"ab1D", b"x"),
    ("a critical chunk that nobody knows", b"ABCD", b"x"),
):
    row(f"PNG: {name}", "png", START, chunk(kind, data))
row("PNG: tEXt with a wrong checksum", "png", START, chunk(b"tEXt", b"a\0b", 7))
row("PNG: an unknown critical chunk behind IDAT", "png", END, chunk(b"ABCD", b"x"))
row("PNG: bytes behind IEND", "png", len(bases["png"]), b"hello")
row("PNG: pixels behind another chunk", "png", END, chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", b""))
whole("PNG: a wrong checksum of IEND", patched(bases["png"], len(bases["png"]) - 1, b"\0"))
whole("PNG: a wrong checksum of IHDR", patched(bases["png"], 32, b"\0"))

used = {row[1] for row in rows}
out = os.path.join(os.path.dirname(__file__), "../../../test/fixtures/peers/images.json")
with open(out, "w") as file:
    made = f"OpenCV {cv2.__version__}, files by Pillow {PIL.__version__} and libjpeg-turbo's cjpeg"
    file.write('{\n"made": %s,\n"bases": {\n' % json.dumps(made))
    file.write(",\n".join(f"{json.dumps(k)}: {json.dumps(text(v))}" for k, v in bases.items() if k in used))
    file.write('\n},\n"answers": [\n' + ",\n".join(json.dumps(a, separators=(",", ":")) for a in answers) + "\n],")
    file.write('\n"rows": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n}\n")
print(len(rows), "files,", sum(r[4] == 0 for r in rows), "refused by OpenCV,", os.path.getsize(out), "bytes")
