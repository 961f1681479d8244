"""From the end of a message to the last word: judge → [report] → deliver or not → answer → finish.

Runs in a task of its own that nothing cancels: neither the client that goes, nor a reload, nor SIGTERM. What the client
hears comes out of `Case.words` as soon as it is known; the outcome record follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from mss_guard.core.model import HopReply, Reply
from mss_guard.edge.smtp_server import replies
from mss_guard.edge.smtp_server.faults import report as report_fault
from mss_guard.edge.smtp_server.ports import Judge, Report, Ruling, Submission, Transaction
from mss_guard.edge.smtp_server.room import Reservation
from mss_guard.edge.smtp_server.second_road import SecondRoad

_NO_ANSWER = HopReply(code=0, wire=b"")
_SECOND_ROAD_TOOK = 20.0  # seconds for our dot to the hop, at the least, once the second road has said yes
Spawn = Callable[[Coroutine[Any, Any, None]], object]
"""Starts a background task that is waited for at the end of the service."""


@dataclass(slots=True)
class Case:
    """One message on its way. `words`: one answer per recipient, set once. `gone`: whether the client has left.

    `dot_by`: loop.time() by which our dot must be out; `patience`: seconds that the judge has.
    """

    submission: Submission
    hop: Transaction
    judge: Judge
    spawn: Spawn
    count: Callable[[Reply], None]
    gone: Callable[[], bool]
    reservation: Reservation
    patience: float
    dot_by: float
    second: SecondRoad | None = None
    words: asyncio.Future[tuple[HopReply, ...]] = field(default_factory=asyncio.Future)
    _told: bool = False  # the sender's own report was taken
    _settled: bool = False  # the hop was told: delivered to, or abandoned

    async def run(self) -> None:
        """Never raises but CancelledError; `words` is set whatever happens."""
        try:
            await self._run()
        except Exception as fault:  # noqa: BLE001 - promise 4: whatever it is, 451
            report_fault(fault, "conclude")
        finally:
            if not self.words.done():
                self.count(replies.FAULT)
            self._give_up(self._all(replies.FAULT))

    async def _run(self) -> None:
        ruling = await self._ruling()
        if isinstance(ruling, Reply):
            self.count(ruling)
            self._give_up(self._all(ruling))
            return
        permitted = [index for index, answer in enumerate(ruling.answers) if answer is None]
        if not self._sound(ruling):
            self.count(replies.FAULT)
            self._give_up(self._all(replies.FAULT))
            await self._finish(ruling, self._ours(permitted, replies.FAULT))
        elif ruling.report is not None and not self.gone() and await self._reported(ruling.report):
            await self._relay(ruling, ruling.report.permitted)
        elif not permitted:
            self._give_up(_merged(ruling, {}))
            await self._finish(ruling, None)
        elif self.gone():
            # RFC 5321 §4.1.1.10: a connection closed too early cancels the pending transaction. The client will send it
            # again.
            self.count(replies.GONE)
            words = self._ours(permitted, replies.GONE)
            self._give_up(_merged(ruling, dict(zip(permitted, words, strict=True))))
            await self._finish(ruling, words)
        else:
            await self._relay(ruling, permitted)

    async def _relay(self, ruling: Ruling, permitted: Sequence[int]) -> None:
        """To the permitted; whoever is refused hears the ruling's answer, or after a report that he has been told."""
        answers = await self._by_roads(ruling, permitted, ruling.trace + self.submission.data) if permitted else []
        words = self._words(ruling, dict(zip(permitted, answers, strict=True)))
        self._give_up(words)
        await self._finish(ruling, answers or None)

    async def _by_roads(self, ruling: Ruling, permitted: Sequence[int], body: bytes) -> Sequence[HopReply]:
        """The second road first, then the hop. Over smtp what one refuses the other does not get, as far as that can be had."""
        apart = [index for index in permitted if index in ruling.apart]
        here = [index for index in permitted if index not in ruling.apart]
        if not apart:
            return await self._deliver(here, body, self.dot_by)
        one_for_all = self.submission.listener.mode == "smtp"
        there = await self._by_second(apart, body, remember=one_for_all and bool(here))
        if one_for_all and not all(answer.ok for answer in there):
            return (worst(there),) * len(permitted)
        dot_by = max(self.dot_by, asyncio.get_running_loop().time() + _SECOND_ROAD_TOOK)
        mine = await self._deliver(here, body, dot_by) if here else []
        if self.second is not None and here and all(answer.ok for answer in mine):
            self.second.forget(self.second.mark(self.submission, apart))
        told = dict(zip((*apart, *here), (*there, *mine), strict=True))
        return [told[index] for index in permitted]

    async def _by_second(self, apart: Sequence[int], body: bytes, *, remember: bool) -> Sequence[HopReply]:
        """One answer each. `remember`: a retry of all of it must not bring it twice."""
        if self.second is None:
            return self._believed([], apart)
        mark = self.second.mark(self.submission, apart) if remember else b""
        if remember and self.second.took(mark):
            return [replies.spoken(replies.OK) for _ in apart]
        try:
            answers = await self.second.deliver(self.submission, apart, body, self.dot_by)
        except Exception as fault:  # noqa: BLE001 - the dot may be out: 451, at worst a duplicate
            report_fault(fault, "second road")
            answers = []
        told = self._believed(answers, apart)
        if remember and all(answer.ok for answer in told):
            self.second.keep(mark)
        return told

    def _words(self, ruling: Ruling, delivered: dict[int, HopReply]) -> tuple[HopReply, ...]:
        report = ruling.report
        if report is None or not self._told:
            return _merged(ruling, delivered)
        if self.submission.listener.mode == "smtp" and delivered:  # one answer for all: the hop's own last word
            return (worst(tuple(delivered.values())),) * len(ruling.answers)
        told = replies.spoken(report.answer)
        return tuple(
            delivered.get(index) or (replies.spoken(answer) if answer is not None and answer.code < 500 else told)
            for index, answer in enumerate(ruling.answers)
        )

    async def _reported(self, report: Report) -> bool:
        """Whether the hop took the report; whatever else it says, the ruling stands as if there were none."""
        if report.body is None:
            self._told = True
            return True
        try:
            said = await self.hop.report(report.mail_line, report.rcpt_line, report.body, self.dot_by)
        except Exception as fault:  # noqa: BLE001 - then nobody was told, for all we know
            report_fault(fault, "report")
            said = _NO_ANSWER
        self._told = said.ok and replies.possible(said)
        try:
            report.told(said)
        except Exception as fault:  # noqa: BLE001 - never changes an answer
            report_fault(fault, "report")
        return self._told

    async def _ruling(self) -> Ruling | Reply:
        """The judge's ruling, or the 451 in its stead. A judge that overruns is cancelled and not waited for."""
        judging = asyncio.ensure_future(self.judge.judge(self.submission))
        await asyncio.wait({judging}, timeout=self.patience)
        if not judging.done():
            judging.cancel()
            self.spawn(self._too_late(judging))
            return replies.TOO_SLOW
        return self._result(judging) or replies.FAULT

    async def _too_late(self, judging: asyncio.Future[Ruling]) -> None:
        """A ruling that comes after all was not acted on, and its record must say so."""
        await asyncio.wait({judging})
        ruling = self._result(judging)
        if ruling is not None:
            permitted = [index for index, answer in enumerate(ruling.answers) if answer is None]
            await self._finish(ruling, self._ours(permitted, replies.TOO_SLOW) or None)

    def _result(self, judging: asyncio.Future[Ruling]) -> Ruling | None:
        if judging.cancelled():
            return None
        fault = judging.exception()
        if fault is not None:
            report_fault(fault, "judge")
            return None
        return judging.result()

    def _sound(self, ruling: Ruling) -> bool:
        """Only the next hop says yes, and smtp has one answer for all."""
        answers = ruling.answers
        one_each = len(answers) == len(self.submission.rcpt_lines)
        one_for_all = self.submission.listener.mode == "lmtp" or len(set(answers)) == 1
        report = ruling.report
        known = report is None or (report.answer.code == 250 and set(report.permitted) < set(range(len(answers))))
        return one_each and one_for_all and known and all(a is None or a.code // 100 in {4, 5} for a in answers)

    async def _deliver(self, permitted: Sequence[int], body: bytes, dot_by: float) -> Sequence[HopReply]:
        try:
            answers = await self.hop.deliver(permitted, body, dot_by)
        except Exception as fault:  # noqa: BLE001 - the dot may be out: 451, at worst a duplicate
            report_fault(fault, "deliver")
            answers = []
        self._settled = self._settled or len(answers) == len(permitted)
        return self._believed(answers, permitted)

    def _believed(self, answers: Sequence[HopReply], indexes: Sequence[int]) -> Sequence[HopReply]:
        """One answer for each, and 451 for what no hop can mean."""
        if len(answers) != len(indexes):
            answers = [_NO_ANSWER for _ in indexes]
        if not all(map(replies.possible, answers)):
            self.count(replies.FAULT)
        return [answer if replies.possible(answer) else replies.spoken(replies.FAULT) for answer in answers]

    async def _finish(self, ruling: Ruling, answers: Sequence[HopReply] | None) -> None:
        try:
            await ruling.finish(answers)
        except Exception as fault:  # noqa: BLE001 - a failing outcome never changes an answer (promise 6)
            report_fault(fault, "finish")

    def _give_up(self, words: tuple[HopReply, ...]) -> None:
        """The hop is left to itself, unless it gave its word; the client need not wait until it has understood."""
        if not self._settled:
            self._settled = True
            self.spawn(self.hop.abandon())
        self._say(words)
        self.reservation.release()

    def _say(self, words: tuple[HopReply, ...]) -> None:
        if not self.words.done():
            self.words.set_result(words)

    def _all(self, reply: Reply) -> tuple[HopReply, ...]:
        return (replies.spoken(reply),) * len(self.submission.rcpt_lines)

    @staticmethod
    def _ours(permitted: Sequence[int], reply: Reply) -> list[HopReply]:
        return [replies.spoken(reply) for _ in permitted]


def _merged(ruling: Ruling, delivered: dict[int, HopReply]) -> tuple[HopReply, ...]:
    """One answer per recipient: the hop's for the permitted, the ruling's for the others."""
    return tuple(
        delivered[index] if answer is None else replies.spoken(answer) for index, answer in enumerate(ruling.answers)
    )


def worst(words: Sequence[HopReply]) -> HopReply:
    """One answer for all recipients (smtp): yes only when every one of them is yes."""
    return next((word for word in words if not word.ok), words[0])
