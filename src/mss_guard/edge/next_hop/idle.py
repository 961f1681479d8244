"""Connections that wait for the next message: newest first, each for a limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mss_guard.edge.next_hop.connection import Connection
from mss_guard.edge.next_hop.settings import Hop


class Idle:
    """`part` says goodbye to a connection whose time is up."""

    def __init__(self, seconds: float, part: Callable[[Connection], None]) -> None:
        self._seconds = seconds
        self._part = part
        self._waiting: dict[Hop, list[Connection]] = {}
        self._timers: dict[Connection, asyncio.TimerHandle] = {}

    def put(self, connection: Connection) -> None:
        self._waiting.setdefault(connection.hop, []).append(connection)
        self._timers[connection] = asyncio.get_running_loop().call_later(self._seconds, self._expire, connection)

    def take(self, hop: Hop) -> Connection | None:
        """One that is still alive; those that the hop has closed meanwhile fall away."""
        waiting = self._waiting.get(hop, [])
        while waiting:
            connection = waiting.pop()
            self._timers.pop(connection).cancel()
            if connection.alive:
                return connection
        return None

    def empty(self) -> None:
        for connection in list(self._timers):
            self._expire(connection)

    def _expire(self, connection: Connection) -> None:
        self._timers.pop(connection).cancel()
        self._waiting[connection.hop].remove(connection)
        self._part(connection)
