"""The front: one listening socket, its sessions, its background tasks, its end."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import structlog

from mss_guard.core.model import Reply
from mss_guard.edge.smtp_server import replies
from mss_guard.edge.smtp_server.commands import LmtpSession, SmtpSession
from mss_guard.edge.smtp_server.host import Guest
from mss_guard.edge.smtp_server.ports import Judge, NextHop
from mss_guard.edge.smtp_server.room import Room
from mss_guard.edge.smtp_server.second_road import SecondRoad
from mss_guard.edge.smtp_server.session import Connection
from mss_guard.edge.smtp_server.settings import FrontLimits, ListenerSettings, client_address, within

_log = structlog.get_logger("mss_guard.front")
_SESSIONS: dict[str, type[Connection]] = {"smtp": SmtpSession, "lmtp": LmtpSession}


class Front:
    """A listener at work. Made by `serve`; belongs to one event loop."""

    def __init__(
        self,
        settings: ListenerSettings,
        next_hop: NextHop,
        judge: Judge,
        limits: FrontLimits,
        room: Room,
        second: SecondRoad | None = None,
    ) -> None:
        self.settings = settings
        self.next_hop = next_hop
        self.second = second
        self.judge = judge
        self.limits = limits
        self.room = room
        self.loop = asyncio.get_running_loop()
        self.draining = False
        self.said: Counter[str] = Counter()
        """Refusals of our own, temporary and permanent, by code and enhanced code ("451 4.3.0")."""
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], Guest] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on; the kernel's choice when the settings say 0. 0 when it no longer listens."""
        sockets = self._server.sockets if self._server is not None else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    async def listen(self, sock: socket.socket | None) -> None:
        where: dict[str, Any] = (
            {"sock": sock} if sock is not None else {"host": self.settings.address, "port": self.settings.port}
        )
        self._server = await self.loop.create_server(lambda: _Doorman(self), **where)

    async def drain(self, within_s: float) -> bool:
        """Accept nobody more, say 421 to idle sessions, finish what is in DATA or after it.

        True when all is done, False when `within_s` seconds were not enough; what goes on then is never cut by us.
        """
        self.draining = True
        if self._server is not None:
            self._server.close()
        for session in self._sessions.values():
            session.wake()
        deadline = self.loop.time() + within_s
        while pending := {*self._sessions, *self._tasks}:
            if self.loop.time() >= deadline:
                return False
            await asyncio.wait(pending, timeout=deadline - self.loop.time())
        return True

    def close(self) -> None:
        """Accept nobody more and drop every connection. A message whose dot may be out goes on in its task: drain()
        waits for it.
        """
        self.draining = True
        if self._server is not None:
            self._server.close()
        for session in self._sessions.values():
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()

    # --- for the sessions ---

    def refusal(self, client: str) -> Reply | None:
        """Why this client is turned away, or None and it has its place in the room."""
        if not within(client_address(client), self.settings.allow):
            return replies.NOT_ALLOWED
        if self.draining:
            return replies.SHUTTING_DOWN
        return None if self.room.admit(client) else replies.TOO_MANY_CONNECTIONS

    def session(self, client: str) -> Connection:
        return _SESSIONS[self.settings.mode](self, client)

    def entered(self, session: Guest, task: asyncio.Task[None]) -> None:
        self._sessions[task] = session
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self.room.leave(self._sessions.pop(task).client)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work that goes on whatever becomes of the session."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("front.fault", during="background", error=type(task.exception()).__name__, place="")

    def count(self, reply: Reply) -> None:
        """Refusals of our own are no decision and need no journal record; they are counted and logged."""
        if reply.code >= 400:
            key = f"{reply.code} {reply.enhanced}"
            self.said[key] += 1
            _log.info("front.deferred" if reply.code < 500 else "front.refused", reply=key, listener=self.settings.name)


class _Doorman(asyncio.Protocol):
    """Lets a client in, or says why not in one line; only an admitted one costs a session."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        peer = transport.get_extra_info("peername")
        client = str(client_address(peer[0])) if peer else ""
        refusal = self._front.refusal(client) if client else replies.NOT_ALLOWED
        if refusal is not None:
            self._front.count(refusal)
            transport.write(refusal.wire())
            transport.close()
            return
        session = self._front.session(client)
        transport.set_protocol(session)
        session.connection_made(transport)


async def serve(
    settings: ListenerSettings,
    next_hop: NextHop,
    judge: Judge,
    limits: FrontLimits,
    *,
    room: Room | None = None,
    sock: socket.socket | None = None,
    second: SecondRoad | None = None,
) -> Front:
    """Listen. `room`: shared by all listeners of the process, for the caps hold for all of them together; `sock`: a
    bound socket instead of the settings' address; `second`: the road of those whom a ruling sets apart.

    Raises OSError when the address cannot be had.
    """
    front = Front(settings, next_hop, judge, limits, room or Room(limits), second)
    await front.listen(sock)
    return front
