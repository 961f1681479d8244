"""The zip directory, read by our own hand: every check stands before the first byte is inflated (PKWARE APPNOTE 6.3).

zipfile of Python before 3.11.8 reads overlapping entries without complaint and trusts declared sizes."""

from __future__ import annotations

import bz2
import itertools
import lzma
import struct
import zlib
from dataclasses import dataclass
from typing import Protocol

from mss_guard.core.formats.reading import Reading, Stop
from mss_guard.core.model import Why

MAX_ENTRIES = 1_500  # amavis $MAXFILES
MAX_RATIO = (
    200  # inflated octets for each compressed one, of one entry; Apache POI refuses above 100 unless told otherwise
)
MAX_TOTAL_RATIO = 100  # of all entries together; deflate itself cannot pass 1,032
GRACE = 1024 * 1024  # octets an entry may inflate to whatever its ratio: an empty sheet is 100 kB of the same row
SCAN = (
    16 * 1024 * 1024
)  # the same of an entry of an outermost zip: a page scanned in colour, unpacked, is 12 MB of white
_CHUNK = 256 * 1024
_SLICE = 64 * 1024

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x0001
_UTF8 = 0x0800
_AES = 99
_WIDE = 0xFFFFFFFF
_SIGNATURE = b"PK\x03\x04"
_MAX_VERSION = 63  # APPNOTE 4.4.3.2
_MAX_METHOD = 98  # APPNOTE 4.4.5


class Unpacker(Protocol):
    """What zlib, bz2 and lzma decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the central directory. `offset` is that of its local header in the bytes at hand; `names` all its
    names."""

    names: tuple[str, ...]
    method: int
    encrypted: bool
    packed: int
    size: int
    offset: int
    central: bytes = b""  # of an encrypted entry: its record of the directory

    @property
    def central_extra(self) -> bytes:
        name_length, extra_length = struct.unpack_from("<HH", self.central, 28)
        return self.central[_CENTRAL.size + name_length : _CENTRAL.size + name_length + extra_length]

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def shown(self) -> str:
        return " | ".join(self.names)

    @property
    def folder(self) -> bool:
        return self.size == 0 and self.name.endswith(("/", "\\"))


def directory(data: bytes) -> tuple[Entry, ...]:
    """The entries in directory order. Stop(DAMAGED) without a directory that fits, Stop(TOO_MANY) over the cap."""
    at = data.rfind(b"PK\x05\x06", -65_557)
    if at < 0 or len(data) < at + _END.size:
        raise Stop(Why.DAMAGED)
    _, disk, _, _, count, size, offset, _ = _END.unpack_from(data, at)
    end = at
    if offset == _WIDE or count == 0xFFFF or size == _WIDE:
        count, size, offset, end = _zip64(data, at)
    elif disk not in (0, 0xFFFF):
        raise Stop(Why.DAMAGED)  # a piece of a split archive
    if count > MAX_ENTRIES:
        raise Stop(Why.TOO_MANY)
    start = end - size
    if start < 0 or size > end:
        raise Stop(Why.DAMAGED)
    return _entries(data, start, end, start - offset, count)


def _zip64(data: bytes, at: int) -> tuple[int, int, int, int]:
    end = data.rfind(b"PK\x06\x06", 0, at)
    if end < 0 or len(data) < end + 56:
        raise Stop(Why.DAMAGED)
    count, size, offset = struct.unpack_from("<3Q", data, end + 32)
    return count, size, offset, end


def _entries(data: bytes, at: int, end: int, shift: int, count: int) -> tuple[Entry, ...]:
    """`shift`: octets that stand before the archive, which its offsets do not know of."""
    found: list[Entry] = []
    while at + _CENTRAL.size <= end and data[at : at + 4] == b"PK\x01\x02":
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, packed, size = fields[3], fields[4], fields[8], fields[9]
        name_length, extra_length, comment_length, offset = fields[10], fields[11], fields[12], fields[16]
        at += _CENTRAL.size
        raw, extra = data[at : at + name_length], data[at + name_length : at + name_length + extra_length]
        if _WIDE in (packed, size, offset):
            packed, size, offset = _wide(extra, packed, size, offset)
        names = _names(raw, extra, utf8=bool(flags & _UTF8))
        locked = bool(flags & _ENCRYPTED) or method == _AES
        record = data[at - _CENTRAL.size : at + name_length + extra_length + comment_length] if locked else b""
        found.append(Entry(names, method, locked, packed, size, offset + shift, record))
        if len(found) > MAX_ENTRIES:
            raise Stop(Why.TOO_MANY)
        at += name_length + extra_length + comment_length
    if len(found) != count:
        raise Stop(Why.DAMAGED)
    return tuple(found)


def fields(extra: bytes) -> dict[int, bytes]:
    """The extra fields by their tags (APPNOTE 4.5.1)."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        found.setdefault(tag, extra[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit sizes of APPNOTE 4.5.3: each stands there only when its 32-bit field is full."""
    body, at = fields(extra).get(1, b""), 0
    wide: list[int] = []
    for value in (size, packed, offset):
        if value == _WIDE and at + 8 <= len(body):
            value = struct.unpack_from("<Q", body, at)[0]  # noqa: PLW2901
            at += 8
        wide.append(value)
    return wide[1], wide[0], wide[2]


