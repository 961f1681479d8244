"""A multipart body cut at its delimiter lines (RFC 2046 §5.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PARTS = 1_000  # MIME parts in all; Postfix has no cap, amavis stops at 1,500 files, Python took 7 s for 100,000
MAX_STRANGE = 100  # lines that begin with a delimiter and go on; more of them are as odd as these

_BEFORE_FIELDS = re.compile(rb"^--([^\s][^\r\n]{0,200})\r?\n(?=[A-Za-z][A-Za-z0-9-]{2,60}:)", re.MULTILINE)
_DASHED = re.compile(rb"^--[^\s-]", re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary\s{0,9}=\s{0,9}\"?([^\"\r\n;]{1,200})", re.IGNORECASE)
_CONTENT_FIELD = re.compile(rb"^content-(?:type|transfer-encoding|disposition)[ \t]*:", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pieces:
    """`epilogue`: all behind the closing delimiter. `odd`: some line begins with the delimiter and goes on, or more
    delimiters follow the closing one; readers differ on both."""

    preamble: bytes
    parts: list[bytes]
    epilogue: bytes
    odd: bool


def cut(body: bytes, boundary: bytes, begin: int = 0, *, lenient: bool = False) -> Pieces | None:
    """`body` from `begin` on; None when it holds no delimiter line. A missing closing delimiter is at the end.

    `lenient`: what only begins with the delimiter is one, and the closing one closes nothing: as RFC 2046 told its
    readers to compare, and as readers do that go on."""
    mark = b"--" + boundary
    cuts: list[bytes] = []
    start = begin
    strange: set[bytes] = set()
    at = body.find(mark, begin)
    while at >= 0:
        stop = at + len(mark)
        end = body.find(b"\n", stop)
        end = len(body) if end < 0 else end + 1
        if at == start or body[at - 1] in b"\r\n":
            rest = body[stop:end].strip()
            closing = rest[:2] == b"--"
            if rest not in (b"", b"--") and len(strange) < MAX_STRANGE:
                strange.add(boundary + rest)
            if closing or not rest or lenient:
                cuts.append(body[begin : max(_before(body, at), begin)])
                begin = end
                if closing and not lenient:
                    more = b"\n" + mark in body[begin - 1 :]
                    return Pieces(cuts[0], cuts[1:], body[begin:], more or _nobodys(strange, body, start))
                if len(cuts) > MAX_PARTS + 1:
                    break
        at = body.find(mark, stop)
    if not cuts:
        return None
    last = [body[begin:]] if body[begin:].strip() else []
    return Pieces(cuts[0], [*cuts[1:], *last], b"", _nobodys(strange, body, start))


def _nobodys(lines: set[bytes], body: bytes, start: int) -> bool:
    """One of these lines is no delimiter of a multipart inside, whose boundary begins like this one: Eudora and some
    newsletters write so, and all readers find the same leaves."""
    if not lines:
        return False
    inside = {value.strip() for value in _BOUNDARY.findall(body, start)}
    return not all(line in inside or line.removesuffix(b"--") in inside for line in lines)


def _before(body: bytes, at: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if body[max(at - 2, 0) : at] == b"\r\n":
        return at - 2
    return max(at - 1, 0)


def guess(body: bytes) -> bytes | None:
    """The boundary by which a lenient reader would cut a body that holds no delimiter line of its own."""
    found = _BEFORE_FIELDS.search(body)
    return found[1].rstrip() if found else None


def hides_parts(margin: bytes) -> bool:
    """Something in a preamble or epilogue looks like parts, which no reader should see there and some might."""
    return _CONTENT_FIELD.search(margin) is not None or guess(margin) is not None


def looks_cut(body: bytes) -> bool:
    """A body that holds none of its own delimiters has lines that look like some."""
    return _DASHED.search(body) is not None or hides_parts(body)
