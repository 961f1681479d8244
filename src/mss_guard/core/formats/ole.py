"""OLE compound files (MS-CFB): Word, Excel and PowerPoint 97–2003, Outlook's MSG, and the objects embedded in them.

Every stream is looked at: those of a known document by its reader, pictures and packages as places of their own, the
rest for its runs of text. A document of a program that is not known here counts as partly read."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from mss_guard.core import mime
from mss_guard.core.formats import alone, books, compound, msg, officelock, slides97, strings, word97
from mss_guard.core.formats.compound import Compound, Path
from mss_guard.core.formats.reading import OPAQUE, Doc, Outcome, Reading, Stop, read_unless, unreadable, worst
from mss_guard.core.model import Why

MAX_PICTURES = 300  # looked for in one stream

_WORD, _SLIDES = "WordDocument", slides97.STREAM
_TYPES = (
    (_WORD, "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    (_SLIDES, "application/vnd.ms-powerpoint"),
    (msg.PROPERTIES, msg.TYPE),
    ("VisioDocument", "application/vnd.visio"),
)
_BOOKS = ("Workbook", "Book")
_PROGRAMS = frozenset({"_VBA_PROJECT", "VBA", "PROJECT"})
_PACKAGES = frozenset({"Package", "CONTENTS", "EmbeddedOdf"})
_NATIVE = "\x01Ole10Native"
_PICTURE = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n")


def read(reading: Reading, doc: Doc) -> Outcome:
    """Everything in the file; what is said of the place is the first reason why that is not all."""
    try:
        ole = compound.opened(reading, doc.data)
    except Stop as stop:
        reading.text(doc, strings.runs(doc.data, accented=True))
        return unreadable(stop.why, "application/x-ole-storage")
    names = {p[-1] for p in ole.paths}
    root = ole.names()
    kind = next((kind for name, kind in _TYPES if name in root), "")
    if "EncryptedPackage" in names:
        if ole.sound():
            officelock.offer(reading, doc)
        return unreadable(Why.ENCRYPTED, kind or "application/x-ole-storage")
    if kind == msg.TYPE:
        return read_unless(msg.read(reading, doc, ole), kind)
    reasons = [_document(reading, doc, ole, storage) for storage in ole.storages()]
    if Why.ENCRYPTED in reasons:
        if ole.sound():
            officelock.offer(reading, doc)
        return unreadable(Why.ENCRYPTED, kind)
    reasons.append(_rest(reading, doc, ole))
    if not kind and names & _PROGRAMS:
        return OPAQUE
    known = kind and kind != "application/vnd.visio"
    return read_unless(worst(reasons) or (None if known else Why.PARTIAL), kind)


def _document(reading: Reading, doc: Doc, ole: Compound, storage: Path) -> Why | None:
    """The document that stands in `storage`, if one does: the file's own, or one embedded in it."""
    names = ole.names(storage)
    try:
        if _WORD in names:
            reading.text(doc, word97.text(ole, storage))
        if book := next((name for name in _BOOKS if name in names), ""):
            return _book(reading, doc, ole, names[book], storage)
        if _SLIDES in names:
            if slides97.locked(ole, storage):
                return Why.ENCRYPTED
            return slides97.read(reading, doc, ole, storage)
    except Stop as stop:
        if stop.why is not Why.ENCRYPTED and _WORD in names:
            reading.text(doc, strings.runs(ole.read(names[_WORD]), accented=True))
        return stop.why
    return None


def _book(reading: Reading, doc: Doc, ole: Compound, path: Path, storage: Path) -> Why | None:
    """Cells by calamine, which takes whole files only; headers, comments and text boxes are runs of the stream."""
    data = ole.read(path)
    if _file_pass(data):
        return Why.ENCRYPTED
    reading.text(doc, strings.runs(data, accented=True))
    whole = alone.compound("Workbook", data) if storage else doc.data
    if whole is None:
        return Why.PARTIAL
    reading.text(doc, books.text(whole))
    return None


def _file_pass(data: bytes) -> bool:
    """A FilePass record near the beginning (MS-XLS §2.4.117)."""
    at = 0
    for _ in range(10):
        if at + 4 > len(data):
            return False
        record, length = struct.unpack_from("<HH", data, at)
        if record == 0x2F:
            return True
        at += 4 + length
    return False


# --- what stands beside the document ----------------------------------------------------------------------------------

_READ_ALREADY = frozenset({_WORD, *_BOOKS, _SLIDES})


def _rest(reading: Reading, doc: Doc, ole: Compound) -> Why | None:
    """Pictures, packages and the runs of all other streams (properties, tables, macros)."""
    why: Why | None = None
    number = 0
    for path in ole.paths:
        if path[-1] in _READ_ALREADY:
            continue
        try:
            data = ole.read(path)
            for name, inner in _inside(reading, path[-1], data):
                number += 1
                reading.look(reading, doc.child(number, "ole", inner, name))
            if path[-1] not in _PACKAGES:
                reading.text(doc, strings.runs(data, accented=True))
        except Stop as stop:
            why = why or stop.why
    return why


def _inside(reading: Reading, stream: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the files that a stream is or holds."""
    if stream == _NATIVE:
        yield from _native(data)
    elif stream in _PACKAGES:
        yield "", data
    elif stream == "Pictures":
        for kind, picture in slides97.pictures(data, reading):
            yield f"image.{kind}", picture
    elif stream == "Data":
        starts = [m.start() for m in _PICTURE.finditer(data)]
        if len(starts) > MAX_PICTURES:
            raise Stop(Why.TOO_MANY)
        for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
            yield "", data[start:end]


def _native(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file in an Ole10Native stream: label, name, two numbers, temporary name, size, bytes (MS-OLEDS §2.3.6 says
    only that it is native data; this is what the Packager writes)."""
    fields = data[6:].split(b"\x00", 2)
    if len(fields) < 3:
        yield "", data[4:]
        return
    at = 6 + len(fields[0]) + len(fields[1]) + 2 + 4
    try:
        skip = struct.unpack_from("<L", data, at)[0]
        size = struct.unpack_from("<L", data, at + 4 + skip)[0]
    except struct.error:
        yield "", data[4:]
        return
    names = dict.fromkeys(mime.clean_name(mime.decode_text(f)) for f in fields[:2])
    yield " | ".join(n for n in names if n), data[at + 8 + skip : at + 8 + skip + size]
