"""Which entries of a RAR 5 archive are encrypted (RAR 5.0 archive format, rarlab.com/technote.htm): libarchive hands out
their locked octets as if they were the file's own."""

from __future__ import annotations

SIGNATURE = b"Rar!\x1a\x07\x01\x00"
MAX_BLOCKS = 20_000  # headers of one archive; an entry has one, a volume some more
_FILE = 2
_HAS_EXTRA, _HAS_DATA = 1, 2
_ENCRYPTION = 1


def locked(data: bytes) -> frozenset[int]:
    """The numbers, from 1, of the encrypted entries. What cannot be followed ends the search: libarchive stops there
    too."""
    at = len(SIGNATURE) if data.startswith(SIGNATURE) else len(data)
    found: set[int] = set()
    number = 0
    for _ in range(MAX_BLOCKS):
        size, start = _vint(data, at + 4)  # behind the CRC
        end = start + size
        if not size or end > len(data):
            break
        kind, at = _vint(data, start)
        flags, at = _vint(data, at)
        extra, at = _vint(data, at) if flags & _HAS_EXTRA else (0, at)
        behind, at = _vint(data, at) if flags & _HAS_DATA else (0, at)
        if kind == _FILE:
            number += 1
            if _says_locked(data, max(end - extra, at), end):
                found.add(number)
        at = end + behind
    return frozenset(found)


def _says_locked(data: bytes, at: int, end: int) -> bool:
    """Whether one of the records between `at` and `end` is of encryption."""
    while at < end:
        size, start = _vint(data, at)
        kind, _ = _vint(data, start)
        if not size:
            return False
        if kind == _ENCRYPTION:
            return True
        at = start + size
    return False


def _vint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits an octet, least first, and where it ends; 0 when it is cut."""
    value = shift = 0
    for n in range(at, min(at + 10, len(data))):
        value |= (data[n] & 0x7F) << shift
        shift += 7
        if not data[n] & 0x80:
            return value, n + 1
    return 0, len(data)
