"""The words of the readers: a Doc goes in, an Outcome comes out, and a Reading gathers all that was met on the way.

The core has no clock: a Reading counts bytes, documents and characters instead, and each cap names the place that hit
it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mss_guard.core.formats.tooling import Tools, no_tools
from mss_guard.core.model import Content, How, Marker, Place, State, Text, Where, Why

MAX_PLACES = (
    3_000  # places in one message; amavis: 1,500 files for a whole message, and we count MIME parts beside them
)
MAX_EXPANDED = 300 * 1024 * 1024  # octets inflated for one message: amavis $MAX_EXPANSION_QUOTA
MAX_TEXT = (
    5_000_000  # characters kept of one place: Tika's facade stops at 100,000, a 1,500-page PDF holds about 4 million
)
MAX_ALL_TEXT = 20_000_000  # characters kept of one message; memory of one worker is 768 MiB
MAX_ARCHIVES = 4  # archives within archives: security practice (ClamAV MaxRecursion is 17, of layers of any kind)
MAX_LOCKS = 200  # tried of one message; an archive of results has one password for all its entries
MAX_DEPTH = 10  # containers of any kind within each other, messages and office files included


Holder = Literal[
    "zip", "gzip", "zlib", "bzip2", "xz", "tar", "7z", "rar", "cab", "iso", "zstd", "archive",
    "ole", "msg", "tnef", "office", "pdf", "rtf", "signed", "uuencode", "mime", "text", "html", "xml",
    "json", "hl7", "cda", "fhir", "hprim", "hl7v2", "xdm",
]  # fmt: skip
"""What can hold other places: the kinds that stand in a part's number. Ours, never a word of the message."""


@dataclass(frozen=True, slots=True)
class Doc:
    """One thing to read: its decoded bytes and where they come from. `depth`: containers around it; `archives`:
    archives among these."""

    data: bytes = field(repr=False)
    part: str
    name: str = ""
    declared: str = "application/octet-stream"
    charset: str = ""
    how: How = How.MIME
    where: Where = Where.ATTACHMENT
    message: int = 0
    depth: int = 0
    archives: int = 0
    inline: bool = False

    def child(
        self, number: int, kind: Holder, data: bytes, name: str, how: How = How.CONTAINER, *, archive: bool = False
    ) -> Doc:
        """The `number`th place inside this one; `kind` says what this one is: "2" holds "2/1:zip"."""
        return Doc(
            data, f"{self.part}/{number}:{kind}", f"{self.name}/{name}" if self.name else name, how=how,
            message=self.message, depth=self.depth + 1, archives=self.archives + archive,
        )  # fmt: skip

    def shown(self) -> Doc:
        """The same, shown inside an HTML body."""
        return replace(self, inline=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a Doc. `type`: the true media type when the reader knows better than the sniffer."""

    state: State
    why: Why | None = None
    type: str = ""


READ = Outcome(State.READ)
OPAQUE = Outcome(State.OPAQUE)


def unreadable(why: Why, type: str = "") -> Outcome:  # noqa: A002
    return Outcome(State.UNREADABLE, why, type)


def read_unless(why: Why | None, type: str = "") -> Outcome:  # noqa: A002
    """Read, but for what `why` names."""
    return Outcome(State.UNREADABLE, why, type) if why else Outcome(State.READ, None, type)


@dataclass(frozen=True, slots=True)
class Lock:
    """An encrypted place that a password may open. `open` gives the document without its lock, None for a wrong
    password; `cost` is what asking takes, in microseconds of this machine's kind."""

    doc: Doc
    cost: int
    open: Callable[[Reading, str], bytes | None]
    always: tuple[str, ...] = ()  # passwords that its program tries by itself


class Stop(Exception):  # noqa: N818
    """A reader met a bound or a lock in the middle of its work; what it has told so far stays."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(slots=True)
class Reading:
    """All that was met in one message so far. `look` reads a Doc and whatever is inside it; readers call it for
    children."""

    look: Callable[[Reading, Doc], None]
    referenced: frozenset[str] = frozenset()  # Content-IDs that an HTML body shows
    places: list[Place | None] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    messages: int = 1
    expanded: int = 0
    characters: int = 0
    tools: Tools = no_tools
    locks: list[Lock] = field(default_factory=list)

    def open(self) -> int:
        """Keep a place for a place: containers stand before what is inside them."""
        self.places.append(None)
        return len(self.places) - 1

    def close(self, slot: int, place: Place) -> None:
        self.places[slot] = place

    def text(self, doc: Doc, text: str, where: Where | None = None, pages: tuple[int, ...] = ()) -> None:
        """Keep `text`; PARTIAL when it is more than one place or one message may hold."""
        if not text or text.isspace():
            return
        room = min(MAX_TEXT, MAX_ALL_TEXT - self.characters)
        kept = text[: max(room, 0)]
        if kept:
            self.texts.append(Text(doc.part, where or doc.where, kept, doc.message, pages))
            self.characters += len(kept)
        if len(kept) < len(text):
            raise Stop(Why.PARTIAL)

    def mark(self, doc: Doc, format: str) -> None:  # noqa: A002
        marker = Marker(format, doc.part)
        if marker not in self.markers:
            self.markers.append(marker)

    def spend(self, octets: int) -> None:
        """Count inflated bytes before they are kept."""
        self.expanded += octets
        if self.expanded > MAX_EXPANDED:
            raise Stop(Why.TOO_LARGE)

    @property
    def room(self) -> int:
        return max(MAX_EXPANDED - self.expanded, 0)

    def declare(self, doc: Doc, type: str, why: Why) -> None:  # noqa: A002
        """A place that is named and cannot be read, such as an encrypted entry."""
        self.places.append(place(doc, Outcome(State.UNREADABLE, why, type)))

    def lock(self, lock: Lock) -> None:
        """Keep a lock for when all has been read: its password may stand anywhere in the message."""
        if len(self.locks) < MAX_LOCKS:
            self.locks.append(lock)

    def content(self) -> Content:
        return Content(tuple(p for p in self.places if p is not None), tuple(self.texts), tuple(self.markers))


def place(doc: Doc, outcome: Outcome) -> Place:
    return Place(
        part=doc.part,
        declared=doc.declared,
        type=outcome.type,
        how=doc.how,
        state=outcome.state,
        why=outcome.why,
        size=len(doc.data),
        name=doc.name,
        inline=doc.inline,
    )


def typed(outcome: Outcome, type: str) -> Outcome:  # noqa: A002
    return outcome if outcome.type else replace(outcome, type=type)


Reader = Callable[[Reading, Doc], Outcome]


def worst(reasons: Sequence[Why | None]) -> Why | None:
    """The first reason that is one."""
    return next((why for why in reasons if why is not None), None)
