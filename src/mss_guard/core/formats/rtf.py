"""RTF 1.9.1 to text: one pass over its tokens. Headers, footnotes, comments and text boxes are text like the rest;
pictures and embedded objects are places of their own."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from mss_guard.core import mime
from mss_guard.core.formats.reading import Doc, Outcome, Reading, Stop, read_unless
from mss_guard.core.model import Why

MAX_GROUPS = 10_000  # nested groups; Word stops at some hundreds
MAX_OBJECTS = 200  # pictures and objects read from one document

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+", re.DOTALL
)
_SILENT = frozenset(
    {b"fonttbl", b"colortbl", b"stylesheet", b"themedata", b"colorschememapping", b"datastore", b"latentstyles"}
    | {b"listtable", b"listoverridetable", b"rsidtbl", b"generator", b"xmlnstbl", b"wgrffmtfilter", b"mmathPr"}
    | {b"revtbl", b"filetbl", b"pgptbl", b"listpicture", b"panose", b"falt", b"blipuid"}
)
"""Destinations that hold tables and settings; every other one, known or not, is text."""

_HEX = frozenset({b"pict", b"objdata"})
_DIGITS = b"0123456789abcdefABCDEF \t"
_SPOKEN = (
    dict.fromkeys((b"par", b"line", b"row", b"sect", b"page", b"nestrow", b"softline"), "\n")
    | dict.fromkeys((b"tab", b"cell", b"nestcell"), "\t")
    | {b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"}
    | {b"bullet": "•", b"emspace": " ", b"enspace": " "}
)
_SYMBOLS = {b"~": "\xa0", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n", b"{": "{", b"}": "}", b"\\": "\\"}


@dataclass(slots=True)
class _Group:
    silent: bool = False
    packed: bool = False  # its characters are hexadecimal digits
    own: bool = False  # ... and it said so itself: groups inside it may hold words
    skip: int = 1  # \ucN: characters that stand for those without Unicode


@dataclass(slots=True)
class _Pass:
    """One pass over the tokens: the group at hand, and what has been said so far."""

    charset: str = "cp1252"
    out: list[str] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    group: _Group = field(default_factory=_Group)
    stack: list[_Group] = field(default_factory=list)
    octets: bytearray = field(default_factory=bytearray)  # of charsets with two octets a character, so decoded together
    hexes: list[bytes] = field(default_factory=list)
    odd: bool = False
    packed: bytearray = field(default_factory=bytearray)  # the object at hand
    skipping: int = 0
    high: int = 0  # the first half of a UTF-16 pair

    def take(self, match: re.Match[bytes]) -> int:
        """Take one token; the number of raw octets that follow it (\\binN)."""
        word, number, octet, symbol, brace, plain = match.groups()
        if word == b"bin":
            return max(int(number or 0), 0)
        if word:
            self.word(word, int(number) if number else None)
        elif brace:
            self.brace(opening=brace == b"{")
        elif self.group.packed and not self.group.silent and plain and not plain.translate(None, _DIGITS):
            self.hexes.append(plain)
        elif self.group.own and plain:
            self.odd = True  # no digits where an object's stand: readers differ on what it is then
            self.characters(plain, None)
        elif not self.group.silent:
            self.characters(plain or (bytes([int(octet, 16)]) if octet else b""), symbol)
        return 0

    def brace(self, *, opening: bool) -> None:
        if opening:
            if len(self.stack) >= MAX_GROUPS:
                raise Stop(Why.TOO_DEEP)
            self.stack.append(self.group)
            self.group = _Group(self.group.silent, self.group.packed, skip=self.group.skip)
            return
        outer = self.stack.pop() if self.stack else _Group()
        if self.group.packed and not outer.packed:
            self.blobs.append(self.blob())
        self.group = outer

    def word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            if not self.group.silent:
                self.unicode(number & 0xFFFF)
                self.skipping = self.group.skip
        elif word == b"uc":
            self.group.skip = max(min(number or 0, 10), 0)
        elif word in (b"ansicpg", b"mac"):
            self.charset = f"cp{number}" if number else "mac_roman"
        elif word in _SILENT:
            self.group.silent = True
        elif word in _HEX:
            self.group.packed = self.group.own = True
        elif word in _SPOKEN and not self.group.silent:
            self.put(_SPOKEN[word])

    def characters(self, plain: bytes, symbol: bytes | None) -> None:
        if symbol is not None:
            self.put(_SYMBOLS.get(symbol, ""))
        elif self.skipping and plain:
            self.skipping -= 1
            self.octets += plain[1:]
        else:
            self.octets += plain

    def unicode(self, number: int) -> None:
        if 0xD800 <= number < 0xDC00:
            self.high = number
        elif 0xDC00 <= number < 0xE000:
            self.put(chr(0x10000 + ((self.high - 0xD800) << 10) + number - 0xDC00) if self.high else "")
            self.high = 0
        else:
            self.put(chr(number))

    def put(self, text: str) -> None:
        self.flush()
        self.out.append(text)

    def flush(self) -> None:
        if self.octets:
            info = mime.codec(self.charset)
            self.out.append(self.octets.decode(info.name if info else "cp1252", "replace"))
            self.octets.clear()

    def raw(self, octets: bytes) -> None:
        """The octets of \\binN: a piece of the object at hand, or one of their own."""
        if self.group.packed:
            self.unhex()
            self.packed += octets
        elif octets:
            self.blobs.append(octets)

    def unhex(self) -> None:
        digits = b"".join(self.hexes).translate(None, b" \t\r\n")
        self.hexes.clear()
        self.packed += binascii.a2b_hex(digits[: len(digits) // 2 * 2])

    def blob(self) -> bytes:
        self.unhex()
        out = bytes(self.packed)
        self.packed.clear()
        return out


def read(reading: Reading, doc: Doc) -> Outcome:
    text, blobs, why = tokens(doc.data)
    reading.text(doc, text)
    for n, blob in enumerate(blobs[:MAX_OBJECTS], 1):
        reading.spend(len(blob))
        reading.look(reading, doc.child(n, "rtf", _unwrapped(blob), ""))
    return read_unless(why or (Why.TOO_MANY if len(blobs) > MAX_OBJECTS else None))


def tokens(data: bytes) -> tuple[str, list[bytes], Why | None]:
    """(text, pictures and objects, why it is not all)."""
    run = _Pass()
    at, why = 0, None
    try:
        while at < len(data) and (match := _TOKEN.match(data, at)) is not None:
            at = match.end()
            octets = run.take(match)
            if octets:
                run.raw(data[at : at + octets])
                at += octets
        if at > len(data) or run.odd or run.stack:  # an open group at the end: the file is cut
            why = Why.DAMAGED
    except Stop as stop:
        why = stop.why
    run.flush()
    if run.group.packed:  # its end is missing
        run.blobs.append(run.blob())
    return "".join(run.out), run.blobs, why


def _unwrapped(blob: bytes) -> bytes:
    """An OLE 1.0 object (MS-OLEDS §2.2.5) holds its native data after a header: the compound file or zip in it, when
    there is one."""
    for mark in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"):
        at = blob.find(mark, 0, 4096)
        if at > 0:
            return blob[at:]
    return blob
