"""What the front asks of its neighbours. The rooms that answer (next hop, judgement) are joined to it by the roof,
never imported.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mss_guard.core.model import Envelope, HopReply, Reply

ListenerMode = Literal["smtp", "lmtp"]
Senders = Literal["own", "any"]


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """What the judgement must know of the listener a message came in by."""

    mode: ListenerMode
    senders: Senders
    name: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One message with its envelope, whole and not yet answered.

    `envelope`, `rcpt_lines`: one entry per RCPT command that the next hop accepted, in order, duplicates included.
    `data`: un-stuffed, every line ended by CRLF; `bare_line_ends`: some were bare CR or LF when they came in. `client`:
    the IP address of the peer. `mail_line`, `rcpt_lines`, `xforward`: whole command lines as received, without CRLF.
    """

    envelope: Envelope = field(repr=False)
    data: bytes = field(repr=False)
    bare_line_ends: bool
    client: str
    helo: str = field(repr=False)
    xforward: tuple[bytes, ...] = field(repr=False)
    listener: ListenerFacts
    mail_line: bytes = field(repr=False)
    rcpt_lines: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """A notice of ours that goes before everything else, on the hop connection of the message it is about.

    Only after its 2xx: the recipients at `permitted` (indexes, ascending) are relayed to, and whoever is refused is
    answered `answer`, which the hop's 2xx has covered. After any other word the ruling's own answers hold. `body` None:
    it was taken before, when this very message came last time. `told`: hears the hop's word; never raises.
    """

    mail_line: bytes
    rcpt_line: bytes = field(repr=False)
    body: bytes | None = field(repr=False)
    permitted: tuple[int, ...]
    answer: Reply
    told: Callable[[HopReply], None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided, already on disk.

    `answers`: one per recipient of the envelope, None = permitted; over smtp all None, or all the same Reply. No answer
    is a 2xx: only the next hop says yes. `trace`: the header block to prepend, every line with CRLF, or nothing.
    `finish`: told last what the next hop said, one HopReply per permitted recipient, or None when nobody was permitted;
    it never raises and never changes an answer. `report`: what must be told, and taken by the hop, first. `apart`: indexes
    of the permitted who are reached by the second road alone.
    """

    reference: str
    answers: tuple[Reply | None, ...]
    trace: bytes = field(repr=False)
    finish: Callable[[Sequence[HopReply] | None], Awaitable[None]] = field(repr=False)
    report: Report | None = None
    apart: frozenset[int] = frozenset()


class Transaction(Protocol):
    """One transaction at the next hop, opened by `NextHop.begin`. Never raises but CancelledError: every failure is a
    HopReply.
    """

    async def rcpt(self, line: bytes) -> HopReply:
        """Mirror one RCPT command line (as received, without CRLF)."""

    async def report(self, mail_line: bytes, rcpt_line: bytes, body: bytes, dot_by: float) -> HopReply:
        """A message of our own, first, on the same connection; `deliver` or `abandon` follows. Not to be cancelled."""

    async def deliver(self, keep: Sequence[int], body: bytes, dot_by: float) -> list[HopReply]:
        """DATA, and the last word for each index of `keep`.

        `keep`: 0-based indexes among the RCPT commands answered 2xx, ascending. `body`: CRLF line ends, not
        dot-stuffed. `dot_by`: loop.time() by which the final dot must be out, else 451 4.4.5 without it. Not to be
        cancelled once the dot is out.
        """

    async def abandon(self) -> None:
        """Give the transaction up (RSET, QUIT); the next hop sees no content. Never raises."""


class NextHop(Protocol):
    """The server that is asked before the front says yes to anything."""

    def offers(self) -> Mapping[str, str] | None:
        """What every hop offers in EHLO, {KEYWORD: arguments}, from a cache; None before the first success."""

    async def refresh(self) -> None:
        """Ask the hops again what they offer; waited for by nobody."""

    async def begin(
        self, mail_line: bytes, xforward: Sequence[bytes], *, per_recipient: bool
    ) -> tuple[Transaction | None, HopReply]:
        """Take a connection, mirror XFORWARD (the attributes that the hop understands) and MAIL.

        A Transaction only with a 2xx. `per_recipient`: the client is told about each recipient (lmtp); otherwise a
        recipient whose answer changes before delivery stops the whole message.
        """


class Judge(Protocol):
    """Inspection, decision and journal behind one door."""

    async def judge(self, submission: Submission) -> Ruling:
        """The ruling, its decision record on disk. What it raises is a fault of ours: 451 4.3.0."""
