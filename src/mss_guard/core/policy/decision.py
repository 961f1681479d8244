"""A question goes down the table, and the first row that matches answers it.

Without a usable white list nobody knows what `trusted` would answer: the question is then asked both ways, and where
the two answers differ in what happens to the mail, it waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from mss_guard.core.model import (
    Action,
    Address,
    Assessment,
    Envelope,
    Fault,
    Measure,
    Reason,
    RecipientVerdict,
    SenderKind,
    Standing,
    Verdict,
)
from mss_guard.core.policy.facets import RANK, ContentKind, Facet, facets
from mss_guard.core.policy.knowledge import Knowledge, PolicySettings, Senders
from mss_guard.core.policy.standing import classify_sender, look_up, standing
from mss_guard.core.policy.table import TABLE, Party, Row, Setting


@dataclass(frozen=True, slots=True)
class _Question:
    party: Party
    standing: Standing
    to_postmaster: bool
    listener: Senders
    well_formed: bool

    def rows(self) -> Iterable[Row]:
        """The rows that match but for the content, top to bottom."""
        return (
            row
            for row in TABLE
            if self.party in row.senders
            and self.standing in row.recipients
            and (not row.to_postmaster or self.to_postmaster)
            and row.listener in (None, self.listener)
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    row: int
    measure: Measure
    reason: Reason | None
    road: Literal["relay", "route"] = "relay"

    @property
    def action(self) -> Action:
        return _ACTION.get(self.measure, Action.RELAY)


_ACTION = {Measure.REFUSE: Action.REFUSE, Measure.CONFIRM: Action.REFUSE, Measure.DEFER: Action.DEFER}
_WAIT = _Answer(0, Measure.DEFER, None)
_BY_CONTENT = frozenset({9, 11, 12, 13})
_LAST_UNSEEN = 6  # of the rows that hold even when nobody looks


def needs_content(envelope: Envelope, knowledge: Knowledge, now: datetime, senders: Senders = "own") -> bool:
    """False when every recipient is decided by rows that do not look at the content: inspection is then skipped."""
    parties = _parties(envelope.mail_from, knowledge, now)
    return any(
        next((row.contents is not None for row in question.rows()), False)
        for address in envelope.rcpt_to
        for question in _questions(address, parties, knowledge, now, senders)
    )


def decide(
    envelope: Envelope,
    content: Assessment | Fault | None,
    knowledge: Knowledge,
    now: datetime,
    senders: Senders = "own",
) -> Verdict:
    """The verdict of each recipient, and of the message as one (`mixed: refuse-all`: refuse over defer over relay).

    `content` None: nobody looked, because `needs_content` said so; Fault: inspection failed through us. Whoever needs
    the content then waits. In `observe` every action is relay and `would` holds what enforcing had done.
    """
    settings = knowledge.settings
    parties = _parties(envelope.mail_from, knowledge, now)
    seen = facets(content, settings) if isinstance(content, Assessment) else ()
    answers = [
        _settle([_answer(q, seen, settings) for q in _questions(address, parties, knowledge, now, senders)])
        for address in envelope.rcpt_to
    ]
    return _verdict(envelope, answers, knowledge, now, inspected=isinstance(content, Assessment))


def decide_uninspected(envelope: Envelope, knowledge: Knowledge, now: datetime, senders: Senders = "own") -> Verdict:
    """The verdict while mail passes uninspected: rows 1 to 6 hold, and what comes below them is relayed.

    The caller gives the knowledge `of_any_age`: the last good list answers, however old. Without any list at all, what
    hangs on it between these rows waits as ever.
    """
    parties = _parties(envelope.mail_from, knowledge, now)
    answers = [
        _settle([_unseen(q, knowledge.settings) for q in _questions(address, parties, knowledge, now, senders)])
        for address in envelope.rcpt_to
    ]
    return _verdict(envelope, answers, knowledge, now, inspected=False)


def _unseen(question: _Question, settings: PolicySettings) -> _Answer:
    row = next(iter(question.rows()), None)
    if row is None or row.number <= _LAST_UNSEEN:
        return _cell(row, question, Facet(ContentKind.NONE), settings)
    return _Answer(0, Measure.RELAY, None)


def _verdict(
    envelope: Envelope, answers: list[_Answer], knowledge: Knowledge, now: datetime, *, inspected: bool
) -> Verdict:
    whole = max(answers, key=_severity, default=_WAIT)
    observe = knowledge.settings.mode == "observe"
    return Verdict(
        action=Action.RELAY if observe else whole.action,
        measure=whole.measure,
        reason=whole.reason,
        recipients=tuple(
            RecipientVerdict(
                address=address,
                standing=standing(address, knowledge, now),
                action=Action.RELAY if observe else answer.action,
                measure=answer.measure,
                reason=answer.reason,
                row=answer.row,
                would=answer.action if observe else None,
                road="relay" if observe else answer.road,
            )
            for address, answer in zip(envelope.rcpt_to, answers, strict=True)
        ),
        sender=classify_sender(envelope.mail_from, knowledge),
        would=whole.action if observe else None,
        inspected=inspected,
    )


def liftable(verdict: Verdict) -> bool:
    """Is this refused, by rows that look at the content alone, for every recipient that is?"""
    refused = [one.row for one in verdict.recipients if one.action is Action.REFUSE]
    waits = any(one.action is Action.DEFER for one in verdict.recipients)
    return verdict.would is None and bool(refused) and not waits and set(refused) <= _BY_CONTENT


def lift(verdict: Verdict) -> Verdict:
    """The same, relayed and noted to all who were refused for the content; the reasons stay. Only for a `liftable` verdict."""
    recipients = tuple(
        replace(one, action=Action.RELAY, measure=Measure.NOTE) if one.action is Action.REFUSE else one
        for one in verdict.recipients
    )
    return replace(verdict, action=Action.RELAY, measure=Measure.NOTE, recipients=recipients)


def _parties(mail_from: Address | None, knowledge: Knowledge, now: datetime) -> tuple[Party, ...]:
    """The sender's column; two when only a usable list could tell whether a foreign sender stands on it."""
    kind = classify_sender(mail_from, knowledge)
    if kind is not SenderKind.FOREIGN or mail_from is None:
        return (Party(kind.value),)
    found = look_up(mail_from, knowledge, now)
    known = found.standing in {Standing.TRUSTED, Standing.CITIZEN}
    both = (Party.LISTED, Party.UNLISTED) if known else (Party.UNLISTED, Party.LISTED)
    return both if found.otherwise else both[:1]


