"""The connections to the next hops: places, reuse, failing over, and what the hops offer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import structlog

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import replies, tls
from mss_guard.edge.next_hop.connection import Connection, End, Failed, dial
from mss_guard.edge.next_hop.idle import Idle
from mss_guard.edge.next_hop.offers import Offers
from mss_guard.edge.next_hop.replies import Stage
from mss_guard.edge.next_hop.resolver import Resolver
from mss_guard.edge.next_hop.settings import Hop, HopSettings
from mss_guard.edge.next_hop.transaction import HopTransaction, open_mail

log = structlog.get_logger()
T = TypeVar("T")


class HopPool:
    """The next hop as a front sees it: `offers`, `begin`, `submit`. `start` before, `close` after; one event loop."""

    def __init__(self, settings: HopSettings, resolver: Resolver) -> None:
        """Raises OSError when a hop's `ca` file is of no use."""
        self._settings = settings
        self._limits = settings.timeouts
        self._resolver = resolver
        self._contexts = {hop: tls.context(hop) for hop in settings.hops}
        self._places = asyncio.Semaphore(settings.max_connections)
        self._idle = Idle(settings.idle, self._part)
        self._offers = Offers()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asking: set[Hop] = set()
        self._down: set[Hop] = set()  # said so in the log already
        self._refreshing: asyncio.Task[None] | None = None
        self._closing = False

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Ask every hop what it offers (bounded by `timeouts.reach`), then again whenever an answer has grown old."""
        await self.refresh()
        self._refreshing = asyncio.create_task(self._keep_fresh())

    def start_asking(self) -> None:
        """The same, and nobody waits for the first answer."""
        self._task(self.refresh())
        self._refreshing = asyncio.create_task(self._keep_fresh())

    async def close(self, within: float) -> None:
        """Wait up to `within` seconds for what is under way (an answer to a dot may take 600); QUIT the idle ones."""
        self._closing = True
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._settle(within)
        self._idle.empty()
        await self._settle(2 * self._limits.quit)

    async def _settle(self, within: float) -> None:
        by = asyncio.get_running_loop().time() + within
        while self._tasks and (left := by - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)

    # --- what the hops offer ------------------------------------------------------------------------------------------

    def offers(self) -> Mapping[str, str] | None:
        """{KEYWORD: arguments} that every hop offers, of those that ever answered; None before the first one did."""
        return self._offers.all()

    async def refresh(self, older_than: float = float("inf")) -> None:
        """Ask each hop whose answer is older than that `loop.time()`."""
        stale = [hop for hop in self._settings.hops if self._offers.older_than(hop, older_than)]
        await asyncio.gather(*(self._ask(hop) for hop in stale))

    async def _keep_fresh(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._settings.refresh / 12)
            await self.refresh(loop.time() - self._settings.refresh)

    async def _ask(self, hop: Hop) -> None:
        if hop in self._asking:
            return
        self._asking.add(hop)
        try:
            connection = await self._dial(hop, asyncio.get_running_loop().time() + self._limits.reach)
        finally:
            self._asking.discard(hop)
        if connection is not None:
            self._part(connection)

    # --- transactions -------------------------------------------------------------------------------------------------

    async def begin(
        self, mail_line: bytes, xforward: Sequence[bytes], *, per_recipient: bool = False
    ) -> tuple[HopTransaction | None, HopReply]:
        """A place, a connection, XFORWARD and MAIL. The transaction when MAIL was answered 2xx; the answer in any case.

        `mail_line` and each of `xforward`: whole commands as the client gave them, without CRLF.
        """
        if not await self._place():
            return None, replies.BUSY
        try:
            connection, reply = await self._open(mail_line, xforward)
        except BaseException:
            self._places.release()
            raise
        if connection is None:
            self._places.release()
            return None, reply
        if reply.ok:
            made = HopTransaction(self, self._limits, connection, mail_line, xforward, per_recipient=per_recipient)
            return made, reply
        if reply is replies.MISSING:
            self.outdated(connection.hop)
        self.done(connection, reset=False, reusable=False)
        return None, reply

    async def submit(self, mail_line: bytes, rcpt_line: bytes, body: bytes) -> HopReply:
        """One message of our own to one recipient: the hop's last word on it."""
        transaction, reply = await self.begin(mail_line, ())
        if transaction is None:
            return reply
        try:
            reply = await transaction.rcpt(rcpt_line)
            if not reply.ok:
                return reply
            dot_by = asyncio.get_running_loop().time() + self._limits.submit
            return (await transaction.deliver((0,), body, dot_by))[0]
        finally:
            await transaction.abandon()

    async def _place(self) -> bool:
        if self._closing:
            return False
        if not self._places.locked():  # nothing to wait for, hence no timer
            return await self._places.acquire()
        try:
            async with asyncio.timeout(self._limits.slot):
                return await self._places.acquire()
        except TimeoutError:
            return False

    async def _open(self, mail_line: bytes, xforward: Sequence[bytes]) -> tuple[Connection | None, HopReply]:
        """Hops in order, failing over up to the EHLO answer only. An idle connection that proves dead is replaced."""
        now = asyncio.get_running_loop().time
        reach_by = now() + self._limits.reach
        for hop in self._settings.hops:
            held = self._idle.take(hop)
            if held is not None:
                reply = await self._mail(held, mail_line, xforward)
                if held.end is not End.CLOSED and reply.code != 421:
                    return held, reply
                held.drop()
            fresh = await self._dial(hop, reach_by)
            if fresh is not None:
                return fresh, await self._mail(fresh, mail_line, xforward)
        return None, replies.UNREACHABLE

    async def _mail(self, connection: Connection, mail_line: bytes, xforward: Sequence[bytes]) -> HopReply:
        by = asyncio.get_running_loop().time() + self._limits.command
        return await open_mail(connection, mail_line, xforward, by)

    async def _dial(self, hop: Hop, by: float, first: str = "") -> Connection | None:
        """The first of a hop's addresses that gives an EHLO answer, `first` before the others."""
        try:
            async with asyncio.timeout_at(by):
                addresses = await self._resolver.addresses(hop.host)
        except TimeoutError:
            addresses = ()
        failed = Failed(Stage.RESOLVE, "no-address")
        for address in sorted(addresses, key=lambda one: one != first):
            made = await dial(hop, address, self._settings.helo, self._contexts[hop], self._limits, by)
            if isinstance(made, Connection):
                self._reached(hop, made)
                return made
            failed = made
        if hop not in self._down:
            self._down.add(hop)
            log.warning("hop.unreachable", hop=hop.label, stage=str(failed.stage), end=failed.end)
        return None

    def _reached(self, hop: Hop, connection: Connection) -> None:
        self._offers.learn(hop, connection.offers, asyncio.get_running_loop().time())
        if hop in self._down:
            self._down.discard(hop)
            log.info("hop.reached", hop=hop.label)

    # --- the ground under a transaction -------------------------------------------------------------------------------

    def keep(self, work: Coroutine[Any, Any, list[HopReply]]) -> Awaitable[list[HopReply]]:
        return asyncio.shield(self._task(work))

    async def again(self, hop: Hop, address: str, by: float) -> Connection | None:
        return await self._dial(hop, by, address)

    def done(self, connection: Connection, *, reset: bool, reusable: bool) -> None:
        connection.messages += reusable
        if reusable and connection.alive and connection.messages < self._settings.reuse and not self._closing:
            self._idle.put(connection)
            self._places.release()
        else:
            self._part(connection, reset=reset, place=True)

    def outdated(self, hop: Hop) -> None:
        self._task(self._ask(hop))

    def _part(self, connection: Connection, *, reset: bool = False, place: bool = False) -> None:
        """Say goodbye in the background. The place stays taken until the hop has really lost the connection."""
        self._task(self._farewell(connection, reset=reset, place=place))

    async def _farewell(self, connection: Connection, *, reset: bool, place: bool) -> None:
        try:
            await connection.farewell(self._limits.quit, reset=reset)
        finally:
            if place:
                self._places.release()

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself only keeps a weak reference
        task.add_done_callback(self._tasks.discard)
        return task
