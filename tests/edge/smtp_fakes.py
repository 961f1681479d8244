"""Hand-written neighbours of the front: a next hop and a judge that can fail at each step, and a client that speaks raw
SMTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mss_guard.core.model import HopReply, Reply
from mss_guard.edge.smtp_server import Front, FrontLimits, ListenerSettings, Room, Ruling, Submission, serve

OFFERS = {"SIZE": "10000000", "8BITMIME": "", "SMTPUTF8": "", "DSN": "", "XFORWARD": "NAME ADDR PROTO HELO IDENT"}
SMALL = FrontLimits(size=200_000, bytes_in_flight=10_000_000)
REFUSED = Reply(550, "5.7.1", "[MSSG-2222-3333] Message refuse")


def hop_says(text: str) -> HopReply:
    return HopReply(code=int(text[:3]), wire=text.encode() + b"\r\n")


Answer = HopReply | Exception | asyncio.Event
"""What a step of the hop does: answers, raises, or hangs until the event is set (and then answers 250)."""


async def _step(answer: Answer) -> HopReply:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, asyncio.Event):
        await answer.wait()
        return hop_says("250 2.0.0 late but here")
    return answer


@dataclass
class FakeTransaction:
    hop: FakeHop
    mail_line: bytes
    xforward: tuple[bytes, ...]
    per_recipient: bool
    rcpt_lines: list[bytes] = field(default_factory=list)
    delivered: list[bytes] = field(default_factory=list)
    kept: tuple[int, ...] = ()
    dot_by: float = 0.0
    abandoned: int = 0

    async def rcpt(self, line: bytes) -> HopReply:
        self.rcpt_lines.append(line)
        answer = self.hop.rcpt_answer
        return await _step(answer(line) if callable(answer) else answer)

    async def deliver(self, keep: Sequence[int], body: bytes, dot_by: float) -> list[HopReply]:
        self.kept, self.dot_by = tuple(keep), dot_by
        if isinstance(self.hop.dot_answer, list):
            return self.hop.dot_answer
        answer = await _step(self.hop.dot_answer)
        self.delivered.append(body)
        return [answer for _ in keep]

    async def abandon(self) -> None:
        self.abandoned += 1


@dataclass
class FakeHop:
    offered: Mapping[str, str] | None = field(default_factory=lambda: dict(OFFERS))
    mail_answer: Answer = field(default_factory=lambda: hop_says("250 2.1.0 hop says sender ok"))
    rcpt_answer: Answer | Callable[[bytes], Answer] = field(
        default_factory=lambda: hop_says("250 2.1.5 hop says rcpt ok")
    )
    dot_answer: Answer | list[HopReply] = field(default_factory=lambda: hop_says("250 2.0.0 Ok: queued as 4Y7"))
    opened: list[FakeTransaction] = field(default_factory=list)
    refreshed: int = 0
    lies: bool = False  # a transaction without a yes, or a yes without a transaction

    def offers(self) -> Mapping[str, str] | None:
        return self.offered

    async def refresh(self) -> None:
        self.refreshed += 1

    async def begin(
        self, mail_line: bytes, xforward: Sequence[bytes], *, per_recipient: bool
    ) -> tuple[FakeTransaction | None, HopReply]:
        answer = await _step(self.mail_answer)
        if answer.ok == self.lies:
            return None, answer
        transaction = FakeTransaction(self, mail_line, tuple(xforward), per_recipient)
        self.opened.append(transaction)
        return transaction, answer

    @property
    def last(self) -> FakeTransaction:
        return self.opened[-1]

    @property
    def delivered(self) -> list[bytes]:
        return [body for transaction in self.opened for body in transaction.delivered]


@dataclass
class FakeJudge:
    """Permits everything unless told otherwise. `verdict`: Reply for all, one answer each, an exception, or an event to
    hang on.
    """

    verdict: Reply | tuple[Reply | None, ...] | Exception | asyncio.Event | None = None
    trace: bytes = b"X-MSS-Guard-Id: MSSG-2222-3333\r\n"
    stubborn: bool = False  # does not let itself be cancelled while it hangs
    finish_fault: Exception | None = None
    seen: list[Submission] = field(default_factory=list)
    finished: list[tuple[HopReply, ...] | None] = field(default_factory=list)

    async def judge(self, submission: Submission) -> Ruling:
        self.seen.append(submission)
        verdict = self.verdict
        if isinstance(verdict, asyncio.Event):
            verdict = await self._hang(verdict)
        if isinstance(verdict, Exception):
            raise verdict
        everyone = len(submission.rcpt_lines)
        answers = verdict if isinstance(verdict, tuple) else (verdict,) * everyone
        return Ruling(reference="MSSG-2222-3333", answers=answers, trace=self.trace, finish=self._finish)

    async def _hang(self, event: asyncio.Event) -> None:
        while not event.is_set():
            try:
                await event.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise

    async def _finish(self, answers: Sequence[HopReply] | None) -> None:
        self.finished.append(None if answers is None else tuple(answers))
        if self.finish_fault is not None:
            raise self.finish_fault


class Client:
    """Speaks raw octets and reads whole replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def reply(self) -> str:
        """One reply, its lines joined by "|"; "" at the end of the connection."""
        lines: list[str] = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "|".join(lines)

    async def say(self, line: bytes | str) -> str:
        await self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.reply()

    async def talk(self, *lines: bytes | str) -> list[str]:
        return [await self.say(line) for line in lines]

    async def message(
        self, body: bytes = b"Subject: x\r\n\r\nbonjour\r\n.\r\n", to: Sequence[str] = ("b@ordinaire.fr",)
    ) -> str:
        """MAIL, RCPT for each, DATA and the body: the reply to the dot."""
        await self.say("MAIL FROM:<a@tilleuls.fr>")
        for recipient in to:
            await self.say(f"RCPT TO:<{recipient}>")
        assert (await self.say("DATA"))[:3] == "354"
        await self.send(body)
        return await self.reply()

    async def closed(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), 5) == b""

    def drop(self) -> None:
        self.writer.transport.abort()


@dataclass
class House:
    """A front between its fakes."""

    front: Front
    hop: FakeHop
    judge: FakeJudge

    async def connect(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.front.port))

    async def client(self, greeting: str = "EHLO poste.tilleuls.fr") -> Client:
        client = await self.connect()
        await client.reply()
        assert (await client.say(greeting)).startswith("250")
        return client

    async def settled(self) -> None:
        """All background work is done (sessions may go on)."""
        for _ in range(200):
            await asyncio.sleep(0.005)
            if not self.front._tasks:
                return
        raise AssertionError("background work goes on")


@asynccontextmanager
async def house(
    limits: FrontLimits = SMALL,
    hop: FakeHop | None = None,
    judge: FakeJudge | None = None,
    **settings: object,
) -> AsyncIterator[House]:
    settings = {"hostname": "guard.tilleuls.fr"} | settings
    hop, judge = hop or FakeHop(), judge or FakeJudge()
    front = await serve(ListenerSettings(**settings), hop, judge, limits, room=Room(limits))  # type: ignore[arg-type]
    try:
        yield House(front, hop, judge)
    finally:
        front.close()
        await front.drain(2)
