"""The pieces that picture files are made of: chunks of PNG (2nd edition §5.3) and RIFF (RFC 9649 §2.3), segments of JPEG
(ITU T.81 §B.1.1.4). Each ends where the file is cut; none raises."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAX_CHUNKS = 5_000  # of one picture; a film of ten seconds has 500, a PNG of 20 MB in chunks of 64 kB 320
_SCAN = 0xDA
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG frame header, which holds the measures."""


def png(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, body) of each whole chunk, and of the last as far as it goes."""
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(data):
            return
        size = struct.unpack_from(">L", data, at)[0]
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, body) of the chunks behind the twelve octets of RIFF, size and form."""
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        size = struct.unpack_from("<L", data, at + 4)[0]
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def jpeg(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of the segments before the first scan."""
    at = 2
    for _ in range(MAX_CHUNKS):
        if at + 4 > len(data):
            return
        mark, kind, size = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF or kind == _SCAN:
            return
        yield kind, data[at + 4 : at + 2 + size]
        at += 2 + size


def frame(data: bytes) -> tuple[int, int, int] | None:
    """(width, height, components) of a JPEG, None without a frame header."""
    for kind, body in jpeg(data):
        if kind in FRAMES and len(body) >= 6:
            height, width, components = struct.unpack_from(">HHB", body, 1)
            return width, height, components
    return None
