"""What the console asks of the house, and the values it shows. The roof answers; no page knows the index, the journal or a file of state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mss_guard.core.report import Act, Figures, Standing
from mss_guard.core.rights import Right, Role, may

ALL = "*"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. `structures`: ids, or `("*",)` for all."""

    name: str
    role: Role
    structures: tuple[str, ...] = (ALL,)

    def may(self, right: Right) -> bool:
        return may(self.role, right)

    @property
    def view(self) -> frozenset[str] | None:
        """The structures whose rows may be seen; None: all."""
        return None if ALL in self.structures else frozenset(self.structures)


View = frozenset[str] | None


class Unwritten(Exception):  # noqa: N818 - named after what happened to the record
    """The journal could not take a record: what it was to precede does not happen."""


class Unavailable(Exception):  # noqa: N818
    """The index does not answer. French, without a password."""


@dataclass(frozen=True, slots=True)
class Line:
    """A decision in a list."""

    ref: str
    at: str
    structure: str
    action: str
    would: str
    reason: str
    level: str
    sender_domain: str
    domains: tuple[str, ...]
    rules: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Listing:
    lines: tuple[Line, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a record stands, and whether it holds now. `good` None: not yet under a signed head, or the journal is on another node."""

    where: str
    said: str
    good: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, whole: `record` as the journal has it, what came after it under the same reference, and its proof."""

    record: Mapping[str, Any]
    after: tuple[Mapping[str, Any], ...]
    proof: Proof
    liftable: str = ""  # why it cannot be lifted, "" when it can
    opens: bool = False  # an identity is sealed there
    contestable: bool = True  # there was a refusal or a note, which may have been wrong


@dataclass(frozen=True, slots=True)
class Identity:
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """An act that one officer asked for and another must confirm."""

    id: str
    what: str  # identity | approve | revoke
    ref: str
    by: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What passes on somebody's word: `passes` once, `rows` until a day; `pending`: what waits for a second officer."""

    passes: tuple[Act, ...]
    rows: tuple[Act, ...]
    pending: tuple[Pending, ...]


@dataclass(frozen=True, slots=True)
class Signalled:
    """A refusal that was called wrong or declared harmless; `classed`: "" as long as nobody judged it."""

    ref: str
    at: str
    what: str
    by: str
    reason: str
    rules: tuple[str, ...]
    classed: str


@dataclass(frozen=True, slots=True)
class State:
    """Rules and lists in force, and how the guard stands; None for officers of another structure than the one that keeps it."""

    standing: Standing | None
    sources: Mapping[str, Any]
    rules: Sequence[tuple[str, str, str, int]]  # id, title, mode, decisions of 30 days


class Office(Protocol):
    """All that pages and acts ask for. Blocking calls raise Unavailable; awaited ones write a record first, and raise Unwritten."""

    def figures(self, view: View, days: int) -> Figures: ...
    def find(self, view: View, asked: Mapping[str, str], skip: int, most: int) -> Listing: ...
    def decision(self, view: View, ref: str) -> Decision | None: ...
    def exceptions(self, view: View, *, named: bool = False) -> Exceptions: ...
    def signalled(self, view: View) -> tuple[Signalled, ...]: ...
    def state(self, view: View) -> State: ...
    def report(self, view: View, month: str) -> str | None: ...
    def register(self, view: View, month: str) -> str | None: ...
    def export(self, view: View, asked: Mapping[str, str], form: str) -> bytes: ...
    def title(self, rule: str) -> str: ...
    def searchable(self, address: str) -> bool: ...

    async def consulted(self, person: Person, what: str, ref: str | None = None, found: int | None = None) -> None: ...
    async def searched(self, person: Person, address: str, found: int) -> None: ...
    async def open_identity(self, names: str, ref: str, reason: str, key: bytes, passphrase: str) -> Identity | str: ...
    async def approve(self, names: str, ref: str, reason: str) -> str: ...
    async def revoke(self, names: str, ref: str, reason: str) -> str: ...
    async def classify(self, person: Person, ref: str, verdict: str, reason: str) -> str: ...
    def ask(self, person: Person, what: str, ref: str, reason: str) -> str: ...
    def confirmable(self, person: Person, identifier: str) -> Pending | None: ...
    def settle(self, identifier: str) -> None: ...
