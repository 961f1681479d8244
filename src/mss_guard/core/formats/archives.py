"""Archives: zip, tar, gzip, bzip2, xz. Each entry is a place; a locked or broken one is named and the rest is read."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable

from mss_guard.core import mime
from mss_guard.core.formats import office, strings, zipdir, ziplock
from mss_guard.core.formats.naming import name_text
from mss_guard.core.formats.reading import (
    MAX_ARCHIVES,
    Doc,
    Holder,
    Outcome,
    Reading,
    Stop,
    read_unless,
    unreadable,
)
from mss_guard.core.formats.zipdir import Entry
from mss_guard.core.model import Why

_XDM = re.compile(r"(?:\A|[/\\])SUBSET\d\d[/\\]METADATA\.XML\Z", re.IGNORECASE)  # IHE ITI TF-2 §3.32.4.1.2
MAX_MEMBERS = 1_000  # streams after each other in one file; each costs a copy of what follows
_BLOCK = 512
_ZIP_END, _ZIP_END_SIZE = b"PK\x05\x06", 22  # APPNOTE 4.3.16; behind it stands the comment
_XZ_MEMORY = 128 * 1024 * 1024  # octets of dictionary; xz -9 needs 65 MiB


def zip_file(reading: Reading, doc: Doc) -> Outcome:
    """A zip, or one of the documents that are zips: OOXML, ODF, EPUB, XDM."""
    entries = zipdir.directory(doc.data)
    _around(reading, doc, entries)
    names = {e.name.replace("\\", "/") for e in entries}
    if any(_XDM.search(name) for e in entries for name in e.names):
        reading.mark(doc, "xdm")
    family = office.family(doc.data, entries, names)
    if family:
        zipdir.check(doc.data, entries)
        outcome = office.read(reading, doc, entries, family)
        return read_unless(outcome.why or zipdir.stray(doc.data, entries), family)
    if doc.archives >= MAX_ARCHIVES:
        return unreadable(Why.TOO_DEEP)
    return _each(reading, doc, entries)


def _around(reading: Reading, doc: Doc, entries: tuple[Entry, ...]) -> None:
    """A zip may stand behind a text, and carry a comment: its directory is at the end, and nobody asks what comes before."""
    first = min((e.offset for e in entries), default=len(doc.data))
    for outside in (doc.data[:first], doc.data[doc.data.rfind(_ZIP_END) + _ZIP_END_SIZE :]):
        if words := strings.runs(outside, accented=True):
            reading.text(doc, words)


def _each(reading: Reading, doc: Doc, entries: tuple[Entry, ...]) -> Outcome:
    grace = zipdir.GRACE if doc.archives else zipdir.SCAN
    zipdir.check(doc.data, entries, grace)
    for n, entry in enumerate(entries, 1):
        if entry.folder:
            name_text(reading, doc.child(n, "zip", b"", entry.shown))
            continue
        child = doc.child(n, "zip", b"", entry.shown, archive=True)
        if entry.encrypted:
            name_text(reading, child)
            reading.declare(child, "", Why.ENCRYPTED)
            ziplock.offer(reading, doc.data, child, entry)
            continue
        try:
            data = zipdir.inflate(doc.data, entry, reading, grace)
        except Stop as stop:
            name_text(reading, child)
            reading.declare(child, "", stop.why)
            continue
        reading.look(reading, doc.child(n, "zip", data, entry.shown, archive=True))
    return read_unless(zipdir.stray(doc.data, entries))


# --- one stream -------------------------------------------------------------------------------------------------------


def _gzip() -> zipdir.Unpacker:
    return zlib.decompressobj(31)


def _zlib() -> zipdir.Unpacker:
    return zlib.decompressobj()


def _xz() -> zipdir.Unpacker:
    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


def _one(kind: Holder, make: Callable[[], zipdir.Unpacker]) -> Callable[[Reading, Doc], Outcome]:
    """The reader of a format that packs one file: one member or several after each other (RFC 1952 §2.2)."""

    def read(reading: Reading, doc: Doc) -> Outcome:
        if doc.archives >= MAX_ARCHIVES:
            return unreadable(Why.TOO_DEEP)
        out: list[bytes] = []
        rest = doc.data
        while rest and len(out) < MAX_MEMBERS and (not out or rest[:2] == doc.data[:2]):
            piece, rest = zipdir.unpack(make(), rest, reading)
            out.append(piece)
            rest = rest.lstrip(b"\x00")
        name = _stored_name(doc.data) if kind == "gzip" else ""
        reading.look(reading, doc.child(1, kind, b"".join(out), name, archive=True))
        return read_unless(Why.PARTIAL if rest else None)

    return read


def _stored_name(data: bytes) -> str:
    """The FNAME field of a plain gzip header (RFC 1952 §2.3)."""
    if data[3:4] != b"\x08":
        return ""
    end = data.find(b"\x00", 10, 10 + 1024)
    return mime.clean_name(mime.decode_text(data[10:end])) if end > 0 else ""


gzip_file = _one("gzip", _gzip)
zlib_file = _one("zlib", _zlib)
bzip2_file = _one("bzip2", bz2.BZ2Decompressor)
xz_file = _one("xz", _xz)


# --- tar --------------------------------------------------------------------------------------------------------------


def tar_file(reading: Reading, doc: Doc) -> Outcome:
    """POSIX ustar and GNU tar: headers of 512 octets, long names in entries of type L and x."""
    if doc.archives >= MAX_ARCHIVES:
        return unreadable(Why.TOO_DEEP)
    at = count = 0
    long_name = ""
    while at + _BLOCK <= len(doc.data):
        header = doc.data[at : at + _BLOCK]
        if not header.strip(b"\x00"):
            break
        size = _octal(header[124:136])
        if size is None or header[257:262] != b"ustar" or at + _BLOCK + size > len(doc.data):
            return unreadable(Why.DAMAGED)
        body = doc.data[at + _BLOCK : at + _BLOCK + size]
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
        flag = header[156:157]
        if flag in (b"L", b"x"):
            long_name = _long_name(flag, body)
            continue
        count += 1
        if count > zipdir.MAX_ENTRIES:
            return unreadable(Why.TOO_MANY)
        name = long_name or "/".join(_text(f) for f in (header[345:500], header[:100]) if _text(f))
        long_name = ""
        if size:
            reading.look(reading, doc.child(count, "tar", body, name, archive=True))
        else:
            name_text(reading, doc.child(count, "tar", b"", name))
    behind = doc.data[at:].strip(b"\x00")  # some readers stop at the first block of zeros, some go on
    return read_unless(Why.AMBIGUOUS if behind else None)


def _octal(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \x00")
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return mime.clean_name(mime.decode_text(field.partition(b"\x00")[0]))


_PAX_PATH = re.compile(rb"\d+ path=([^\n]*)\n")


def _long_name(flag: bytes, body: bytes) -> str:
    if flag == b"L":
        return _text(body)
    path = _PAX_PATH.search(body)
    return _text(path[1]) if path else ""
