"""The words that a picture carries beside its pixels: comments, descriptions, EXIF, XMP. The runs of those segments are
read, not the pixels: noise would look like words."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from mss_guard.core.formats import chunks, strings

MAX_CAPTIONS = 1024 * 1024  # octets looked at of one picture; XMP has 64 kB a segment

_PNG_WORDS = frozenset({b"tEXt", b"iTXt", b"zTXt", b"eXIf"})
_WEBP_WORDS = frozenset({b"EXIF", b"XMP "})
_PROFILE = b"ICC_PROFILE"
_COMMENT = 0xFE


def text(data: bytes) -> str:
    """The runs, "" when there are none. Never raises."""
    return strings.runs(b"\n\0".join(_segments(data))[:MAX_CAPTIONS], accented=True)


def _segments(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\xff\xd8"):
        for kind, body in chunks.jpeg(data):
            if (0xE1 <= kind <= 0xEF or kind == _COMMENT) and not body.startswith(_PROFILE):
                yield body
    elif data.startswith(b"\x89PNG"):
        yield from _png(data)
    elif data.startswith(b"RIFF"):
        yield from (body for name, body in chunks.riff(data) if name in _WEBP_WORDS)


def _png(data: bytes) -> Iterator[bytes]:
    for name, body in chunks.png(data):
        if name not in _PNG_WORDS:
            continue
        yield body
        packed = body.partition(b"\0")[2]
        if name == b"zTXt" or (name == b"iTXt" and packed[:1] == b"\1"):
            yield _inflated(packed[1:] if name == b"zTXt" else packed[2:].split(b"\0", 2)[-1])


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_CAPTIONS)
    except zlib.error:
        return b""
