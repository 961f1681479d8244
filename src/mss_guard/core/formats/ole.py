"""OLE compound files (MS-CFB): told apart by their stream names. Encrypted ones are named; of the others the runs of
text
are read, which is most of a Word 97 document and the strings of a workbook, so that they count as partly read."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mss_guard.core.formats import strings
from mss_guard.core.formats.reading import OPAQUE, Doc, Outcome, Reading, Stop, unreadable
from mss_guard.core.model import Why

MAX_DIRECTORY = 4_096  # directory entries looked at; a Word document has ten, a mail with 100 attachments 3,000

_ENTRY = 128
_TYPES = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
)
_PROGRAMS = frozenset({"_VBA_PROJECT", "VBA", "PROJECT"})


@dataclass(frozen=True, slots=True)
class Directory:
    """Stream and storage names, and where the first sector of each begins in the bytes."""

    names: frozenset[str]
    starts: dict[str, int]


def directory(data: bytes) -> Directory:
    """Names of all streams, by walking the directory sectors through the FAT (MS-CFB §2.3, §2.6)."""
    size = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    sector = struct.unpack_from("<L", data, 48)[0]
    fat_sectors = struct.unpack_from("<109L", data, 76)
    names: dict[str, int] = {}
    seen: set[int] = set()
    while sector < 0xFFFFFFFA and sector not in seen and len(names) < MAX_DIRECTORY:
        seen.add(sector)
        base = (sector + 1) * size
        for at in range(base, min(base + size, len(data)) - _ENTRY + 1, _ENTRY):
            length = struct.unpack_from("<H", data, at + 64)[0]
            if data[at + 66] and 2 <= length <= 64:
                name = data[at : at + length - 2].decode("utf-16-le", "replace")
                names.setdefault(name, (struct.unpack_from("<L", data, at + 116)[0] + 1) * size)
        sector = _next(data, fat_sectors, sector, size)
    return Directory(frozenset(names), names)


def _next(data: bytes, fat_sectors: tuple[int, ...], sector: int, size: int) -> int:
    index, offset = divmod(sector, size // 4)
    if index >= len(fat_sectors) or fat_sectors[index] >= 0xFFFFFFFA:
        return 0xFFFFFFFE
    at = (fat_sectors[index] + 1) * size + offset * 4
    return int(struct.unpack_from("<L", data, at)[0]) if at + 4 <= len(data) else 0xFFFFFFFE


def read(reading: Reading, doc: Doc) -> Outcome:
    """Runs of text, and the reason why that is not all."""
    try:
        found = directory(doc.data)
    except (struct.error, IndexError):
        reading.text(doc, strings.runs(doc.data, accented=True))
        return unreadable(Why.DAMAGED)
    kind = next((kind for name, kind in _TYPES if name in found.names or f"\x05{name}" in found.names), "")
    if "EncryptedPackage" in found.names or _locked(doc.data, found):
        return unreadable(Why.ENCRYPTED, kind or "application/x-ole-storage")
    try:
        reading.text(doc, strings.runs(doc.data, accented=True))
    except Stop:
        return unreadable(Why.PARTIAL, kind)
    if not kind and found.names & _PROGRAMS:
        return OPAQUE
    return unreadable(Why.PARTIAL, kind)


def _locked(data: bytes, found: Directory) -> bool:
    """fEncrypted of the FIB (MS-DOC §2.5.2), a FilePass record near the BOF (MS-XLS §2.4.117), CryptSession10
    (MS-PPT §2.3.7)."""
    word = found.starts.get("WordDocument")
    if word is not None and data[word : word + 2] == b"\xec\xa5":
        return bool(data[word + 11] & 0x01)
    book = found.starts.get("Workbook", found.starts.get("Book"))
    if book is not None:
        return _file_pass(data, book)
    return "PowerPoint Document" in found.names and b"\x14\x2f" in data and "EncryptedSummary" in found.names


def _file_pass(data: bytes, at: int) -> bool:
    for _ in range(10):
        if at + 4 > len(data):
            return False
        record, length = struct.unpack_from("<HH", data, at)
        if record == 0x2F:
            return True
        at += 4 + length
    return False
