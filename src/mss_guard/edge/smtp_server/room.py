"""The room of one front: connections, connections of one client, bytes in flight. Shared by all its listeners; no
waiting, only yes or no.
"""

from __future__ import annotations

from collections import Counter

from mss_guard.edge.smtp_server.settings import MEMORY_FACTOR, FrontLimits

STEP = 1 << 20
"""What an unannounced message is given at a time."""


class Room:
    """Counts what is taken. Not thread-safe: it belongs to one event loop."""

    def __init__(self, limits: FrontLimits) -> None:
        self._limits = limits
        self._clients: Counter[str] = Counter()
        self._connections = 0
        self._free = limits.bytes_in_flight

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def free(self) -> int:
        """Bytes in flight still to be had."""
        return self._free

    def admit(self, client: str) -> bool:
        """Take a connection for `client`; False, and nothing taken, when there are too many."""
        if self._connections >= self._limits.connections or self._clients[client] >= self._limits.per_client:
            return False
        self._connections += 1
        self._clients[client] += 1
        return True

    def leave(self, client: str) -> None:
        self._connections -= 1
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]

    def reserve(self, size: int) -> Reservation | None:
        """Room for a message announced with `size` octets (0: not announced), or None."""
        reservation = Reservation(self, self._limits.size)
        return reservation if reservation.grow(size or STEP) else None

    def take(self, octets: int) -> bool:
        if octets > self._free:
            return False
        self._free -= octets
        return True

    def give_back(self, octets: int) -> None:
        self._free += octets


class Reservation:
    """The bytes one message holds. `release` gives them back, once."""

    def __init__(self, room: Room, most: int) -> None:
        self._room = room
        self._most = most
        self._size = 0

    def grow(self, size: int) -> bool:
        """Hold enough for `size` octets, never more than the largest message; False, and nothing more taken, when there
        is no room.
        """
        size = min(size, self._most)
        if size <= self._size:
            return True
        steps = -(-(size - self._size) // STEP)
        wanted = min(self._size + steps * STEP, self._most) if self._size else size
        if not self._room.take((wanted - self._size) * MEMORY_FACTOR):
            return False
        self._size = wanted
        return True

    def release(self) -> None:
        self._room.give_back(self._size * MEMORY_FACTOR)
        self._size = 0
