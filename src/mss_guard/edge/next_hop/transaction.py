"""One transaction with the next hop: RCPTs mirrored, then DATA on the connection held, or the replay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, Protocol

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import replies
from mss_guard.edge.next_hop.connection import Connection, End
from mss_guard.edge.next_hop.offers import forwardable, missing
from mss_guard.edge.next_hop.replies import Stage
from mss_guard.edge.next_hop.settings import Hop, Timeouts


class Ground(Protocol):
    """What a transaction needs of the pool it came from."""

    def keep(self, work: Coroutine[Any, Any, list[HopReply]]) -> Awaitable[list[HopReply]]:
        """Run `work` in a task of the pool; cancelling the wait does not cancel the work."""

    async def again(self, hop: Hop, address: str, by: float) -> Connection | None:
        """A new connection to the same hop, the same address first."""

    def done(self, connection: Connection, *, reset: bool, reusable: bool) -> None:
        """The transaction is over and its place is free again."""

    def outdated(self, hop: Hop) -> None:
        """The hop at hand does not offer what the front does: ask again what it offers."""


async def open_mail(connection: Connection, mail_line: bytes, xforward: Sequence[bytes], by: float) -> HopReply:
    """[XFORWARD …] MAIL. The MAIL answer, or a 451 of our own."""
    if missing(mail_line, connection.offers):
        return replies.MISSING
    for line in forwardable(xforward, connection.offers):
        said = await connection.command(Stage.XFORWARD, line, by)
        if not said.ok:  # the client's identity is not ours to drop, nor its mail ours to bounce for it
            return said if said.code < 500 else replies.FAULT
    return await connection.command(Stage.MAIL, mail_line, by)


class HopTransaction:
    """Between MAIL's 2xx and the end. Never raises but CancelledError. The first of `deliver` and `abandon` ends it.

    `per_recipient`: an lmtp client waits, each recipient has its own answer; else one answer stands for all.
    """

    def __init__(
        self,
        ground: Ground,
        limits: Timeouts,
        connection: Connection,
        mail_line: bytes,
        xforward: Sequence[bytes],
        *,
        per_recipient: bool,
    ) -> None:
        self._ground = ground
        self._limits = limits
        self._connection = connection
        self._mail_line = mail_line
        self._xforward = tuple(xforward)
        self._per_recipient = per_recipient
        self._accepted: list[bytes] = []
        self._over = False
        self._undone = False  # what the client said is forgotten at the hop
        self._reported = False  # a message of our own went first on this connection, and was taken
        self._now = asyncio.get_running_loop().time

    async def rcpt(self, line: bytes) -> HopReply:
        """`line`: the whole command as the client gave it, without CRLF. The hop's answer, byte for byte."""
        if missing(line, self._connection.offers):
            self._ground.outdated(self._connection.hop)
            return replies.MISSING
        reply = await self._connection.command(Stage.RCPT, line, self._now() + self._limits.rcpt)
        if reply.ok:
            self._accepted.append(line)
        return reply

    async def report(self, mail_line: bytes, rcpt_line: bytes, body: bytes, dot_by: float) -> HopReply:
        """A message of our own on the same connection, before `deliver` or `abandon`: RSET, MAIL, RCPT, DATA; the hop's last word.

        The client's transaction is thereby undone at the hop; `deliver` replays it.
        """
        if self._over or self._reported:
            return replies.FAULT
        return (await self._ground.keep(self._report(mail_line, rcpt_line, body, dot_by)))[0]

    async def _report(self, mail_line: bytes, rcpt_line: bytes, body: bytes, dot_by: float) -> list[HopReply]:
        self._undone = True
        said = await self._reopen(mail_line, (), dot_by)
        if not said.ok:
            return [said]
        said = await self._connection.command(Stage.RCPT, rcpt_line, min(dot_by, self._now() + self._limits.rcpt))
        if not said.ok:
            return [said]
        go = await self._data(dot_by) or self._failure(dot_by)
        said = await self._connection.content(body, dot_by, self._limits.answer) if go.code == 354 else go
        self._reported = said.ok
        return [said]

    async def deliver(self, keep: Sequence[int], body: bytes, dot_by: float) -> list[HopReply]:
        """One answer per index of `keep`, which counts the RCPT commands answered 2xx, from 0. `dot_by`: `loop.time()`.

        Runs in a task of the pool: once begun it comes to its end, whoever waits for it.
        """
        if self._over or not keep:
            await self.abandon()
            return [replies.FAULT for _ in keep]
        lines = [self._accepted[index] for index in keep]
        self._over = True
        whole = not self._undone and list(keep) == list(range(len(self._accepted)))
        return await self._ground.keep(self._deliver(lines, body, dot_by, whole=whole))

    async def abandon(self) -> None:
        """RSET and QUIT, without waiting for either; a connection whose last word was a 2xx to a dot is kept."""
        if not self._over:
            self._over = True
            self._ground.done(self._connection, reset=not self._reported, reusable=self._reported)

    async def _deliver(self, lines: list[bytes], body: bytes, dot_by: float, *, whole: bool) -> list[HopReply]:
        said = replies.FAULT
        reset = True
        try:
            go = await self._data(dot_by) if whole and self._connection.alive else None
            refused: list[HopReply | None] = [None] * len(lines)
            if go is None:
                refused = await self._replay(lines, dot_by)
                if None not in refused:
                    return [reply for reply in refused if reply is not None]
                go = await self._data(dot_by) or self._failure(dot_by)
            said = await self._connection.content(body, dot_by, self._limits.answer) if go.code == 354 else go
            reset = go.code != 354
            return [reply or said for reply in refused]
        finally:
            self._ground.done(self._connection, reset=reset, reusable=said.ok)

    async def _data(self, dot_by: float) -> HopReply | None:
        """DATA. None when the connection proves to have died while we held it: no content went out, so replay."""
        go = await self._connection.command(Stage.DATA, b"DATA", min(dot_by, self._now() + self._limits.rcpt))
        if self._connection.end is End.CLOSED or go.code == 421:
            self._connection.drop(End.CLOSED)
            return None
        return go if self._connection.end is None else self._failure(dot_by)

    async def _replay(self, lines: list[bytes], dot_by: float) -> list[HopReply | None]:
        """The same words again for `lines` alone. None: accepted again; without any None nothing is to be delivered."""
        said = await self._reopen(self._mail_line, self._xforward, dot_by)
        if not said.ok:
            return [said] * len(lines)
        answers: list[HopReply | None] = []
        for line in lines:
            again = await self._connection.command(Stage.RCPT, line, min(dot_by, self._now() + self._limits.rcpt))
            if not self._connection.alive:
                return [self._failure(dot_by)] * len(lines)
            answers.append(None if again.ok else replies.FAULT)
        if self._per_recipient or all(answer is None for answer in answers):
            return answers
        return [replies.FAULT] * len(lines)

    async def _reopen(self, mail_line: bytes, xforward: Sequence[bytes], dot_by: float) -> HopReply:
        """RSET or a new connection to the same hop, XFORWARD (Postfix's RSET clears it), MAIL. 2xx, or our own 451."""
        by = min(dot_by, self._now() + self._limits.command)
        held = self._connection
        if not (held.alive and (await held.command(Stage.RSET, b"RSET", by)).ok):
            held.drop()
            by = min(dot_by, self._now() + self._limits.reach)
            fresh = await self._ground.again(held.hop, held.address, by)
            if fresh is None:
                return self._late(dot_by) or replies.UNREACHABLE
            self._connection = fresh
        by = min(dot_by, self._now() + self._limits.command)
        said = await open_mail(self._connection, mail_line, xforward, by)
        if not self._connection.alive:
            return self._failure(dot_by)
        if said is replies.MISSING:
            self._ground.outdated(held.hop)
        return said if said.ok or said is replies.MISSING else replies.FAULT

    def _failure(self, dot_by: float) -> HopReply:
        return self._late(dot_by) or (replies.FAULT if self._connection.end is End.JUNK else replies.LOST)

    def _late(self, dot_by: float) -> HopReply | None:
        return replies.LATE if self._now() >= dot_by else None
