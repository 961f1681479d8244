"""What a notice is about: one message, its verdict, who received it; and whether its sender may and should be told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from mss_guard.core.boxes import Box
from mss_guard.core.model import (
    Action,
    Address,
    Assessment,
    Envelope,
    Measure,
    Reason,
    RecipientVerdict,
    Standing,
    Verdict,
)

OVERSIZE = "oversize-citizen"
"""The one topic that is no reason of a verdict: relayed, and likely to come back."""
ADVICE = ("advice-self", "advice-no-reply", "advice-first", "advice-copy")
"""Topics of mail that went out, with something to do better next time (core/policy/advice)."""
CITIZEN_ROOM = 25_000_000
"""Octets that Mon espace santé takes in one message ("25 Mo", guide ENS § 2; a message counts as it travels)."""
_AUTOMATIC = re.compile(
    rb"^(?:auto-submitted[ \t]*:(?![ \t]*no[ \t;\r\n])"
    rb"|precedence[ \t]*:[ \t]*(?:bulk|junk|list)\b|list-[a-z-]+[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_HEADER_ROOM = 256 * 1024
_NO_PEOPLE = frozenset({"postmaster", "mailer-daemon"})


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the local directory and the white list know of the refused: `boxes` for each (at most three in all), the date of the
    directory's data, and the listed names that a domain nearly is.
    """

    boxes: tuple[tuple[Address, tuple[Box, ...]], ...] = ()
    dated: datetime | None = None
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """One message that its sender is told about. `delivered`: per recipient of the verdict, what the outcome was. `at`:
    when the guard had it, aware, in the structure's own time zone. `size`: octets of the message. `confirm`: the sender may
    resend it under a declaration. `advice`: one of ADVICE, or "".
    """

    reference: str
    envelope: Envelope
    verdict: Verdict
    assessment: Assessment | None
    delivered: tuple[bool, ...]
    at: datetime
    size: int = 0
    suggested: Suggested = field(default=Suggested())
    confirm: bool = False
    advice: str = ""

    @property
    def advised(self) -> bool:
        """Nothing was refused: the message went out, and there is something to say."""
        return not any(r.action is Action.REFUSE for r in self.verdict.recipients)

    @property
    def topic(self) -> str:
        """The reason that decided, or OVERSIZE, or a piece of advice."""
        if self.verdict.reason is None and self.advice and self.advised:
            return self.advice
        if self.verdict.reason is None and oversize(self.verdict, self.size):
            return OVERSIZE
        return (self.verdict.reason or Reason.POLICY).value

    @property
    def marked(self) -> tuple[RecipientVerdict, ...]:
        """Whom the notice is about: those who did not receive the message, or those for whom there is advice."""
        if not self.advised:
            return tuple(r for r, ok in zip(self.verdict.recipients, self.delivered, strict=True) if not ok)
        if self.topic in ADVICE:
            return self.verdict.recipients
        if self.topic == OVERSIZE:
            return tuple(r for r in self.verdict.recipients if r.standing is Standing.CITIZEN)
        return tuple(r for r in self.verdict.recipients if r.measure is Measure.ADVISE)

    @property
    def received(self) -> tuple[RecipientVerdict, ...]:
        """Who received it, where others did not."""
        if self.advised:
            return ()
        return tuple(r for r, ok in zip(self.verdict.recipients, self.delivered, strict=True) if ok)


def may_notify(
    envelope: Envelope, assessment: Assessment | None, domains: frozenset[str], *, automatic: bool | None = None
) -> bool:
    """May a notice go to this sender? (RFC 3834 §2, RFC 5321 §6.1). `domains`: the structure's ordinary ones.

    Only to people of the structure: never for the null sender, strangers, lists, bulk and automatic mail. For a message
    that was not inspected the caller says whether it is automatic (`says_automatic`); nobody knowing is a no.
    """
    sender = envelope.mail_from
    if sender is None or sender.malformed or sender.domain not in domains:
        return False
    if sender.local_part.casefold() in _NO_PEOPLE or not sender.raw.isascii():
        return False
    if automatic is None:
        automatic = assessment.automatic if assessment is not None else True
    return not automatic


def says_automatic(raw: bytes) -> bool:
    """Does this message's header call it automatic, bulk or a list's? A look at the first bytes, for what no worker has
    read.
    """
    head = raw[:_HEADER_ROOM]
    end = _HEADER_END.search(head)
    return _AUTOMATIC.search(head[: end.start() + 2] if end else head) is not None


def wanted(verdict: Verdict, size: int = 0, advice: str = "") -> bool:
    """Is there something to tell? A refusal, or a message relayed with advice; nothing is told in `observe`."""
    if verdict.would is not None:
        return False
    if advice:
        return True
    measures = {r.measure for r in verdict.recipients}
    refused = any(r.action is Action.REFUSE for r in verdict.recipients)
    return refused or Measure.ADVISE in measures or oversize(verdict, size)


def oversize(verdict: Verdict, size: int) -> bool:
    """A citizen will not receive it: relayed, and larger than Mon espace santé takes."""
    return size > CITIZEN_ROOM and any(
        r.standing is Standing.CITIZEN and r.action is Action.RELAY for r in verdict.recipients
    )
