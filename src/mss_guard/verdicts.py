"""The verdict on one message: inspected under one state of knowledge, decided by the table, or passed by what stands in its stead.

What stands in its stead: a dated exception, an approval, a declaration, the bypass, `fault: relay-traced` (docs/flow.md, stops 3 to 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from mss_guard import notices
from mss_guard.core import notice, policy
from mss_guard.core.model import Action, Assessment, Envelope, Fault, HopReply, Verdict
from mss_guard.core.wire import Request
from mss_guard.declarations import Declarations, Declared
from mss_guard.edge.passes import Pass
from mss_guard.edge.smtp_server.ports import Submission
from mss_guard.exceptions import Approvals
from mss_guard.outages import Cause, Outages
from mss_guard.privacy import Privacy
from mss_guard.record import Passed

_LOOKS = 3


class Inspect(Protocol):
    """`edge.inspector.Inspector`, as far as the judgement knows it."""

    async def inspect(self, request: Request, raw: bytes, budget_s: float) -> Assessment | Fault: ...


@dataclass(frozen=True, slots=True)
class State:
    """What judging rests on at one instant; replaced whole on reload. A message keeps the state it started DATA with."""

    knowledge: policy.Knowledge
    hostname: str
    rules: str = ""  # version of the rules that the workers hold
    stationery: notice.Stationery | None = None  # None: nobody to answer a notice, so none is sent
    enhanced: str = "5.7.1"
    budget: float = 45.0  # seconds, waiting for a worker included
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one message, with the one state of knowledge it rests on."""

    state: State
    now: datetime
    content: Assessment | Fault | None
    verdict: Verdict
    passed: Passed | None = None
    held: Pass | Declared | None = None  # the approval or declaration that this message uses

    @property
    def uninspected(self) -> bool:
        return self.passed is not None and self.passed.uninspected is not None


@dataclass(frozen=True, slots=True)
class Liftings:
    """What lets one message through once: an officer's approval, its sender's declaration."""

    approvals: Approvals | None
    declarations: Declarations | None
    clock: Callable[[], datetime]

    def lifted(
        self, envelope: Envelope, content: Assessment | Fault | None, verdict: Verdict, now: datetime
    ) -> tuple[Verdict, Pass | Declared] | None:
        approved = self.approvals.lifted(envelope, content, verdict, now) if self.approvals is not None else None
        if approved is not None or self.declarations is None:
            return approved
        return self.declarations.lifted(envelope, content, verdict, now)

    def finish(self, held: Pass | Declared | None, replies: Sequence[HopReply] | None) -> None:
        if isinstance(held, Pass) and self.approvals is not None:
            self.approvals.finish(held, replies)
        elif isinstance(held, Declared) and self.declarations is not None:
            self.declarations.finish(held, replies, self.clock())


class Verdicts:
    """`state`: what is in force now; `bypassed`: does mail pass uninspected now?"""

    def __init__(
        self,
        state: Callable[[], State],
        inspector: Inspect,
        clock: Callable[[], datetime],
        outages: Outages,
        bypassed: Callable[[datetime], bool],
        liftings: Liftings,
    ) -> None:
        self._state, self._inspector, self._clock = state, inspector, clock
        self._outages, self._bypassed, self.liftings = outages, bypassed, liftings

    async def reach(self, submission: Submission) -> Judged:
        """By inspection, or in its stead by the open door: a bypass, or `fault: relay-traced` when a fault has lasted too long."""
        envelope, senders = submission.envelope, submission.listener.senders
        state, now = self._state(), self._clock()
        if self._bypassed(now):
            verdict = policy.decide_uninspected(envelope, state.knowledge.of_any_age(), now, senders)
            return Judged(state, now, None, verdict, Passed("bypass"))
        state, now, content = await self._inspected(submission)
        verdict = policy.decide(envelope, content, state.knowledge, now, senders)
        self._note(content, verdict, state.knowledge, now)
        rows, today = state.knowledge.exemptions, now.astimezone().date()
        verdict, exempted = policy.exempt(verdict, content, envelope.mail_from, rows, submission.listener.name, today)
        if (passing := self.liftings.lifted(submission.envelope, content, verdict, now)) is not None:
            lifted, one = passing
            return Judged(state, now, content, lifted, _passed(one), one)
        if verdict.would is None and any(r.action is Action.DEFER for r in verdict.recipients):
            return self._traced(Judged(state, now, content, verdict), submission)
        return Judged(state, now, content, verdict, Passed(exceptions=exempted) if exempted else None)

    def _traced(self, judged: Judged, submission: Submission) -> Judged:
        """What `fault: relay-traced` makes of a deferral: the last good list serves at any age, and what cannot be inspected passes."""
        knowledge, now = judged.state.knowledge, judged.now
        if knowledge.settings.fault != "relay-traced":
            return judged
        envelope, senders, after = submission.envelope, submission.listener.senders, knowledge.settings.fault_after
        if self._outages.lasting(Cause.LIST, now) >= after:
            knowledge = knowledge.of_any_age()
        if not isinstance(judged.content, Fault):
            verdict = policy.decide(envelope, judged.content, knowledge, now, senders)
            return replace(judged, verdict=verdict, passed=Passed(fault="list"))
        if self._outages.lasting(Cause.INSPECTION, now) < after:
            return judged
        verdict = policy.decide_uninspected(envelope, knowledge, now, senders)
        return replace(judged, verdict=verdict, passed=Passed("fault", judged.content.value))

    def _note(
        self, content: Assessment | Fault | None, verdict: Verdict, knowledge: policy.Knowledge, now: datetime
    ) -> None:
        """What this message shows of our own state."""
        if isinstance(content, Fault):
            self._outages.failed(Cause.INSPECTION, now)
        elif content is not None:
            self._outages.worked(Cause.INSPECTION)
        if knowledge.has_list(now):
            self._outages.worked(Cause.LIST)
        elif not isinstance(content, Fault) and Action.DEFER in {verdict.action, verdict.would}:
            self._outages.failed(Cause.LIST, now)

    async def _inspected(self, submission: Submission) -> tuple[State, datetime, Assessment | Fault | None]:
        """What was found, and the one state of knowledge it was found and will be decided under.

        A message that waited for a worker while the rules were replaced was read by the new ones, so it is looked at again under them.
        """
        for _ in range(_LOOKS):
            state, now = self._state(), self._clock()
            content = await self._content(submission, state, now)
            if content is None or state.rules == self._state().rules:
                return state, now, content
        raise RuntimeError("the rules change faster than a message is read")

    async def _content(self, submission: Submission, state: State, now: datetime) -> Assessment | Fault | None:
        """None when the rows that will decide do not look at the content (docs/flow.md)."""
        if not policy.needs_content(submission.envelope, state.knowledge, now, submission.listener.senders):
            return None
        recipients = tuple(map(notices.key, submission.envelope.rcpt_to))
        return await self._inspector.inspect(Request(recipients=recipients), submission.data, state.budget)


def _passed(held: Pass | Declared) -> Passed:
    return Passed(approved=held.ref) if isinstance(held, Pass) else Passed(declared=held.ref)
