"""Word 97–2003 (MS-DOC): the piece table gives every character of every sub-document: body, foot- and endnotes,
headers, comments, text boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

from mss_guard.core.formats import strings
from mss_guard.core.formats.compound import Compound, Path
from mss_guard.core.formats.reading import Stop
from mss_guard.core.model import Why

MAGIC = b"\xec\xa5"
MAX_PIECES = 100_000  # of one document; an often-edited one of 500 pages has some thousands

_WORD_97 = 0x00C1  # nFib of §2.5.1; earlier ones have no such table
_FLAGS, _CLX = 0x0A, 0x01A2
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_MODIFIER, _TABLE = 1, 2  # first octet of a Prc, of the Pcdt (§2.9.38)
_NARROW = 0x40000000
_MARKS = {7: "\n", 11: "\n", 12: "\n", 13: "\n", 30: "-", 31: "", 160: " "} | dict.fromkeys(
    (1, 2, 3, 4, 5, 8, 19, 20, 21), " "
)
"""Cell, line, page and paragraph marks, hyphens, anchors of pictures and notes, field marks (§2.4.1)."""


def text(ole: Compound, storage: Path) -> str:
    """All characters, and the runs of what no piece covers (text deleted and kept by a fast save).

    Raises Stop: encrypted, damaged, or partial for Word 6 and 95, of which the runs are all.
    """
    names = ole.names(storage)
    data = ole.read(names["WordDocument"])
    try:
        flags = struct.unpack_from("<H", data, _FLAGS)[0]
        if flags & _ENCRYPTED:
            raise Stop(Why.ENCRYPTED)
        if data[:2] != MAGIC or struct.unpack_from("<H", data, 2)[0] < _WORD_97:
            raise Stop(Why.PARTIAL)
        table = ole.read(names["1Table" if flags & _TABLE_1 else "0Table"])
        start, size = struct.unpack_from("<LL", data, _CLX)
        pieces = list(_pieces(table[start : start + size]))
    except (struct.error, KeyError):
        raise Stop(Why.DAMAGED) from None
    covered = sorted((at, at + length) for at, length, _ in pieces)
    out = [
        data[at : at + length].decode("cp1252" if narrow else "utf-16-le", "replace") for at, length, narrow in pieces
    ]
    if any(end > len(data) for _, end in covered):
        raise Stop(Why.DAMAGED)
    return "\n".join(
        ["".join(out).translate(_MARKS), strings.runs(b"\x00\x00".join(_between(data, covered)), accented=True)]
    )


def _pieces(clx: bytes) -> Iterator[tuple[int, int, bool]]:
    """(offset, octets, one octet a character) of each piece in reading order (§2.9.177)."""
    at = 0
    while clx[at] == _MODIFIER:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if at >= len(clx):
            raise Stop(Why.DAMAGED)
    if clx[at] != _TABLE:
        raise Stop(Why.DAMAGED)
    size = struct.unpack_from("<L", clx, at + 1)[0]
    count = (size - 4) // 12
    if not 0 <= count <= MAX_PIECES:
        raise Stop(Why.TOO_MANY)
    places = struct.unpack_from(f"<{count + 1}L", clx, at + 5)
    descriptors = at + 5 + 4 * (count + 1)
    for n, (first, last) in enumerate(pairwise(places)):
        offset = struct.unpack_from("<L", clx, descriptors + 8 * n + 2)[0]
        length = max(last - first, 0)
        if offset & _NARROW:
            yield (offset & ~_NARROW) // 2, length, True
        else:
            yield offset, 2 * length, False


def _between(data: bytes, covered: list[tuple[int, int]]) -> Iterator[bytes]:
    at = 0
    for start, end in covered:
        if start > at:
            yield data[at:start]
        at = max(at, end)
    yield data[at:]
