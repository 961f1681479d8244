"""One message's way between the doors: inspect, decide, write down, then speak (docs/flow.md, stops 2 to 8).

Joins the worker, the policy, the journal and the notifier; knows no socket. Whatever it raises is a fault of ours: the front answers 451.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime

import structlog

from mss_guard import notices, record, reporting
from mss_guard.advising import Adviser
from mss_guard.core import notice
from mss_guard.core.model import Action, Address, Assessment, Fault, HopReply, Measure, Reason, Reply, Verdict
from mss_guard.declarations import Declarations
from mss_guard.edge.journal import Journal, JournalUnavailable
from mss_guard.edge.notifier import Notice
from mss_guard.edge.smtp_server.ports import Report, Ruling, Submission
from mss_guard.exceptions import Approvals
from mss_guard.outages import Cause, Outages
from mss_guard.verdicts import Inspect, Judged, Liftings, State, Verdicts

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: read out on the telephone
_HELO = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")

_log = structlog.get_logger("mss_guard.message")


def reference() -> str:
    """`MSSG-XXXX-XXXX`, random: tells nothing of the message."""
    number, drawn = secrets.randbelow(len(_ALPHABET) ** 8), ""  # one call of the kernel's generator, not eight
    for _ in range(8):
        number, digit = divmod(number, len(_ALPHABET))
        drawn += _ALPHABET[digit]
    return f"MSSG-{drawn[:4]}-{drawn[4:]}"


class Judgement:
    """The `Judge` of every front. `notify` takes a finished notice and returns at once. `bypassed`: does mail pass uninspected now?
    `book` is asked for boxes to propose. `claim`: may one more report go to this sender this hour?
    """

    def __init__(
        self,
        state: State,
        inspector: Inspect,
        journal: Journal,
        notify: Callable[[Notice], object],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        outages: Outages | None = None,
        bypassed: Callable[[datetime], bool] = lambda _: False,
        book: notices.Book | None = None,
        claim: Callable[[Address], bool] = lambda _: True,
        approvals: Approvals | None = None,
        declarations: Declarations | None = None,
        adviser: Adviser | None = None,
    ) -> None:
        self._outages = outages or Outages()
        self._verdicts = Verdicts(
            lambda: self.state,
            inspector,
            self.now,
            self._outages,
            bypassed,
            Liftings(approvals, declarations, self.now),
        )
        self._declarations, self._adviser = declarations, adviser
        self.state, self._book = state, book or notices.NoBook()
        self._claim, self._reported = claim, reporting.Memory()
        self._log = _log.bind()  # with the processors of this service: else they are looked up for each line
        self._journal, self._notify, self._clock = journal, notify, clock
        self.counts: Counter[str] = Counter()

    def now(self) -> datetime:
        """The one clock of a message's way."""
        return self._clock()

    async def judge(self, submission: Submission) -> Ruling:
        """The ruling on one message, its decision record on disk. Raises when the journal cannot be written: no trace, no mail."""
        try:
            ruling = await self._judge(submission)
        except JournalUnavailable:
            self._outages.failed(Cause.JOURNAL, self._clock())
            raise
        except (Exception, asyncio.CancelledError):
            self._outages.failed(Cause.FAULT, self._clock())
            raise
        self._outages.worked(Cause.JOURNAL)
        self._outages.worked(Cause.FAULT)
        return ruling

    async def _judge(self, submission: Submission) -> Ruling:
        ref, times = reference(), record.Times()
        judged = await self._verdicts.reach(submission)
        times.mark("inspection")
        try:
            return await self._written(submission, judged, ref, times)
        except BaseException:
            self._verdicts.liftings.finish(judged.held, None)
            raise

    async def _written(self, submission: Submission, judged: Judged, ref: str, times: record.Times) -> Ruling:
        """The decision on disk, then the ruling."""
        state, verdict, now = judged.state, judged.verdict, judged.now
        answers = self._answers(submission, verdict, ref, state)
        confirm, advice = self._offered(submission, judged, ref), self._advised(submission, judged)
        case = _Case(self, submission, judged, ref, answers, confirm=confirm, advice=advice)
        report = self._report(case)
        planned = _planned(answers, report)
        fields = record.decision(
            submission, verdict, judged.content, planned, state.knowledge, now, self._journal.keys, times, judged.passed
        )
        fields = state.privacy.decision(fields, submission.envelope, ref)
        await self._journal.append("decision", ref, fields, state.knowledge.version)
        self._tell(verdict, judged.content, ref, submission)
        trace = _trace(submission, state.hostname, ref, now)
        return Ruling(ref, answers, trace, case.finish, report, _apart(verdict))

    def _offered(self, submission: Submission, judged: Judged, ref: str) -> bool:
        """May the sender answer this refusal by a declaration?"""
        if self._declarations is None or judged.state.knowledge.settings.confirm != "sender":
            return False
        return self._declarations.offer(ref, submission.envelope, judged.content, judged.verdict, judged.now)

    def _advised(self, submission: Submission, judged: Judged) -> str:
        """What its sender might do better next time; never a reason to hold a message up, nor a fault of its own."""
        settings = judged.state.knowledge.settings
        if self._adviser is None or not settings.advice:
            return ""
        try:
            return (
                self._adviser.advise(submission.envelope, judged.verdict, settings.boxes, settings.advice, judged.now)
                or ""
            )
        except Exception as failure:  # noqa: BLE001 - then nothing is advised
            _log.warning("message.no-advice", error=type(failure).__name__)
            return ""

    def _report(self, case: _Case) -> Report | None:
        """The report that goes first (`bounce`, `split`), where one may be sent; without it the ruling is that of `reject`, `refuse-all`."""
        try:
            return self._planned(case)
        except Exception as failure:  # noqa: BLE001 - then it is refused as if no report were wanted
            _log.error("message.report-failed", reference=case.ref, exc_info=failure)
            return None

    def _planned(self, case: _Case) -> Report | None:
        state, submission, paper = case.state, case.submission, case.state.stationery
        settings, sender = state.knowledge.settings, submission.envelope.mail_from
        mode = notices.refusal_mode(settings.refusal, submission)
        planned = reporting.plan(case.verdict, submission.listener.mode, mode, settings.mixed, case.ref, state.enhanced)
        if planned is None or sender is None or paper is None:
            return None
        occasion = _occasion(case, tuple(i in planned.permitted for i in range(len(case.answers))))
        if not notices.may_tell(occasion, submission, paper) or not reporting.wanted(submission, planned):
            return None
        mark, now = self._reported.mark(submission, planned), case.judged.now
        if self._reported.has(mark, now):
            case.told.append(True)
            return reporting.report(planned, sender, None, case.ref, lambda _: None)
        if not self._claim(sender):
            return None
        body = reporting.write(self._letter(case, occasion, paper), submission, planned, state.hostname, now)

        def told(said: HopReply) -> None:
            if said.ok:
                case.told.append(True)
                self._reported.keep(mark, now)
            fields = record.report(said, len(planned.refused))
            self._journal.append_late("notice", case.ref, fields, state.knowledge.version)

        return reporting.report(planned, sender, body, case.ref, told)

    @staticmethod
    def _answers(submission: Submission, verdict: Verdict, ref: str, state: State) -> tuple[Reply | None, ...]:
        if submission.listener.mode == "lmtp":
            return notice.replies(verdict, ref, state.enhanced)
        return (notice.reply(verdict, ref, state.enhanced),) * len(verdict.recipients)

    def _tell(self, verdict: Verdict, content: Assessment | Fault | None, ref: str, submission: Submission) -> None:
        self.counts[verdict.action] += 1
        if isinstance(content, Fault):
            self.counts["fault"] += 1
        event = {Action.RELAY: "message.permitted", Action.REFUSE: "message.refused", Action.DEFER: "message.deferred"}[
            verdict.action
        ]
        self._log.info(
            event,
            reference=ref,
            listener=submission.listener.name,
            action=verdict.action.value,
            reason=verdict.reason.value if verdict.reason else None,
            size=len(submission.data),
            recipients=len(verdict.recipients),
            fault=content.value if isinstance(content, Fault) else None,
        )

    async def finish(self, case: _Case, replies: Sequence[HopReply] | None) -> None:
        """Outcome record, then the notice. Never raises, never changes an answer (promise 6)."""
        try:
            self._verdicts.liftings.finish(case.judged.held, replies)
            fields = record.outcome(case.verdict, replies, reported=bool(case.told))
            fields = case.state.privacy.outcome(fields, case.submission.envelope)
            self._journal.append_late("outcome", case.ref, fields, case.state.knowledge.version)
            made = self._notice(_turned_away(case, replies), _delivered(case, replies))
            if made is not None:
                self._notify(made)
            if case.judged.uninspected and any(r.ok for r in replies or ()):
                self.counts["uninspected"] += 1
        except Exception as failure:  # noqa: BLE001 - a failing outcome never changes an answer
            _log.error("message.finish-failed", reference=case.ref, exc_info=failure)

    def _notice(self, case: _Case, delivered: tuple[bool, ...]) -> Notice | None:
        """The notice, where one is due: after a refusal, or with advice on what was relayed; a report that was taken counts as one."""
        state, submission, paper = case.state, case.submission, case.state.stationery
        sender, occasion = submission.envelope.mail_from, _occasion(case, delivered)
        if sender is None or paper is None or case.told:
            return None
        refusal = "reject+notice" if case.turned_away else state.knowledge.settings.refusal
        if not notices.due(occasion, submission, paper, refusal):
            return None
        original = case.assessment.message_id if case.assessment else ""
        who = self._journal.keys.message_id(original)["id"] if original else ""
        return Notice(sender, self._letter(case, occasion, paper), case.ref, who)

    def _letter(self, case: _Case, occasion: notice.Occasion, paper: notice.Stationery) -> bytes:
        now = self._clock()
        suggested = notices.suggest(occasion, paper, self._book, case.state.knowledge, now)
        return notices.write(replace(occasion, suggested=suggested), paper, case.state.hostname, now)


