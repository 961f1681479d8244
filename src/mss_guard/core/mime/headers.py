"""Header blocks (RFC 5322 §2.2): their fields, where their body begins, and how else a reader could see both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mss_guard.core.mime import charsets
from mss_guard.core.model import Why

MAX_BLOCK = 256 * 1024  # octets of one header block; Postfix header_size_limit is 100 kB for one header
MAX_FIELD = (
    64 * 1024
)  # octets of one field; rspamd and Exim stop at 1 MB of headers, CPython's parser is quadratic past this
MAX_LINES = (
    2_000  # amavis counts 1,500 files as hostile; the longest real blocks (ARC, DKIM, Received) have about 200 lines
)

MAX_CUTS = 3  # places where the body of one block may begin

_END = re.compile(rb"\r?\n(?:\r?\n|\Z)|\r\r")
_FIELD_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")


_OF_MAIL = frozenset({"from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "mime-version"})
_OF_MAIL_TOO = ("content-", "x-", "resent-", "list-", "received", "return-path", "delivered-to", "dkim-", "in-reply-to")
"""One of these says that lines with colons are a header and no text."""


@dataclass(frozen=True, slots=True)
class Header:
    """One field: `name` in lower case, `value` unfolded (folds became one space), surrounding blanks gone,
    undecoded."""

    name: str
    value: bytes

    @property
    def text(self) -> str:
        """The value with raw 8-bit bytes decoded and encoded words left as they are."""
        return self.value.decode("ascii") if self.value.isascii() else charsets.decode(self.value)


@dataclass(frozen=True, slots=True)
class Block:
    """A header block. `why`: a cap was hit or the block is ambiguous; the fields before that are still there."""

    headers: tuple[Header, ...]
    why: Why | None = None

    def all(self, name: str) -> list[Header]:
        return [h for h in self.headers if h.name == name]

    def first(self, name: str) -> Header | None:
        return next((h for h in self.headers if h.name == name), None)


Cut = tuple[Block, int]
"""A header block, and where the body begins."""


def split(data: bytes) -> tuple[Block, int, tuple[Cut, ...]]:
    """The header block at the start of `data`, where the body begins (len(data) when there is no body), and the other
    ways in which readers cut an ambiguous one."""
    if data[:2] == b"\r\n" or data[:1] == b"\n":
        return Block(()), 2 if data[:1] == b"\r" else 1, ()
    end = _END.search(data)
    stop, body = (end.start(), end.end()) if end else (len(data), len(data))
    lines = data[: min(stop, MAX_BLOCK)].splitlines(keepends=True)
    mbox = bool(lines) and lines[0].startswith((b"From ", b">From "))
    if lines and not mbox and not _FIELD_NAME.match(lines[0]):
        return _headless(lines, body)
    fields = _Fields(lines[mbox:MAX_LINES])
    why = Why.AMBIGUOUS if fields.odd else None
    if stop > MAX_BLOCK:
        why = Why.TOO_LARGE
    elif len(lines) > MAX_LINES:
        why = Why.TOO_MANY
    if fields.large:
        why = Why.TOO_LARGE
    if end is None and not fields.of_mail():
        return Block(()), 0, ()
    whole = (Block(tuple(fields.found), why), body)
    if not fields.cuts:
        return *whole, _strict(fields, whole)
    above = sum(map(len, lines[:mbox]))
    stopped = [
        (Block(tuple(fields.found[:count]), why), above + sum(map(len, fields.lines[:at]))) for count, at in fields.cuts
    ]
    if not fields.odd:
        return *stopped[0], ()
    readings = [*stopped[:1], whole, *stopped[1:]] if fields.stops_first else [whole, *stopped]
    if not fields.goes_on:
        readings.remove(whole)
    return *readings[0], (*readings[1:], *_strict(fields, readings[0]))


def _strict(fields: _Fields, cut: Cut) -> tuple[Cut, ...]:
    """The same block for readers that take no blank before the colon (RFC 5322 §2.2)."""
    if not fields.spaced:
        return ()
    block, body = cut
    return ((Block(tuple(h for h in block.headers if h.name not in fields.spaced), block.why), body),)


def _headless(lines: Sequence[bytes], body: int) -> tuple[Block, int, tuple[Cut, ...]]:
    """A part that begins with its text. Other readers may still see headers further down: then it is ambiguous."""
    if not any(line[:8].lower() == b"content-" for line in lines):
        return Block(()), 0, ()
    fields = _Fields(lines[:MAX_LINES])
    return Block((), Why.AMBIGUOUS), 0, ((Block(tuple(fields.found), Why.AMBIGUOUS), body),)


class _Fields:
    """The fields of a block, read past what is no field. `cuts`: (fields, lines) before each place where some readers
    (CPython) let the body begin; `stops_first`: the first of them is the likelier."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.found: list[Header] = []
        self.cuts: list[tuple[int, int]] = []
        self.spaced: set[str] = set()
        self.large = self.odd = self.stops_first = self.goes_on = False
        at, count = 0, len(lines)
        while at < count:
            line = lines[at]
            if not _FIELD_NAME.match(line):
                at = self._no_field(at)
                continue
            begin, at = at, at + 1
            while at < count and lines[at][:1] in (b" ", b"\t") and lines[at].strip():
                at += 1
            name, _, value = line.partition(b":")
            if at > begin + 1:
                value = b" ".join([value.strip(), *(fold.strip() for fold in lines[begin + 1 : at])])
            if len(value) > MAX_FIELD:
                self.large, value = True, value[:MAX_FIELD]
            token = name.strip().decode("ascii").lower()
            if b"\0" in value or name[-1:] in (b" ", b"\t"):
                value = self._odd_field(name, token, value)
            self.found.append(Header(token, value.strip()))

    def of_mail(self) -> bool:
        return any(h.name in _OF_MAIL or h.name.startswith(_OF_MAIL_TOO) for h in self.found)

    def _odd_field(self, name: bytes, token: str, value: bytes) -> bytes:
        """The value without its NULs: these end it for readers in C and vanish for others, and both are kept."""
        if token.startswith("content-"):
            self.odd = True
            if b"\0" in value:
                self.found.append(Header(token, value.partition(b"\0")[0].strip()))
            if name[-1:] in (b" ", b"\t"):
                self.spaced.add(token)
        return value.replace(b"\0", b"")

    def _no_field(self, at: int) -> int:
        """A line that is neither field nor fold. Blanks alone are an old fold (RFC 5322 §4.2) when fields follow, and
        the end of the block when none does."""
        line = self.lines[at]
        if line.startswith(b">From "):
            return at + 1
        end = at + 1
        while end < len(self.lines) and not _FIELD_NAME.match(self.lines[end]):
            end += 1
        blank = not line.strip()
        delimiter = blank and b"".join(self.lines[at + 1 : at + 2]).startswith(b"--")  # no reader takes it for a fold
        more = end < len(self.lines) and not delimiter
        if not self.cuts:
            self.stops_first = not blank or not more
            self.odd = self.odd or more or not blank
        if len(self.cuts) < MAX_CUTS:
            self.cuts.append((len(self.found), at + blank))
        self.goes_on = self.goes_on or more
        if blank and more and self.found:
            last = self.found[-1]
            folds = [last.value, *(fold.strip() for fold in self.lines[at + 1 : end])]
            self.found[-1] = Header(last.name, b" ".join(folds)[:MAX_FIELD])
        return end if more else len(self.lines)
