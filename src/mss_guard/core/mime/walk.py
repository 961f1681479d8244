"""The MIME walk (RFC 2045–2049, 5322): every part of a message in order, decoded, in one pass over slices of the bytes.

A part keeps what readers would differ on as `why`, so that nothing ambiguous passes for read; beside the likeliest
reading the others are walked too (`again`), and what they alone see is handed out. Caps stand before the work they
bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec

from mss_guard.core.mime import charsets, delimiters, facts, headers, second, transfer
from mss_guard.core.mime.delimiters import MAX_PARTS, Pieces
from mss_guard.core.mime.facts import Facts
from mss_guard.core.mime.headers import Block
from mss_guard.core.mime.parts import Head, Message, Part, charset, leaf, names
from mss_guard.core.model import Why

MAX_DEPTH = 20  # nested multiparts and messages; Postfix mime_nesting_limit is 100, amavis stops at 14 levels
MAX_AGAIN = 24  # other readings of one message; the hostile messages that we know need one to three
MAX_AGAIN_OCTETS = 8 * 1024 * 1024  # walked in them; the message is ambiguous anyway, and a verdict takes 5 s at most
MAX_WALKED = 200 * 1024 * 1024  # octets of multiparts within each other, each of which is held; a worker has 768 MiB

P = ParamSpec("P")

_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
_PIECEMEAL = frozenset({"message/partial", "message/external-body"})


def parse(raw: bytes, prefix: str = "", first: int = 0) -> Message:
    """Walk `raw`; never raises, on any bytes. `prefix` and `first` number a message met inside a document
    ("2/1:zip/" and 3)."""
    walk = _Walk(prefix, first)
    walk.message(_lined(raw), _Place("", "", 0, frozenset()))
    if any(part.why is Why.AMBIGUOUS for part in walk.parts):
        walk.sweep(raw)
    return Message(tuple(walk.heads), tuple(walk.parts))


def _lined(raw: bytes) -> bytes:
    """CR alone ended lines on old Macs: without any LF they are line ends."""
    return raw if b"\n" in raw or b"\r" not in raw else raw.replace(b"\r", b"\n")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entity stands: its number, the beginning of its children's numbers, and the boundaries around it."""

    part: str
    below: str
    depth: int
    around: frozenset[bytes]
    message: int = 0