def _names(raw: bytes, extra: bytes, *, utf8: bool) -> tuple[str, ...]:
    """UTF-8 when it is said or valid, cp850 otherwise (Windows in France); the Unicode path field (APPNOTE 4.6.9)
    beside it."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8" if utf8 else "cp850", "replace")
    other = fields(extra).get(0x7075, b"")[5:].decode("utf-8", "replace") if extra else ""
    return (name, other) if other and other != name else (name,)


def check(data: bytes, entries: tuple[Entry, ...], grace: int = GRACE) -> None:
    """Refuse before inflating: entries that overlap or lie outside, and totals no honest archive has."""
    spans = sorted((e.offset, e.offset + _LOCAL.size + e.packed) for e in entries)
    if spans and (spans[0][0] < 0 or spans[-1][1] > len(data)):
        raise Stop(Why.DAMAGED)
    if any(a[1] > b[0] for a, b in itertools.pairwise(spans)):
        raise Stop(Why.DAMAGED)
    if sum(e.size for e in entries) > max(MAX_TOTAL_RATIO * len(data), grace):
        raise Stop(Why.TOO_LARGE)


def stray(data: bytes, entries: tuple[Entry, ...]) -> Why | None:
    """AMBIGUOUS when a local entry stands where the directory knows of none: readers that go by local headers see
    another archive. A program before a self-extracting archive may hold the signature, not an entry."""
    known = {e.offset: begin(data, e.offset) + e.packed for e in entries}
    at = data.find(_SIGNATURE)
    begins = sorted((begin(data, offset), end) for offset, end in known.items())
    n = 0
    while at >= 0:
        while n < len(begins) and begins[n][1] <= at:
            n += 1
        if n < len(begins) and begins[n][0] <= at:
            at = data.find(_SIGNATURE, begins[n][1])
            continue
        if at not in known and _is_local(data, at):
            return Why.AMBIGUOUS
        at = data.find(_SIGNATURE, at + 4)
    return None


def begin(data: bytes, offset: int) -> int:
    """Where the packed octets of the entry at `offset` begin."""
    if offset + _LOCAL.size > len(data):
        return len(data)
    name_length, extra_length = struct.unpack_from("<HH", data, offset + 26)
    return int(offset + _LOCAL.size + name_length + extra_length)


def _is_local(data: bytes, at: int) -> bool:
    """A header that some reader would take: a version and a method that exist, a name that fits."""
    if at + _LOCAL.size > len(data):
        return False
    _, version, _, method, *_, name_length, _ = _LOCAL.unpack_from(data, at)
    return (
        version & 0xFF <= _MAX_VERSION
        and (method <= _MAX_METHOD or method == _AES)
        and 0 < name_length <= len(data) - at - _LOCAL.size
        and b"\x00" not in data[at + _LOCAL.size : at + _LOCAL.size + name_length]
    )


def inflate(data: bytes, entry: Entry, reading: Reading, grace: int = GRACE) -> bytes:
    """The bytes of one entry, counted while they come; what the directory declares is never trusted."""
    if data[entry.offset : entry.offset + 4] != _SIGNATURE or entry.offset + _LOCAL.size > len(data):
        raise Stop(Why.DAMAGED)
    start = begin(data, entry.offset)
    packed = data[start : start + entry.packed]
    if entry.method == 0:
        reading.spend(len(packed))
        return packed
    maker = _METHODS.get(entry.method)
    if maker is None:
        raise Stop(Why.DAMAGED)
    out, rest = unpack(maker(packed), packed, reading, grace)
    if rest.strip(b"\x00"):
        raise Stop(Why.AMBIGUOUS)  # more stands in the entry than its stream: no reader would show it
    return out


def stream(unpacker: Unpacker, packed: bytes, reading: Reading) -> bytes:
    """Everything `unpacker` gives for `packed`, as `unpack` does."""
    return unpack(unpacker, packed, reading)[0]


def unpack(unpacker: Unpacker, packed: bytes, reading: Reading, grace: int = GRACE) -> tuple[bytes, bytes]:
    """(everything `unpacker` gives for `packed`, what stands behind its stream), in pieces, within ratio and budget.
    Stop(DAMAGED) when the stream is cut.

    The packed octets are fed in slices: zlib hands back a copy of what it has not yet taken with each piece."""
    limit = max(grace, MAX_RATIO * len(packed))
    out: list[bytes] = []
    total = at = 0
    feed = b""
    try:
        while not unpacker.eof:
            if not feed and getattr(unpacker, "needs_input", True):
                feed, at = packed[at : at + _SLICE], at + _SLICE
            empty = not feed
            piece = unpacker.decompress(feed, _CHUNK)
            feed = getattr(unpacker, "unconsumed_tail", b"")
            total += len(piece)
            reading.spend(len(piece))
            if total > limit:
                raise Stop(Why.TOO_LARGE)
            if not piece and empty:
                break
            out.append(piece)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise Stop(Why.DAMAGED) from error
    if not unpacker.eof:
        raise Stop(Why.DAMAGED)
    return b"".join(out), getattr(unpacker, "unused_data", b"") + packed[at:]


def _deflate(_: bytes) -> Unpacker:
    return zlib.decompressobj(-15)


def _bzip2(_: bytes) -> Unpacker:
    return bz2.BZ2Decompressor()


_METHODS = {8: _deflate, 12: _bzip2}
