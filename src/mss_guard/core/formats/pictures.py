"""Pictures: their measures from the first bytes. Small or shown in the HTML they are decoration, otherwise a page
nobody has read."""

from __future__ import annotations

import struct

from mss_guard.core.formats.reading import OPAQUE, Doc, Outcome, Reading, unreadable
from mss_guard.core.model import Why

MIN_OCTETS = 30 * 1024  # a logo or an icon is smaller, a legible page larger
MIN_PIXELS = 200  # on the shorter side: five lines of print need more

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 200  # JPEG segments looked through for the frame header


def read(_: Reading, doc: Doc) -> Outcome:
    """Opaque under 30 kB or 200 pixels or inline and referenced; a page-like picture without OCR is no-text."""
    if doc.inline or len(doc.data) < MIN_OCTETS:
        return OPAQUE
    size = measures(doc.data)
    if size is not None and min(size) < MIN_PIXELS:
        return OPAQUE
    return unreadable(Why.NO_TEXT)


def measures(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels, None when the header does not say."""
    try:
        if data.startswith(b"\x89PNG"):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(b"GIF8"):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width), abs(height)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except struct.error:
        return None
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker, length = struct.unpack_from(">xBH", data, at)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
    return None
