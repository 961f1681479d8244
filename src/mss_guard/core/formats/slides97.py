"""PowerPoint 97–2003 (MS-PPT): a tree of records; text stands in three kinds of atoms, objects in one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from mss_guard.core.formats import zipdir
from mss_guard.core.formats.compound import Compound, Path
from mss_guard.core.formats.reading import Doc, Reading, Stop
from mss_guard.core.model import Why

STREAM = "PowerPoint Document"
MAX_RECORDS = 500_000  # of one document; 200 slides have some 40,000

_TEXT, _TEXT_8BIT, _STRING, _OBJECT = 0x0FA0, 0x0FA8, 0x0FBA, 0x1011  # §2.9.38, §2.9.39, §2.9.1, §2.10.34
_CONTAINER = 0xF
_LOCKED = 0xF3D1C4DF  # headerToken of the CurrentUserAtom (§2.3.2)
_BREAKS = {11: "\n", 13: "\n"}
_BLIPS = {0xF01A: "emf", 0xF01B: "wmf", 0xF01C: "pict", 0xF01D: "jpeg", 0xF01E: "png", 0xF01F: "dib", 0xF029: "tiff"}
_DRAWN = frozenset({0xF01A, 0xF01B, 0xF01C})
_METAFILE_HEADER = 34  # MS-ODRAW §2.2.31; its last octets but one say how it is packed
_NOT_PACKED = b"\xfe"


def locked(ole: Compound, storage: Path) -> bool:
    """True when the current user's atom says that the document is encrypted."""
    current = ole.names(storage).get("Current User")
    data = ole.read(current) if current else b""
    return len(data) >= 16 and struct.unpack_from("<L", data, 12)[0] == _LOCKED


def read(reading: Reading, doc: Doc, ole: Compound, storage: Path) -> Why | None:
    """Slides, notes, comments, headers; embedded objects as places. The reason why that is not all, if so."""
    data = ole.read(ole.names(storage)[STREAM])
    lines: list[str] = []
    objects: list[bytes] = []
    why: Why | None = None
    try:
        for kind, instance, body in _records(data):
            if kind in (_TEXT, _STRING):
                lines.append(body.decode("utf-16-le", "replace"))
            elif kind == _TEXT_8BIT:
                lines.append(body.decode("latin-1"))
            elif kind == _OBJECT:
                objects.append(zipdir.stream(zlib.decompressobj(), body[4:], reading) if instance else body)
    except Stop as stop:
        why = stop.why
    reading.text(doc, "\n".join(lines).translate(_BREAKS))
    for number, data in enumerate(objects, 1_001):  # behind the pictures
        reading.look(reading, doc.child(number, "ole", data, ""))
    return why


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, instance, body) of every atom, containers entered (§2.3.1). Raises Stop where the tree breaks off."""
    at = 0
    for _ in range(MAX_RECORDS):
        if at + 8 > len(data):
            return
        version, kind, size = struct.unpack_from("<HHL", data, at)
        at += 8
        if version & 0xF == _CONTAINER:
            continue
        if at + size > len(data):
            raise Stop(Why.DAMAGED)
        yield kind, version >> 4, data[at : at + size]
        at += size
    raise Stop(Why.TOO_MANY)


def pictures(data: bytes, reading: Reading) -> Iterator[tuple[str, bytes]]:
    """(extension, bytes) of each picture in a `Pictures` stream (MS-ODRAW §2.2.23)."""
    for kind, instance, body in _records(data):
        if kind not in _BLIPS:
            continue
        skip = 32 if instance & 1 else 16  # one digest or two
        if kind in _DRAWN:
            packed = body[skip + _METAFILE_HEADER :]
            whole = body[skip + _METAFILE_HEADER - 2 : skip + _METAFILE_HEADER - 1] == _NOT_PACKED
            yield _BLIPS[kind], packed if whole else zipdir.stream(zlib.decompressobj(), packed, reading)
        else:
            yield _BLIPS[kind], body[skip + 1 :]
