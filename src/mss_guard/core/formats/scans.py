"""Scanned pages of a PDF: each one drawn by PDFium in grey, handed to OCR as a PGM file (netpbm's P5: no encoder)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw

from mss_guard.core.formats.legible import words_of_picture
from mss_guard.core.formats.reading import Doc, Reading
from mss_guard.core.model import Why

raw: Any = pypdfium2.raw

MAX_SCANNED = 10  # pages drawn of one document: a second of OCR each; a DLU has 10
DPI = 170  # print of 10 points is 24 pixels high: tesseract wants 20 and more, and its time goes with the pixels
MAX_DRAWN = 9_000_000  # pixels of one drawing: A3 at 200 dpi is 7.7 million; a larger page is drawn smaller
MAX_IMAGE = 100_000_000  # pixels of one picture on the page: A3 at 600 dpi is 70 million, Pillow warns at 89
_MAX_OBJECTS = 200  # looked at before drawing


@dataclass(slots=True)
class Scans:
    """The scanned pages of one document, counted."""

    drawn: int = 0
    why: Why | None = None

    def page(self, reading: Reading, doc: Doc, page: Any) -> bool:
        """Read `page` by OCR; False when nothing legible came of it. PARTIAL after MAX_SCANNED pages."""
        if self.drawn >= MAX_SCANNED:
            self.why = self.why or Why.PARTIAL
            return True
        self.drawn += 1
        if _too_large(page):
            return False
        why = words_of_picture(reading, doc, pgm(page))
        if why is Why.PARTIAL:
            self.why = self.why or why
            return True
        return why is None


def _too_large(page: Any) -> bool:
    """PDFium unpacks a whole picture before it draws it."""
    for n, thing in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        if n >= _MAX_OBJECTS:
            break
        width, height = thing.get_px_size()
        if width * height > MAX_IMAGE:
            return True
    return False


def pgm(page: Any) -> bytes:
    """`page` drawn upright by its own /Rotate, grey, as a PGM file of at most MAX_DRAWN pixels."""
    width, height = page.get_size()
    return drawn(page, min(DPI / 72, math.sqrt(MAX_DRAWN / max(width * height, 1.0))))


def drawn(page: Any, scale: float) -> bytes:
    """`page` in grey as a PGM file, `scale` pixels a point."""
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        pixels, stride = memoryview(bitmap.buffer).cast("B"), bitmap.stride
        rows = [pixels[n * stride : n * stride + bitmap.width] for n in range(bitmap.height)]
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + b"".join(rows)
    finally:
        bitmap.close()
