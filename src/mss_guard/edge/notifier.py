"""Notices to senders: a bounded queue in memory, one notice a message, a cap a sender and hour, then one summary.

A notice is information, not the refusal: what is lost here (queue full, hop refuses, stop) loses nothing, so nothing is
tried twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import structlog

from mss_guard.core.model import Address, HopReply

log = structlog.get_logger()


class Send(Protocol):
    """Hands one message to the next hop; whole command lines without CRLF, body CRLF-normalised. Never raises."""

    async def __call__(self, mail_line: bytes, rcpt_line: bytes, body: bytes) -> HopReply: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """For the sender of a message. `body`: a whole message, CRLF line ends; `reference`: the decision's.

    `message`: what copies of one message have in common (its Message-ID); "" makes every reference a message.
    """

    sender: Address = field(repr=False)
    body: bytes = field(repr=False)
    reference: str
    message: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        return self.message or self.reference


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sender was not told one by one. `references`: the first ones; `count`: all."""

    sender: Address = field(repr=False)
    references: tuple[str, ...]
    count: int


class Posted(StrEnum):
    """What became of a notice when it was posted."""

    QUEUED = "queued"
    REPEATED = "repeated"  # this message has had its notice
    SUMMED = "summed"  # over the cap: the summary will name it
    FULL = "full"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NotifierSettings:
    """Seconds and counts; each bounds memory."""

    queue: int = 1000
    per_sender: int = 20
    window: float = 3600.0
    remembered: int = 10_000  # messages that have had their notice
    senders: int = 10_000  # windows open at once
    named: int = 50  # references that a summary carries


@dataclass(slots=True)
class _Window:
    """One sender's hour."""

    sender: Address
    ends: asyncio.TimerHandle
    sent: int = 0
    held: list[str] = field(default_factory=list)
    count: int = 0


class Notifier:
    """`post` from anywhere in the loop, never waits. `told` hears of every attempt and its answer (for the journal)."""

    def __init__(
        self,
        send: Send,
        summarise: Callable[[Summary], bytes],
        settings: NotifierSettings | None = None,
        told: Callable[[str, HopReply], None] = lambda reference, reply: None,
    ) -> None:
        self._send = send
        self._summarise = summarise
        self._settings = settings or NotifierSettings()
        self._told = told
        self._queue: asyncio.Queue[Notice] = asyncio.Queue(self._settings.queue)
        self._noticed: OrderedDict[str, None] = OrderedDict()
        self._windows: dict[bytes, _Window] = {}
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        self._worker = asyncio.create_task(self._work())

    def post(self, notice: Notice) -> Posted:
        """After the message's outcome. Decides at once; the sending comes later."""
        if self._closed:
            return Posted.CLOSED
        if notice.key in self._noticed:
            return Posted.REPEATED
        window = self._windows.get(_who(notice.sender)) or self._open(notice.sender)
        if window is None or self._queue.full():
            log.warning("notice.lost", ref=notice.reference, why="full")
            return Posted.FULL
        self._remember(notice.key)
        if window.sent >= self._settings.per_sender:
            window.count += 1
            window.held += [notice.reference] if len(window.held) < self._settings.named else []
            return Posted.SUMMED
        window.sent += 1
        self._queue.put_nowait(notice)
        return Posted.QUEUED

    def claim(self, sender: Address) -> bool:
        """A place among this sender's letters of the hour, for a report that does not go through the queue."""
        window = self._windows.get(_who(sender)) or self._open(sender)
        if self._closed or window is None or window.sent >= self._settings.per_sender:
            return False
        window.sent += 1
        return True

    async def drain(self, within: float) -> int:
        """Take no more, send the summaries due and what is queued, for `within` seconds at most. How many were lost."""
        self._closed = True
        for who in list(self._windows):
            self._close_window(who)
        try:
            async with asyncio.timeout(within):
                await self._queue.join()
        except TimeoutError:
            log.warning("notice.lost", count=self._queue.qsize(), why="stop")
        if self._worker is not None:
            self._worker.cancel()
        return self._queue.qsize()

    # --- one sender's hour --------------------------------------------------------------------------------------------

    def _open(self, sender: Address) -> _Window | None:
        if len(self._windows) >= self._settings.senders:
            return None
        loop = asyncio.get_running_loop()
        ends = loop.call_later(self._settings.window, self._close_window, _who(sender))
        self._windows[_who(sender)] = window = _Window(sender, ends)
        return window

    def _close_window(self, who: bytes) -> None:
        window = self._windows.pop(who)
        window.ends.cancel()
        if not window.count:
            return
        summary = Summary(window.sender, tuple(window.held), window.count)
        try:
            self._queue.put_nowait(Notice(window.sender, self._summarise(summary), window.held[0]))
        except asyncio.QueueFull:
            log.warning("notice.lost", ref=window.held[0], why="full")

    def _remember(self, message: str) -> None:
        self._noticed[message] = None
        if len(self._noticed) > self._settings.remembered:
            self._noticed.popitem(last=False)

    # --- sending ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            notice = await self._queue.get()
            try:
                await self._deliver(notice)
            except Exception as bug:  # noqa: BLE001  one notice's bug must not silence all the others; its text may hold an address
                log.error("notice.lost", ref=notice.reference, why=type(bug).__name__)
            finally:
                self._queue.task_done()

    async def _deliver(self, notice: Notice) -> None:
        reply = await self._send(mail_line(notice), b"RCPT TO:<" + notice.sender.raw + b">", notice.body)
        log.info("notice.sent" if reply.ok else "notice.lost", ref=notice.reference, code=reply.code)
        self._told(notice.reference, reply)


def _who(sender: Address) -> bytes:
    """One window for every spelling: no mail server tells local parts apart by case, whatever RFC 5321 allows."""
    return sender.raw.lower()


def mail_line(notice: Notice) -> bytes:
    """Null return path (RFC 3834 §3.3): a notice is never bounced, and nobody answers it."""
    eight_bit = b"" if notice.body.isascii() else b" BODY=8BITMIME"
    return b"MAIL FROM:<>" + eight_bit + (b"" if notice.sender.raw.isascii() else b" SMTPUTF8")
