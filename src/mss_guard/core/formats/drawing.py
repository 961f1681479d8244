"""A JPEG or PNG drawn in grey before OCR, a large one smaller, by PDFium from a one-page PDF that shows it: both formats are filters of
PDF (ISO 32000-1 §7.4.8 DCTDecode, §7.4.4.4 the predictors of PNG).

A telephone's photograph has 12 million pixels, which cost tesseract three times what the 4 million of a page cost; and
of a drawn page one can see whether it lies on its side."""

from __future__ import annotations

import math
import struct
from typing import Any

import pypdfium2

from mss_guard.core.formats import chunks, scans

pdfium: Any = pypdfium2

ENOUGH = 2_850_000  # pixels: A4 at 170 dpi has 2.8 million
LARGE = 3_400_000  # pixels of what is drawn smaller: with fewer little is saved
SMALL = 300_000  # pixels of what is not worth a look
_KNOWN = range(140, 1300)  # dots per inch of a scanner; a telephone writes 72, or nothing
_SPACES = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
_GREY, _COLOUR, _PALETTE = 0, 2, 3  # colour types of PNG without transparency (§11.2.2)


def drawn(picture: bytes, size: tuple[int, int]) -> bytes:
    """`picture` as a grey PGM, of about ENOUGH pixels when it is LARGE; itself when it cannot be shown so."""
    width, height = size
    if width * height < SMALL:
        return picture
    shown = _jpeg(picture, size) if picture.startswith(b"\xff\xd8") else _png(picture, size)
    if shown is None:
        return picture
    scale = _scale(width * height, _dots_per_inch(picture)) if width * height >= LARGE else 1.0
    try:
        document = pdfium.PdfDocument(_page(*shown, width, height))
    except pdfium.PdfiumError:
        return picture
    try:
        return scans.drawn(document[0], scale)
    except pdfium.PdfiumError:
        return picture
    finally:
        document.close()


def _scale(pixels: int, dots: int) -> float:
    """To the resolution of a page that is drawn, where that of the picture is known: a large sheet keeps its print legible."""
    if dots in _KNOWN:
        return max(min(1.0, scans.DPI / dots), math.sqrt(SMALL / pixels))
    return math.sqrt(ENOUGH / pixels)


def _page(entries: str, stream: bytes, width: int, height: int) -> bytes:
    """A PDF of one page, one point a pixel, without a table of references: PDFium makes its own."""
    show = f"{width} 0 0 {height} 0 0 cm /I Do".encode()
    head = f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}{entries}/Length {len(stream)}>>".encode()
    return b"".join((
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]" % (width, height),
        b"/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>endobj\n",
        b"4 0 obj<</Length %d>>stream\n%s\nendstream endobj\n5 0 obj%s" % (len(show), show, head),
        b"stream\n", stream, b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    ))  # fmt: skip


def _jpeg(data: bytes, size: tuple[int, int]) -> tuple[str, bytes] | None:
    """(entries of the picture's dictionary, its stream)."""
    frame = chunks.frame(data)
    if frame is None or frame[:2] != size or frame[2] not in _SPACES:
        return None
    turned = "/Decode[1 0 1 0 1 0 1 0]" if frame[2] == 4 else ""  # Adobe writes CMYK inverted
    return f"/ColorSpace{_SPACES[frame[2]]}/BitsPerComponent 8/Filter/DCTDecode{turned}", data


def _png(data: bytes, size: tuple[int, int]) -> tuple[str, bytes] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 33:
        return None
    bits, colour, _, _, interlaced = struct.unpack_from(">5B", data, 24)
    found = dict(chunks.png(data))
    pixels = b"".join(body for name, body in chunks.png(data) if name == b"IDAT")
    if interlaced or colour not in (_GREY, _COLOUR, _PALETTE) or not {b"IDAT", b"IEND"} <= found.keys():
        return None
    colours = 3 if colour == _COLOUR else 1
    space = _SPACES[colours]
    if colour == _PALETTE:
        palette = found.get(b"PLTE", b"")
        if not palette or len(palette) % 3:
            return None
        space = f"[/Indexed/DeviceRGB {len(palette) // 3 - 1}<{palette.hex()}>]"
    entries = (
        f"/ColorSpace{space}/BitsPerComponent {bits}/Filter/FlateDecode"
        f"/DecodeParms<</Predictor 15/Colors {colours}/BitsPerComponent {bits}/Columns {size[0]}>>"
    )
    return entries, pixels


def _dots_per_inch(data: bytes) -> int:
    """What the file says (JFIF's APP0, PNG's pHYs), 0 when it says nothing."""
    if data[6:11] == b"JFIF\0" and len(data) > 16:
        unit, across = struct.unpack_from(">BH", data, 13)
        return int(across * {1: 1, 2: 2.54}.get(unit, 0))
    at = data.find(b"pHYs", 0, 4096)
    if data.startswith(b"\x89PNG") and 0 < at < len(data) - 13 and data[at + 12] == 1:
        return int(struct.unpack_from(">I", data, at + 4)[0] * 0.0254 + 0.5)
    return 0
