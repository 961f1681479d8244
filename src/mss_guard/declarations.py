"""`confirm`: a sender resends the refused message with its reference and OK in the subject, and thereby declares that it holds no health data.

Within a day, the same sender, the same recipients or fewer, the same content, five times a day; never for a certainty or
what is encrypted. Offers are held in memory: after a restart the message is refused anew, with a new reference.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mss_guard.core.model import Action, Assessment, Envelope, HopReply, Level, Measure, SenderKind, Verdict, Why
from mss_guard.core.policy import lift, liftable
from mss_guard.exceptions import Keys, Note, pseudonym_id

VALID = timedelta(hours=24)
A_DAY = 5
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration that a message now uses. `ref`: of the refusal that offered it."""

    ref: str


@dataclass(slots=True)
class _Offer:
    sender: str
    recipients: frozenset[str]
    content: str
    at: datetime
    state: str = "open"  # open | held | used


@dataclass(slots=True)
class Declarations:
    """What the judgement offers and takes."""

    keys: Keys
    note: Note
    _offers: OrderedDict[str, _Offer] = field(default_factory=OrderedDict)
    _used: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)

    def offer(self, ref: str, envelope: Envelope, content: object, verdict: Verdict, now: datetime) -> bool:
        """Is this refusal one that its sender may answer by a declaration? It is remembered then."""
        if not isinstance(content, Assessment) or envelope.mail_from is None or not _may_be_declared(content, verdict):
            return False
        recipients = frozenset(pseudonym_id(self.keys.pseudonym(a)) for a in envelope.rcpt_to)
        sender = pseudonym_id(self.keys.pseudonym(envelope.mail_from))
        self._offers[ref] = _Offer(sender, recipients, content.content, now)
        if len(self._offers) > _MOST:
            self._offers.popitem(last=False)
        return True

    def lifted(
        self, envelope: Envelope, content: object, verdict: Verdict, now: datetime
    ) -> tuple[Verdict, Declared] | None:
        """The verdict without its refusal, where this message declares itself and may; why it may not is a record."""
        if not isinstance(content, Assessment) or not content.declared or not liftable(verdict):
            return None
        ref = content.declared
        why = self._against(ref, envelope, content, verdict, now)
        if why:
            self.note("exception", ref, {"what": "declaration-refused", "why": why}, None)
            return None
        self._offers[ref].state = "held"
        return lift(verdict), Declared(ref)

    def finish(self, one: Declared, replies: Sequence[HopReply] | None, now: datetime) -> None:
        """Used when the next hop took the message for everybody, else open again."""
        offer = self._offers.get(one.ref)
        if offer is None:
            return
        taken = bool(replies) and all(reply.ok for reply in replies or ())
        offer.state = "used" if taken else "open"
        if taken:
            self._used.setdefault(offer.sender, deque(maxlen=A_DAY)).append(now)
            self._used.move_to_end(offer.sender)
            if len(self._used) > _MOST:
                self._used.popitem(last=False)
        self.note("exception", one.ref, {"what": "declared" if taken else "given-back"}, None)

    def _against(self, ref: str, envelope: Envelope, content: Assessment, verdict: Verdict, now: datetime) -> str:
        offer = self._offers.get(ref)
        sender = pseudonym_id(self.keys.pseudonym(envelope.mail_from)) if envelope.mail_from else ""
        if offer is None or offer.sender != sender:
            return "unknown"  # nobody learns that a reference of somebody else exists
        checks = (
            ("expired", now - offer.at >= VALID),
            ("replayed", offer.state != "open"),
            ("recipients", not {pseudonym_id(self.keys.pseudonym(a)) for a in envelope.rcpt_to} <= offer.recipients),
            ("content", offer.content != content.content),
            ("never", not _may_be_declared(content, verdict)),
            ("too-many", sum(now - at < timedelta(days=1) for at in self._used.get(sender, ())) >= A_DAY),
        )
        return next((word for word, against in checks if against), "")


def _may_be_declared(content: Assessment, verdict: Verdict) -> bool:
    """`confirm` for everybody who is refused; never a certainty, never what is encrypted."""
    refused = [one.measure for one in verdict.recipients if one.action is Action.REFUSE]
    certain = content.level is Level.CERTAIN or any(f.level is Level.CERTAIN for f in content.findings)
    locked = any(p.why is Why.ENCRYPTED for p in content.unreadable)
    by_rule = liftable(verdict) and set(refused) == {Measure.CONFIRM} and verdict.sender is SenderKind.OWN
    return by_rule and bool(content.content) and not certain and not locked
