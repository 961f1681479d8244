"""The words that a picture carries beside its pixels: comments, descriptions, EXIF, XMP. The runs of those segments are
read, not the pixels: noise would look like words."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from mss_guard.core.formats import strings

MAX_CAPTIONS = 1024 * 1024  # octets looked at of one picture; XMP has 64 kB a segment
MAX_SEGMENTS = 500  # of a JPEG, chunks of a PNG: a photograph has ten, a PNG of 20 MB in chunks of 64 kB 320

_PNG_WORDS = frozenset({b"tEXt", b"iTXt", b"zTXt", b"eXIf"})
_WEBP_WORDS = frozenset({b"EXIF", b"XMP "})
_PROFILE = b"ICC_PROFILE"
_SCAN, _COMMENT = 0xDA, 0xFE


def text(data: bytes) -> str:
    """The runs, "" when there are none. Never raises."""
    try:
        found = b"\n\0".join(_segments(data))
    except struct.error:
        return ""
    return strings.runs(found[:MAX_CAPTIONS], accented=True)


def _segments(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\xff\xd8"):
        yield from _jpeg(data)
    elif data.startswith(b"\x89PNG"):
        yield from _png(data)
    elif data.startswith(b"RIFF"):
        yield from _webp(data)


def _jpeg(data: bytes) -> Iterator[bytes]:
    """APP1 to APP15 and COM up to the scan, colour profiles left out (ITU T.81 §B.1.1.4)."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data):
            return
        mark, kind, size = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF or kind == _SCAN:
            return
        body = data[at + 4 : at + 2 + size]
        if (0xE1 <= kind <= 0xEF or kind == _COMMENT) and not body.startswith(_PROFILE):
            yield body
        at += 2 + size


def _png(data: bytes) -> Iterator[bytes]:
    at = 8
    for _ in range(MAX_SEGMENTS):
        if at + 12 > len(data):
            return
        size = struct.unpack_from(">L", data, at)[0]
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if name in _PNG_WORDS:
            yield body
            packed = body.partition(b"\0")[2]
            if name == b"zTXt" or (name == b"iTXt" and packed[:1] == b"\1"):
                yield _inflated(packed[1:] if name == b"zTXt" else packed[2:].split(b"\0", 2)[-1])
        at += 12 + size


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_CAPTIONS)
    except zlib.error:
        return b""


def _webp(data: bytes) -> Iterator[bytes]:
    at = 12
    for _ in range(MAX_SEGMENTS):
        if at + 8 > len(data):
            return
        size = struct.unpack_from("<L", data, at + 4)[0]
        if data[at : at + 4] in _WEBP_WORDS:
            yield data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