def _questions(
    address: Address, parties: tuple[Party, ...], knowledge: Knowledge, now: datetime, senders: Senders
) -> list[_Question]:
    """The question as the list at hand puts it, then as it would be if `trusted` answered otherwise."""
    found = look_up(address, knowledge, now)
    standings = (found.standing, found.otherwise) if found.otherwise else (found.standing,)
    postmaster = address.local_part.casefold() == "postmaster"
    well_formed = address.malformed is None  # and yet of standing malformed: an impossible citizen
    return [_Question(party, each, postmaster, senders, well_formed) for party in parties for each in standings]


def _answer(question: _Question, seen: tuple[Facet, ...], settings: PolicySettings) -> _Answer:
    rows = tuple(question.rows())
    if rows and rows[0].contents is None:
        return _cell(rows[0], question, Facet(ContentKind.NONE), settings)
    answers = [
        _cell(
            next((row for row in rows if row.contents is None or facet.kind in row.contents), None),
            question,
            facet,
            settings,
        )
        for facet in seen
    ]
    return max(answers, key=_severity, default=_WAIT)


def _cell(row: Row | None, question: _Question, facet: Facet, settings: PolicySettings) -> _Answer:
    """What stands at the end of a row. Where no row matches, the mail waits."""
    if row is None:
        return _WAIT
    measure, reason = row.verdict, row.reason
    road: Literal["relay", "route"] = "relay"
    if row.number == 1 and question.well_formed:
        reason = Reason.CITIZEN
    if measure is Setting.TO_MSSANTE:
        measure = Measure.REFUSE if settings.to_mssante == "refuse" else Measure.RELAY
        road = "route" if settings.to_mssante == "route" else "relay"
    elif measure is Setting.INSIDE:
        measure, reason = facet.inside, facet.reason
    elif measure is Setting.CONTENT:
        measure, reason = facet.outside, facet.reason
    assert isinstance(measure, Measure)
    return _Answer(row.number, measure, reason if RANK[measure] >= RANK[Measure.ADVISE] else None, road)


def _settle(answers: list[_Answer]) -> _Answer:
    """One answer of the several that a missing list leaves open: the strictest, unless they differ in what happens to
    the mail. Its road is that of the list at hand: whichever it is, no health data can go where it must not.
    """
    if len({answer.action for answer in answers}) > 1:
        return _WAIT
    return replace(max(answers, key=_severity), road=answers[0].road)


def _severity(answer: _Answer) -> int:
    return RANK[answer.measure]
