"""The MIME walk (RFC 2045–2049, 5322): every part of a message in order, decoded, in one pass over slices of the bytes.

A part keeps what readers would differ on as `why`, so that nothing ambiguous passes for read. Caps stand before the
work they bound."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from mss_guard.core.mime import headers, transfer
from mss_guard.core.mime.headers import Block, Header
from mss_guard.core.model import Why

MAX_PARTS = 1_000  # MIME parts in all; Postfix has no cap, amavis stops at 1,500 files, Python took 7 s for 100,000
MAX_DEPTH = 20  # nested multiparts and messages; Postfix mime_nesting_limit is 100, amavis stops at 14 levels

_NAMES = frozenset({"filename", "name"})
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `data` is decoded; for a container (multipart, message) that was walked it is empty, and `why` says
    if it was odd.

    `declared` is the type the headers claim, lower case, "text/plain" when they claim none (RFC 2045 §5.2).
    `name`: all candidate names joined by " | ". `message`: number of the message the part belongs to, 0 is the outer
    one.
    """

    id: str
    declared: str
    data: bytes = field(repr=False)
    charset: str = ""
    name: str = ""
    description: str = ""
    content_id: str = ""
    attachment: bool = False
    container: bool = False
    message: int = 0
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The header block of the outer message (number 0, part "0") or of a nested one (part "2.0")."""

    number: int
    part: str
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: its heads and its parts, both in the order of the bytes."""

    heads: tuple[Head, ...]
    parts: tuple[Part, ...]


def parse(raw: bytes, prefix: str = "", first: int = 0) -> Message:
    """Walk `raw`; never raises, on any bytes. `prefix` and `first` number a message met inside a document
    ("2/1:zip/" and 3)."""
    walk = _Walk(prefix, first)
    walk.message(raw, "", 0)
    return Message(tuple(walk.heads), tuple(walk.parts))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a part's headers say, with every way in which they contradict themselves."""

    declared: str
    params: list[tuple[str, str]]
    encoding: str
    why: Why | None

    @property
    def boundary(self) -> bytes:
        return next((v.encode("utf-8", "surrogateescape") for k, v in self.params if k == "boundary"), b"").rstrip()


def _token(value: str) -> str:
    return _COMMENT.sub("", value.partition(";")[0]).strip().strip('"').lower()


def _facts(block: Block, default: str) -> _Facts:
    types = [h.text for h in block.all("content-type")]
    encodings = list(dict.fromkeys(_token(h.text) for h in block.all("content-transfer-encoding")))
    params = headers.parameters(types[0]) if types else []
    why = block.why
    if len(set(types)) > 1 or len(encodings) > 1 or len({v for k, v in params if k == "boundary"}) > 1:
        why = why or Why.AMBIGUOUS
    if len(params) >= headers.MAX_PARAMETERS:
        why = why or Why.TOO_MANY
    declared = _token(types[0]) if types else default
    if "/" not in declared:
        declared = default
    return _Facts(declared, params, encodings[0] if encodings else "", why)