def _occasion(case: _Case, delivered: tuple[bool, ...]) -> notice.Occasion:
    at, size = case.judged.now.astimezone(), len(case.submission.data)
    return notice.Occasion(
        case.ref, case.submission.envelope, case.verdict, case.assessment, delivered, at, size, confirm=case.confirm,
        advice=case.advice if all(delivered) else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """One judged message until its outcome is written."""

    judgement: Judgement
    submission: Submission
    judged: Judged
    ref: str
    answers: tuple[Reply | None, ...]
    confirm: bool = False  # the sender may answer by a declaration
    advice: str = ""  # one of notice.occasion.ADVICE
    told: list[bool] = field(default_factory=list)  # holds something once the sender's report was taken
    turned_away: bool = False  # by the operator of the trust space, in its own words

    @property
    def assessment(self) -> Assessment | None:
        return self.judged.content if isinstance(self.judged.content, Assessment) else None

    @property
    def state(self) -> State:
        return self.judged.state

    @property
    def verdict(self) -> Verdict:
        return self.judged.verdict

    def finish(self, replies: Sequence[HopReply] | None) -> Awaitable[None]:
        return self.judgement.finish(self, replies)


def _apart(verdict: Verdict) -> frozenset[int]:
    """Who is reached by the structure's own way into the trust space, by index."""
    relayed = ((index, one) for index, one in enumerate(verdict.recipients) if one.action is Action.RELAY)
    return frozenset(index for index, one in relayed if one.road == "route")


def _turned_away(case: _Case, replies: Sequence[HopReply] | None) -> _Case:
    """Where the operator of the trust space refused for good what we had permitted, the sender learns what he can do: use his secure box."""
    told = iter(replies or ())
    said = [next(told, None) if answer is None else None for answer in case.answers]
    refused = {i for i in _apart(case.verdict) if (reply := said[i]) is not None and reply.code >= 500}
    if not refused:
        return case
    turned = tuple(
        replace(one, action=Action.REFUSE, measure=Measure.REFUSE, reason=Reason.USE_SECURE_BOX)
        if i in refused
        else one
        for i, one in enumerate(case.verdict.recipients)
    )
    verdict = replace(
        case.verdict, action=Action.REFUSE, measure=Measure.REFUSE, reason=Reason.USE_SECURE_BOX, recipients=turned
    )
    return replace(case, judged=replace(case.judged, verdict=verdict), turned_away=True)


def _planned(answers: tuple[Reply | None, ...], report: Report | None) -> tuple[Reply | None, ...]:
    """What the record says of each: with a report, those it lets pass are permitted."""
    return answers if report is None else tuple(None if i in report.permitted else a for i, a in enumerate(answers))


def _trace(submission: Submission, hostname: str, ref: str, now: datetime) -> bytes:
    """One `Received:` without `for` (it would tell one recipient of another) and one `X-MSS-Guard-Id:` (RFC 5321 §4.4)."""
    helo = submission.helo.encode("ascii", "replace")
    name = submission.helo if _HELO.fullmatch(helo) else "unknown"
    literal = f"IPv6:{submission.client}" if ":" in submission.client else submission.client
    protocol = "LMTP" if submission.listener.mode == "lmtp" else "ESMTP"
    return (
        f"Received: from {name} ([{literal}])\r\n\tby {hostname} (mss-guard) with {protocol} id {ref};\r\n"
        f"\t{format_datetime(now.astimezone(UTC))}\r\nX-MSS-Guard-Id: {ref}\r\n"
    ).encode("ascii")


def _delivered(case: _Case, replies: Sequence[HopReply] | None) -> tuple[bool, ...]:
    """Who of the envelope received it, in its order."""
    told = iter(replies or ())
    return tuple(answer is None and (reply := next(told, None)) is not None and reply.ok for answer in case.answers)
