"""Bytes without a reader: their printable runs are read, so that a name in an unknown file is still seen."""

from __future__ import annotations

import re

from mss_guard.core.formats.reading import OPAQUE, Doc, Outcome, Reading, Stop, unreadable
from mss_guard.core.model import State, Why

MAX_HARVEST = 16 * 1024 * 1024  # octets searched for runs
MAX_RUNS = 50_000  # of one place: as many words as a hundred pages have

_NARROW = re.compile(rb"[\t\x20-\x7e]{8,}")
_WIDE = re.compile(rb"(?:[\t\r\n\x20-\x7e\xa0-\xff]\x00){6,}")
_ACCENTED = re.compile(rb"[\t\r\n\x07\x0b\x20-\x7e\x80\x85\x8c\x91-\x97\x9c\xa0\xab\xb0\xbb\xc0-\xff]{8,}")


def runs(data: bytes, *, accented: bool = False) -> str:
    """The printable runs of `data`, one a line: ASCII of eight and more, UTF-16 of six; `accented` takes cp1252
    letters too."""
    data = data[:MAX_HARVEST]
    found = [m[0].decode("utf-16-le", "replace") for m in _iterate(_WIDE, data)]
    for match in _iterate(_ACCENTED if accented else _NARROW, data):
        run = match[0]
        if not accented or _mostly_plain(run):
            found.append(run.decode("cp1252", "replace"))
    return "\n".join(found)


def _iterate(pattern: re.Pattern[bytes], data: bytes) -> list[re.Match[bytes]]:
    found: list[re.Match[bytes]] = []
    for match in pattern.finditer(data):
        found.append(match)
        if len(found) >= MAX_RUNS:
            break
    return found


def _mostly_plain(run: bytes) -> bool:
    """Words with accents are mostly ASCII letters and blanks; noise from a binary is not."""
    letters = sum(c == 32 or 65 <= c <= 90 or 97 <= c <= 122 or 48 <= c <= 57 for c in run[:200])
    return letters * 10 >= 7 * len(run[:200])


def read(reading: Reading, doc: Doc) -> Outcome:
    """An unknown binary: opaque, its runs read."""
    try:
        reading.text(doc, runs(doc.data))
    except Stop:
        return unreadable(Why.PARTIAL)
    return OPAQUE


def dicom(reading: Reading, doc: Doc) -> Outcome:
    """DICOM part 10: certain by its form; names and descriptions are runs in the header."""
    reading.mark(doc, "dicom")
    read(reading, doc)
    return Outcome(State.READ, None, "application/dicom")


def opaque(_: Reading, __: Doc) -> Outcome:
    """Sound, video, drawings, fonts, programs: nothing to read in them by nature."""
    return OPAQUE


def locked(_: Reading, __: Doc) -> Outcome:
    """Encrypted by its form."""
    return unreadable(Why.ENCRYPTED)
