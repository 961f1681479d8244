"""Pictures: their measures from the first bytes decide whether they can hold a page; what can is read by OCR.

Measures: PNG (RFC 2083 §4.1.1), GIF89a §18, BMP (BITMAPINFOHEADER), JPEG (ITU T.81 §B.2.2), TIFF 6.0 §2, WEBP (RFC 9649
§2.5 to 2.7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mss_guard.core.formats import animation, captions, chunks, drawing, strings
from mss_guard.core.formats.legible import is_legible, words_of_picture
from mss_guard.core.formats.reading import OPAQUE, READ, Doc, Outcome, Reading, read_unless, unreadable, worst
from mss_guard.core.model import Why

MIN_OCTETS = 30 * 1024  # a logo or an icon is smaller, a legible page larger
MIN_PIXELS = 200  # on the shorter side: five lines of print need more
MIN_PAGE = 600  # pixels on the shorter side: as large, even a few octets may be a fax page or a bare screenshot
MAX_PIXELS = 40_000_000  # A4 at 600 dpi is 35 million; Pillow warns at 89 million, Leptonica holds 4 octets for each
MAX_PAGES = 10  # of a TIFF; a second of OCR each

_DECODED = (b"\x89PNG", b"GIF8", b"BM", b"\xff\xd8", b"II*\x00", b"MM\x00*", b"RIFF", b"\x00\x00\x00\x0cjP  ")
_DRAWINGS = (b"\x01\x00\x00\x00", b"\xd7\xcd\xc6\x9a")  # EMF, WMF: their texts are records in Unicode or cp1252
_TIFF_ORDER = {b"II*\x00": "<", b"MM\x00*": ">"}


def read(reading: Reading, doc: Doc) -> Outcome:
    """Opaque when too small for a page. Read when OCR finds words. Without words, a picture that the HTML shows, or of
    few octets, is decoration and opaque; any other is unreadable. Captions and the texts of a drawing are read always."""
    reading.text(doc, captions.text(doc.data))
    if doc.data.startswith(_DRAWINGS):
        words = strings.runs(doc.data, accented=True)
        reading.text(doc, words)
        if is_legible(words):
            return READ
    pages, more = _pages(doc.data)
    size = pages[0].size
    small = len(doc.data) < MIN_OCTETS
    if (size is not None and min(size) < MIN_PIXELS) or (small and (size is None or min(size) < MIN_PAGE)):
        return OPAQUE
    frames, more_frames = animation.frames(doc.data)
    decoration = (small and not frames) or doc.inline  # a few octets may hold a page behind a blank first frame
    why = Why.NO_TEXT
    if frames:
        return _animation(reading, doc, frames, more_frames) or (OPAQUE if decoration else unreadable(why))
    if doc.data.startswith(_DECODED):
        reasons = [_page(reading, doc, page) for page in pages]
        if None in reasons or Why.PARTIAL in reasons:
            return read_unless(worst(reasons) or (Why.PARTIAL if more else None))
        why = worst(reasons) or why
    if _cut(doc.data):
        return unreadable(Why.DAMAGED)
    return OPAQUE if decoration and why is not Why.TOO_LARGE else unreadable(why)


def _animation(reading: Reading, doc: Doc, frames: list[bytes], more: bool) -> Outcome | None:
    """What became of an animation in whose pictures words were found, None when there were none. Frames without words
    are those that the eye passes over, too."""
    reasons = [_page(reading, doc, _Page(frame, measures(frame))) for frame in frames]
    if None not in reasons and Why.PARTIAL not in reasons:
        return None
    return read_unless(Why.PARTIAL if more or Why.PARTIAL in reasons else None)


_ENDS = {b"\x89PNG": b"IEND", b"\xff\xd8\xff": b"\xff\xd9", b"GIF8": b"\x3b"}
"""What the last of a whole picture is (PNG §11.2.5, ITU T.81 §B.1.1.3, GIF89a §27)."""


def _cut(data: bytes) -> bool:
    """True when the end is missing; cameras and phones write their own notes behind it."""
    return any(data.startswith(start) and end not in data[len(start) :] for start, end in _ENDS.items())


@dataclass(frozen=True, slots=True)
class _Page:
    """One picture of a file. `picture`: a file that shows it alone."""

    picture: bytes
    size: tuple[int, int] | None


def _page(reading: Reading, doc: Doc, page: _Page) -> Why | None:
    if page.size is None:
        return words_of_picture(reading, doc, page.picture)
    if page.size[0] * page.size[1] > MAX_PIXELS:
        return Why.TOO_LARGE
    return words_of_picture(reading, doc, drawing.drawn(page.picture, page.size))


def _pages(data: bytes) -> tuple[list[_Page], bool]:
    """At least one and at most MAX_PAGES pictures of the file, and whether there are more."""
    order = _TIFF_ORDER.get(data[:4])
    pages, more = _tiff(data, order) if order else ([], False)
    return pages or [_Page(data, measures(data))], more


def measures(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of the first picture, None when the header does not say."""
    try:
        if order := _TIFF_ORDER.get(data[:4]):
            return _directory(data, order, struct.unpack_from(f"{order}I", data, 4)[0])[0]
        if data.startswith(b"\x89PNG"):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(b"GIF8"):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width), abs(height)
        if data.startswith(b"\xff\xd8"):
            return frame[:2] if (frame := chunks.frame(data)) else None
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except struct.error:
        return None
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    """VP8X has 24-bit measures less one, VP8L 14-bit ones less one, VP8 14-bit ones after its start code."""
    form = data[12:16]
    if form == b"VP8X":
        low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
        return (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1
    if form == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(data: bytes, order: str) -> tuple[list[_Page], bool]:
    """Each page as a file of its own: the same octets, whose header names its directory and whose directory is the
    last."""
    pages: list[_Page] = []
    seen: set[int] = set()
    try:
        at = struct.unpack_from(f"{order}I", data, 4)[0]
        while at and at not in seen and len(pages) < MAX_PAGES:
            seen.add(at)
            size, link = _directory(data, order, at)
            alone = bytearray(data)
            struct.pack_into(f"{order}I", alone, 4, at)
            struct.pack_into(f"{order}I", alone, link, 0)
            pages.append(_Page(bytes(alone), size))
            at = struct.unpack_from(f"{order}I", data, link)[0]
    except struct.error:
        return pages, bool(pages)
    return pages, at != 0 and at not in seen


def _directory(data: bytes, order: str, at: int) -> tuple[tuple[int, int] | None, int]:
    """(width and height, where the link to the next directory stands). Tags are 12 octets: tag, type, count, value."""
    count = struct.unpack_from(f"{order}H", data, at)[0]
    sizes: dict[int, int] = {}
    for n in range(count):
        tag, kind = struct.unpack_from(f"{order}HH", data, at + 2 + 12 * n)
        if tag in (256, 257):
            sizes[tag] = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, at + 10 + 12 * n)[0]
    return ((sizes[256], sizes[257]) if len(sizes) == 2 else None), at + 2 + 12 * count