class _Walk:
    """The state of one walk: what was found so far, and the counters that bound it."""

    def __init__(self, prefix: str, first: int) -> None:
        self.prefix = prefix
        self.first = first
        self.heads: list[Head] = []
        self.parts: list[Part] = []
        self.again_left = MAX_AGAIN
        self.octets_left = MAX_AGAIN_OCTETS
        self.walked = 0

    # --- messages and entities ----------------------------------------------------------------------------------------

    def message(self, data: bytes, at: _Place) -> None:
        """A message whose parts are numbered below `at.part` ("" for the outer one)."""
        block, body, others = headers.split(data)
        self._message(data, block, body, at)
        for n, (other, start) in enumerate(others, 1):
            self._again(at.part or "0", n, _Walk._message, data, other, start, _Place("", "", at.depth, at.around))

    def _message(self, data: bytes, block: Block, body: int, at: _Place) -> None:
        number = self.first + len(self.heads)
        head = f"{at.part}.0" if at.part else "0"
        self.heads.append(Head(number, self._id(head), block.headers))
        if block.why in (Why.TOO_LARGE, Why.TOO_MANY):
            self._add(Part(head, "message/rfc822", b"", container=True, message=number, why=block.why))
        below = f"{at.part}." if at.part else ""
        readings = facts.read(block, "text/plain")
        if readings[0].declared.startswith("multipart/"):
            place = _Place(at.part or "0", below, at.depth, at.around, number)
        else:
            place = _Place(f"{below}1", "", at.depth, at.around, number)
        self._readings(data, body, block, readings, place)

    def _part(self, piece: bytes, place: _Place, default: str) -> None:
        """One piece between two delimiters."""
        block, body, others = headers.split(piece)
        self._readings(piece, body, block, facts.read(block, default), place)
        for n, (other, start) in enumerate(others, 1):
            inner = facts.read(other, default)[0]
            self._again(place.part, n, _Walk._entity, piece, start, other, inner, _inner(place))

    def _readings(self, data: bytes, body: int, block: Block, readings: Sequence[Facts], place: _Place) -> None:
        self._entity(data, body, block, readings[0], place)
        for n, other in enumerate(readings[1:], 10):
            self._again(place.part, n, _Walk._entity, data, body, block, other, _inner(place))

    def _entity(self, data: bytes, body: int, block: Block, said: Facts, place: _Place) -> None:
        if len(self.parts) >= MAX_PARTS:
            self._add(Part(place.part, "multipart/mixed", b"", container=True, message=place.message, why=Why.TOO_MANY))
            return
        if said.declared.startswith("multipart/"):
            self._multipart(data, body, said, place, names(block))
            return
        raw = data[body:]
        content, why = transfer.decode(raw, said.encoding)
        why = said.why or why
        if said.declared in _PIECEMEAL:
            why = why or Why.AMBIGUOUS
            self._again(place.part, 30, _Walk.message, content.lstrip(b"\r\n"), _fresh(place))
        elif said.declared in _MESSAGES:
            if place.depth < MAX_DEPTH:
                self._nested(raw, content, said, block, place, why)
                return
            why = Why.TOO_DEEP
        self._add(leaf(place.part, place.message, said, block, content, why))
        if why is Why.AMBIGUOUS:
            self._other_decodings(raw, content, said, place)

    def _nested(self, raw: bytes, content: bytes, said: Facts, block: Block, place: _Place, why: Why | None) -> None:
        name = names(block)
        self._add(Part(place.part, said.declared, b"", container=True, message=place.message, name=name, why=why))
        around = frozenset[bytes]() if said.encoding == "base64" else place.around  # no reader sees its lines outside
        inner = replace(place, depth=place.depth + 1, below="", around=around)
        self.message(_lined(content).lstrip(b"\r\n"), inner)
        if why is Why.AMBIGUOUS and content is not raw:
            self._again(place.part, 31, _Walk.message, raw.lstrip(b"\r\n"), _fresh(place))

    def _other_decodings(self, raw: bytes, content: bytes, said: Facts, place: _Place) -> None:
        """What the body is to readers that take another transfer encoding or charset for it."""
        for n, data in enumerate(second.decodings(raw), 40):
            if data != content:
                self._again(place.part, n, _Walk._add, Part("1", said.declared, data, charset(said)))
        for n, label in enumerate(facts.charsets(said.params)[1:3], 50):
            text = charsets.decode(content, label).encode("utf-8", "replace")
            self._again(place.part, n, _Walk._add, Part("1", said.declared, text, "utf-8"))

    # --- multiparts ---------------------------------------------------------------------------------------------------

    def _multipart(self, data: bytes, start: int, said: Facts, place: _Place, name: str) -> None:
        """Walk the parts between the delimiters of a body that begins at `start`. Without one it is all preamble."""
        self.walked += len(data) - start
        if place.depth >= MAX_DEPTH or self.walked > MAX_WALKED:
            bound = Why.TOO_DEEP if place.depth >= MAX_DEPTH else Why.TOO_LARGE
            self._add(Part(place.part, said.declared, data[start:], message=place.message, why=bound))
            return
        met = [(b, pieces) for b in said.boundaries if (pieces := delimiters.cut(data, b, start)) is not None]
        boundary, pieces = met[0] if met else (b"", Pieces(data[start:], [], b"", odd=False))
        why = said.why
        doubts = [
            pieces.odd,
            not met and delimiters.looks_cut(pieces.preamble),
            any(other != boundary and not _same(other_pieces, pieces) for other, other_pieces in met[1:]),
            _named_around([boundary] if boundary else said.boundaries[:1], place),
            any(margin.strip() and delimiters.hides_parts(margin) for margin in (pieces.preamble, pieces.epilogue)),
        ]
        decoded: list[tuple[bytes, Pieces]] = []
        if said.encoding not in transfer.IDENTITY:
            plain = transfer.decode(data[start:], said.encoding)[0]
            decoded = _cuts(plain, said) if plain != data[start:] else []
            more = any(len(cut.parts) > len(pieces.parts) for _, cut in decoded)
            doubts.append(said.encoding != "quoted-printable" or more)
        if any(doubts):
            why = why or Why.AMBIGUOUS
        if said.declared == "multipart/encrypted":
            why = why or Why.ENCRYPTED
        self._add(Part(place.part, said.declared, b"", container=True, message=place.message, name=name, why=why))
        self._pieces(pieces, said, place, boundary)
        if why is Why.AMBIGUOUS:
            others = [*self._other_cuts(data[start:], said, boundary, met[1:]), *decoded]
            for n, (other, cut) in enumerate(others, 20):
                self._again(place.part, n, _Walk._pieces, cut, said, _inner(place), other)
        else:
            for n, (other, cut) in enumerate(decoded, 20):  # a reader that decodes first, which RFC 2045 §6.4 forbids
                self._again(place.part, n, _Walk._sound_pieces, cut, said, _inner(place), other)

    def _other_cuts(
        self, body: bytes, said: Facts, boundary: bytes, met: Sequence[tuple[bytes, Pieces]]
    ) -> Iterator[tuple[bytes, Pieces]]:
        """The same body for readers that compare otherwise, or take another line for the delimiter."""
        yield from met
        for value in dict.fromkeys([boundary, *said.boundaries] if boundary else said.boundaries):
            if (cut := delimiters.cut(body, value, lenient=True)) is not None:
                yield value, cut
                break
        if not boundary and (guessed := delimiters.guess(body)) is not None:
            cut = delimiters.cut(body, guessed.removesuffix(b"--"), lenient=True)
            if cut is not None:
                yield guessed, cut

    def _pieces(self, pieces: Pieces, said: Facts, place: _Place, boundary: bytes) -> None:
        """The parts of one cut, preamble and epilogue beside them."""
        self._margin(pieces.preamble, f"{place.below}0:preamble", place.message)
        default = "message/rfc822" if said.declared == "multipart/digest" else "text/plain"
        around = place.around | {boundary} if boundary else place.around
        for n, piece in enumerate(pieces.parts, 1):
            part = f"{place.below}{n}"
            if len(self.parts) >= MAX_PARTS:
                self._add(Part(part, "multipart/mixed", b"", container=True, message=place.message, why=Why.TOO_MANY))
                break
            self._part(piece, _Place(part, f"{part}.", place.depth + 1, around, place.message), default)
        self._margin(pieces.epilogue, f"{place.below}0:epilogue", place.message)

    def _sound_pieces(self, pieces: Pieces, said: Facts, place: _Place, boundary: bytes) -> None:
        """What decoding a multipart that should not be encoded makes readable; what it breaks is left out."""
        self._pieces(pieces, said, place, boundary)
        self.parts = [part for part in self.parts if part.why is not Why.AMBIGUOUS]

    def _margin(self, data: bytes, part: str, number: int) -> None:
        """Preamble and epilogue are shown by no client and read by us."""
        if data.strip():
            self._add(Part(part, "text/plain", data, message=number))

    # --- other readings -----------------------------------------------------------------------------------------------

    def _again(
        self, part: str, n: int, step: Callable[Concatenate[_Walk, P], None], *args: P.args, **more: P.kwargs
    ) -> None:
        """Take `step` of a fresh walk over the same bytes, and keep what it alone shows: bytes, names, heads."""
        self.octets_left -= sum(map(_weight, args))
        self.again_left -= 1
        if self.again_left < 0 or self.octets_left < 0 or len(self.parts) >= MAX_PARTS:
            if not self.parts or self.parts[-1].why is not Why.TOO_MANY:
                self._add(Part(part, "multipart/mixed", b"", container=True, why=Why.TOO_MANY))
            return
        other = _Walk(f"{self.prefix}{part}/{n}:again/", self.first + len(self.heads))
        other.again_left, other.octets_left, other.walked = self.again_left, self.octets_left, self.walked
        step(other, *args, **more)
        self.again_left, self.octets_left = other.again_left, other.octets_left
        seen = {p.data for p in self.parts}
        names = {p.name for p in self.parts}
        for found in other.parts:
            if len(self.parts) >= MAX_PARTS:
                break
            told = found.why in (Why.TOO_MANY, Why.TOO_DEEP, Why.TOO_LARGE)
            if told or (found.data.strip() and found.data not in seen) or (found.name and found.name not in names):
                self.parts.append(replace(found, carved=True))
        self.heads += other.heads

    def sweep(self, raw: bytes) -> None:
        """Every block of an ambiguous message that says how it is encoded, wherever it stands."""
        seen = {p.data for p in self.parts}
        for n, data in enumerate(second.announced(raw)[0], 1):
            if data.strip() and data not in seen and len(self.parts) < MAX_PARTS:
                self._add(Part(f"0/{n}:carved", "application/octet-stream", data, carved=True))

    def _add(self, part: Part) -> None:
        if self.prefix:
            part = replace(part, id=self._id(part.id))
        self.parts.append(part)

    def _id(self, part: str) -> str:
        return self.prefix + part


def _inner(place: _Place) -> _Place:
    """The same place, its numbers begun anew."""
    return replace(place, part="0", below="")


def _weight(argument: object) -> int:
    """The octets that a step is to walk."""
    if isinstance(argument, bytes):
        return len(argument)
    if isinstance(argument, Pieces):
        return sum(map(len, argument.parts))
    return len(argument.data) if isinstance(argument, Part) else 0


def _fresh(place: _Place) -> _Place:
    """Of a message below `place`, its numbers begun anew."""
    return _Place("", "", place.depth + 1, place.around)


def _named_around(values: Sequence[bytes], place: _Place) -> bool:
    """A boundary is used again that already cuts what is around it."""
    return any(value in place.around for value in values)


def _same(one: Pieces, other: Pieces) -> bool:
    return one.parts == other.parts


def _cuts(decoded: bytes, said: Facts) -> list[tuple[bytes, Pieces]]:
    """A decoded multipart body by every boundary it may have, or as one preamble."""
    cuts = [(b, cut) for b in said.boundaries if (cut := delimiters.cut(decoded, b)) is not None]
    return cuts or [(b"", Pieces(decoded, [], b"", odd=False))]
