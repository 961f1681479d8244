"""A compound file (MS-CFB, version 3) that holds one stream: a workbook embedded in another document, for a reader
that takes whole files only."""

from __future__ import annotations

import struct

_SECTOR, _CUTOFF = 512, 4096  # smaller streams would have to lie in another, the mini stream
_ENTRIES = _SECTOR // 4
MAX_OCTETS = (109 * _ENTRIES - 110) * _SECTOR  # what the 109 places of the header can map: 7 MB
_END, _FREE, _MAP = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_ROOT, _STREAM, _NOBODY = 5, 2, 0xFFFFFFFF


def compound(name: str, data: bytes) -> bytes | None:
    """The file; None when the stream is too long for it. Short ones are filled up with zeros."""
    data = data.ljust(_CUTOFF, b"\0")
    if len(data) > MAX_OCTETS:
        return None
    sectors = -(-len(data) // _SECTOR)
    maps = -(-(sectors + 1) // (_ENTRIES - 1))  # each maps itself, too
    chain = [*range(1, sectors), _END, _END, *[_MAP] * maps]  # the stream, the directory, the map
    fat = struct.pack(f"<{len(chain)}L", *chain).ljust(maps * _SECTOR, b"\xff")
    head = struct.pack(
        "<8s16xHHHHH6xLLLLLLLLL", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, maps, sectors, 0, _CUTOFF,
        _END, 0, _END, 0,
    )  # fmt: skip
    places = [*range(sectors + 1, sectors + 1 + maps)]
    head += struct.pack("<109L", *places, *[_FREE] * (109 - maps))
    directory = _entry("Root Entry", _ROOT, 1, _END, 0) + _entry(name, _STREAM, _NOBODY, 0, len(data))
    return head + data.ljust(sectors * _SECTOR, b"\0") + directory.ljust(_SECTOR, b"\0") + fat


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    """A directory entry (§2.6.1) without siblings."""
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBLLL36xLQ", wide, len(wide), kind, 1, _NOBODY, _NOBODY, child, start, size)
