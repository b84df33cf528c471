"""Writes test/fixtures/decode.json: for each image file its size and the SHA-256 of its RGB bytes, as OpenCV decodes it.

Run: /usr/bin/python3 scripts/golden/decode.py  (OpenCV 4.6)
"""
import hashlib
import json
from pathlib import Path

import cv2

ROOT = Path(__file__).parents[2]
FOLDERS = ["sdk/demo/samples", "test/fixtures/images"]
SUFFIXES = {".jpg", ".png", ".webp"}


def decode(path):
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"OpenCV cannot read {path}")
    height, width, _ = bgr.shape
    digest = hashlib.sha256(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).tobytes()).hexdigest()
    return {"width": width, "height": height, "sha256": digest}


files = sorted(p for folder in FOLDERS for p in (ROOT / folder).iterdir() if p.suffix in SUFFIXES)
decoded = {
    "opencv": cv2.__version__,
    "images": {str(p.relative_to(ROOT)): decode(p) for p in files},
}
(ROOT / "test/fixtures/decode.json").write_text(json.dumps(decoded, indent=1) + "\n")
