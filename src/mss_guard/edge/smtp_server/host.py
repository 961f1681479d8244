"""What a session asks of the front it belongs to, and the front of its sessions; so that neither module imports the other."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from mss_guard.core.model import Reply
from mss_guard.edge.smtp_server.ports import Judge, NextHop
from mss_guard.edge.smtp_server.room import Room
from mss_guard.edge.smtp_server.second_road import SecondRoad
from mss_guard.edge.smtp_server.settings import FrontLimits, ListenerSettings


class Guest(Protocol):
    """A session. `client`: the IP address of its peer; `transport`: None once the connection is lost."""

    client: str
    transport: Any  # aiosmtpd has no types

    def wake(self) -> None:
        """The front shuts down: stop waiting for a command."""


class Host(Protocol):
    """A front. One event loop for all its sessions."""

    settings: ListenerSettings
    next_hop: NextHop
    second: SecondRoad | None
    judge: Judge
    limits: FrontLimits
    room: Room
    loop: asyncio.AbstractEventLoop
    draining: bool

    def entered(self, session: Guest, task: asyncio.Task[None]) -> None:
        """`task` is the session's life; its place in the room is free again when it ends."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work that goes on whatever becomes of the session."""

    def count(self, reply: Reply) -> None:
        """A reply of our own was given."""
