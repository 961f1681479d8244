"""What libarchive opens: 7z, RAR 4 and 5, cab, iso9660, cpio, ar, LHA, and one file packed with zstd, lz4, lzip, LZMA
or compress.

Only formats and filters that work in memory are switched on: libarchive's "all" has mtree, which names other files, and
filters that start programs. Nothing here can decrypt: a locked entry is named and the next one is read."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import libarchive
from libarchive import ffi
from libarchive.read import ArchiveRead

from mss_guard.core import mime
from mss_guard.core.formats import rar5
from mss_guard.core.formats.naming import name_text
from mss_guard.core.formats.reading import (
    MAX_ARCHIVES,
    Doc,
    Holder,
    Outcome,
    Reader,
    Reading,
    Stop,
    read_unless,
    unreadable,
)
from mss_guard.core.formats.zipdir import GRACE, MAX_ENTRIES, MAX_RATIO
from mss_guard.core.model import Why

_FORMATS: Final = ("7zip", "rar", "rar5", "cab", "iso9660", "cpio", "ar", "lha")
_is_locked: Final = ffi.ffi("entry_is_encrypted", [ctypes.c_void_p], ctypes.c_int)
_TRIED: Final = 64 * 1024 * 1024  # a wrong key shows in the first octets; what is a bomb is found by reading it
_FILTERS: Final = ("zstd", "lz4", "lzip", "lzma", "compress", "gzip", "bzip2", "xz", "rpm")


def reader(holder: Holder) -> Reader:
    """The reader whose entries are numbered "1:<holder>"."""
    return partial(_read, holder)


def _read(holder: Holder, reading: Reading, doc: Doc) -> Outcome:
    """Each entry is a place inside this one."""
    if doc.archives >= MAX_ARCHIVES:
        return unreadable(Why.TOO_DEEP)
    try:
        with _opened(doc.data, _FORMATS) as archive:
            return _entries(reading, doc, archive, holder)
    except libarchive.exception.ArchiveError as error:
        if _said_locked(error):
            return unreadable(Why.ENCRYPTED)
    return _stream(reading, doc, holder)


def _entries(reading: Reading, doc: Doc, archive: ArchiveRead, holder: Holder) -> Outcome:
    """Raises ArchiveError when not even a first entry is there; a later error is an archive cut short."""
    number = 0
    locked = rar5.locked(doc.data)
    try:
        for entry in archive:
            number += 1
            if number > MAX_ENTRIES:
                return unreadable(Why.TOO_MANY)
            child = doc.child(number, holder, b"", _name(entry), archive=True)
            if entry.isdir:
                name_text(reading, child)
                continue
            _entry(reading, doc, entry, holder, number, locked=number in locked)
    except libarchive.exception.ArchiveError as error:
        if number == 0:
            raise
        last = reading.places[-1]  # behind a locked entry of a 7z libarchive does not go on
        shut = _said_locked(error) or (last is not None and last.why is Why.ENCRYPTED)
        return unreadable(Why.ENCRYPTED if shut else Why.DAMAGED)
    return read_unless(None) if number else unreadable(Why.DAMAGED)


def _entry(reading: Reading, doc: Doc, entry: Any, holder: Holder, number: int, *, locked: bool = False) -> None:
    """Read one entry. What keeps it from being read is said of it alone, but for a spent allowance of octets."""
    name = _name(entry)
    blocks: list[bytes] = []
    why = (
        Why.ENCRYPTED if locked or _is_locked(entry._entry_p) else None
    )  # some locked entries come out as noise, without error
    try:
        for block in entry.get_blocks():
            reading.spend(len(block))
            blocks.append(block)
    except libarchive.exception.ArchiveError as error:
        why = why or (Why.ENCRYPTED if _said_locked(error) else Why.DAMAGED)
    except Stop as stop:
        child = doc.child(number, holder, b"", name, archive=True)
        name_text(reading, child)
        reading.declare(child, "", stop.why)
        raise
    child = doc.child(number, holder, b"".join(blocks), name, archive=True)
    if why is not None:
        reading.declare(child, "", why)
    if why is None or (child.data and why is not Why.ENCRYPTED):
        reading.look(reading, child)
    else:
        name_text(reading, child)


def _stream(reading: Reading, doc: Doc, holder: Holder) -> Outcome:
    """One packed file without a directory."""
    try:
        with _opened(doc.data, ("raw",)) as archive:
            if not archive.filter_names:
                return unreadable(Why.DAMAGED)
            for entry in archive:
                _entry(reading, doc, entry, holder, 1)
    except libarchive.exception.ArchiveError:
        return unreadable(Why.DAMAGED)
    return read_unless(None)


def unlocked(reading: Reading, data: bytes, password: bytes) -> bytes | None:
    """The one entry of an encrypted zip, decrypted and checked; None when the password does not open it. Raises Stop:
    too large."""
    limit = max(GRACE, MAX_RATIO * len(data))
    out: list[bytes] = []
    total = 0
    try:
        with _opened(data, ("zip_seekable",), password) as archive:
            for entry in archive:
                for block in entry.get_blocks():
                    total += len(block)
                    if total > limit:
                        raise Stop(Why.TOO_LARGE)
                    out.append(block)
    except libarchive.exception.ArchiveError:
        return None
    reading.spend(total)
    return b"".join(out)


def reads(data: bytes) -> bool:
    """Whether the entries of a 7z come out without an error, as far as _TRIED octets of them."""
    total = 0
    try:
        with _opened(data, ("7zip",)) as archive:
            for entry in archive:
                for block in entry.get_blocks():
                    total += len(block)
                    if total > _TRIED:
                        return True
    except libarchive.exception.ArchiveError:
        return False
    return True


@contextmanager
def _opened(data: bytes, formats: tuple[str, ...], password: bytes = b"") -> Iterator[ArchiveRead]:
    pointer = ffi.read_new()
    try:
        if password:
            ffi.read_add_passphrase(pointer, password)
        for name in _FILTERS:
            ffi.get_read_filter_function(name)(pointer)
        for name in formats:
            ffi.get_read_format_function(name)(pointer)
        ffi.read_open_memory(pointer, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data))
        yield ArchiveRead(pointer)
    finally:
        ffi.read_free(pointer)


def _name(entry: Any) -> str:
    try:
        name = entry.pathname
    except (UnicodeError, libarchive.exception.ArchiveError):
        return ""
    return mime.clean_name(name.decode("utf-8", "replace") if isinstance(name, bytes) else name or "")


def _said_locked(error: libarchive.exception.ArchiveError) -> bool:
    """libarchive says it in words only: "Encrypted file is unsupported", "RAR encryption support unavailable"."""
    return "encrypt" in str(error).lower()


def warm() -> None:
    """Load all that is loaded at first use."""
    for formats in (_FORMATS, ("raw",), ("zip_seekable",)):
        try:
            with _opened(b"!<arch>\n", formats) as archive:
                list(archive)
        except libarchive.exception.ArchiveError:
            continue