class _Walk:
    """The state of one walk: what was found so far, and the counters that bound it."""

    def __init__(self, prefix: str, first: int) -> None:
        self.prefix = prefix
        self.first = first
        self.heads: list[Head] = []
        self.parts: list[Part] = []

    def message(self, data: bytes, at: str, depth: int) -> None:
        """A message whose parts are numbered below `at` ("" for the outer one)."""
        block, body = headers.split(data)
        number = self.first + len(self.heads)
        self.heads.append(Head(number, self._id(f"{at}.0" if at else "0"), block.headers))
        if block.why in (Why.TOO_LARGE, Why.TOO_MANY):
            self._add(
                Part(f"{at}.0" if at else "0", "message/rfc822", b"", container=True, message=number, why=block.why)
            )
        facts = _facts(block, "text/plain")
        below = f"{at}." if at else ""
        if facts.declared.startswith("multipart/"):
            self._entity(data, body, block, facts, at or "0", below, number, depth)
        else:
            self._entity(data, body, block, facts, f"{below}1", "", number, depth)

    def _entity(
        self, data: bytes, body: int, block: Block, facts: _Facts, part: str, below: str, number: int, depth: int
    ) -> None:
        if len(self.parts) >= MAX_PARTS:
            self._add(Part(part, "multipart/mixed", b"", container=True, message=number, why=Why.TOO_MANY))
            return
        kind = facts.declared.partition("/")[0]
        if kind == "multipart" and self._multipart(data[body:], facts, part, below, number, depth):
            return
        content, why = transfer.decode(data[body:], facts.encoding)
        why = facts.why or why
        if facts.declared in ("message/partial", "message/external-body") or (kind == "multipart" and content.strip()):
            why = why or Why.AMBIGUOUS
        elif kind == "message" and facts.declared in ("message/rfc822", "message/global", "message/news"):
            if depth < MAX_DEPTH:
                self._add(
                    Part(part, facts.declared, b"", container=True, message=number, name=_name(block, facts), why=why)
                )
                self.message(content.lstrip(b"\r\n"), part, depth + 1)
                return
            why = Why.TOO_DEEP
        self._add(_leaf(part, facts, block, content, number, why))

    def _multipart(self, body: bytes, facts: _Facts, part: str, below: str, number: int, depth: int) -> bool:
        """Walk the parts between the delimiters; False when there is nothing to walk by, and the body is one odd
        leaf."""
        boundary = facts.boundary
        pieces = _split(body, boundary) if boundary else None
        if pieces is None:
            return False
        why = facts.why or (Why.AMBIGUOUS if pieces.reopened else None)
        if facts.encoding not in transfer.IDENTITY:
            inner = _split(transfer.decode(body, facts.encoding)[0], boundary)
            if facts.encoding != "quoted-printable" or (inner is not None and len(inner.parts) > len(pieces.parts)):
                why = why or Why.AMBIGUOUS  # a reader that decodes first (forbidden by RFC 2045 §6.4) sees other parts
        if depth >= MAX_DEPTH:
            self._add(Part(part, facts.declared, body, message=number, why=Why.TOO_DEEP))
            return True
        if facts.declared == "multipart/encrypted":
            why = why or Why.ENCRYPTED
        self._add(Part(part, facts.declared, b"", container=True, message=number, why=why))
        self._margin(pieces.preamble, f"{below}0:preamble", number)
        default = "message/rfc822" if facts.declared == "multipart/digest" else "text/plain"
        for n, piece in enumerate(pieces.parts, 1):
            if len(self.parts) >= MAX_PARTS:
                self._add(Part(f"{below}{n}", "multipart/mixed", b"", container=True, message=number, why=Why.TOO_MANY))
                break
            block, at = headers.split(piece)
            self._entity(piece, at, block, _facts(block, default), f"{below}{n}", f"{below}{n}.", number, depth + 1)
        self._margin(pieces.epilogue, f"{below}0:epilogue", number)
        return True

    def _margin(self, data: bytes, part: str, number: int) -> None:
        """Preamble and epilogue are shown by no client and read by us."""
        if data.strip():
            self._add(Part(part, "text/plain", data, message=number))

    def _add(self, part: Part) -> None:
        if self.prefix:
            part = replace(part, id=self._id(part.id))
        self.parts.append(part)

    def _id(self, part: str) -> str:
        return self.prefix + part


def _leaf(part: str, facts: _Facts, block: Block, content: bytes, number: int, why: Why | None) -> Part:
    disposition = block.first("content-disposition")
    content_id = block.first("content-id")
    description = block.first("content-description")
    name = _name(block, facts)
    return Part(
        id=part,
        declared=facts.declared,
        data=content,
        charset=next(headers.candidates(facts.params, frozenset({"charset"})), ""),
        name=name,
        description=headers.words(description.text) if description else "",
        content_id=content_id.text.strip("<> ") if content_id else "",
        attachment=bool(name) or (disposition is not None and _token(disposition.text) == "attachment"),
        message=number,
        why=why,
    )


def _name(block: Block, facts: _Facts) -> str:
    """All candidate names, from every Content-Disposition and Content-Type header, in order, each once."""
    found: dict[str, None] = {}
    for header in block.all("content-disposition"):
        for name in headers.candidates(headers.parameters(header.text), _NAMES):
            found.setdefault(headers.clean_name(name))
    for header in block.all("content-type"):
        if "name" in header.text.lower():
            for name in headers.candidates(headers.parameters(header.text), _NAMES):
                found.setdefault(headers.clean_name(name))
    return " | ".join(name for name in found if name)


# --- delimiters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A multipart body cut at its delimiter lines. `reopened`: more delimiters follow the closing one; some readers
    go on there."""

    preamble: bytes
    parts: list[bytes]
    epilogue: bytes
    reopened: bool


def _split(body: bytes, boundary: bytes) -> _Pieces | None:
    """Cut `body` (RFC 2046 §5.1.1); None when it holds no delimiter line. A missing closing delimiter is at the end."""
    mark = b"--" + boundary
    cuts: list[bytes] = []
    begin = 0
    at = body.find(mark)
    while at >= 0:
        stop = at + len(mark)
        closing = body[stop : stop + 2] == b"--"
        end = body.find(b"\n", stop)
        end = len(body) if end < 0 else end + 1
        if (at == 0 or body[at - 1] in b"\r\n") and (closing or not body[stop:end].strip()):
            cuts.append(body[begin : max(_before(body, at), begin)])
            begin = end
            if closing:
                return _Pieces(cuts[0], cuts[1:], body[begin:], b"\n" + mark in body[begin - 1 :])
            if len(cuts) > MAX_PARTS + 1:
                break
        at = body.find(mark, stop)
    return _Pieces(cuts[0], [*cuts[1:], body[begin:]], b"", False) if cuts else None


def _before(body: bytes, at: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if body[max(at - 2, 0) : at] == b"\r\n":
        return at - 2
    return max(at - 1, 0)
