"""Who has missed too often: by name and by address, in memory. A sign-in that is locked is not even tried.

An unknown name is locked like a known one, so that the lock tells nothing of who exists.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PER_NAME, PER_CLIENT = 5, 30
FOR = 15 * 60.0  # seconds, from the last miss
REMEMBERED = 50_000


@dataclass(slots=True)
class _Misses:
    count: int
    last: float


class Lockout:
    """`clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._missed: OrderedDict[tuple[str, str], _Misses] = OrderedDict()

    def locked(self, name: str, client: str) -> bool:
        """Whether this name or this client must wait."""
        return self._over(("name", name), PER_NAME) or self._over(("client", client), PER_CLIENT)

    def miss(self, name: str, client: str) -> bool:
        """Count one; whether the name is locked from now on."""
        for key in (("name", name), ("client", client)):
            held = self._missed.get(key)
            if held is None or self._clock() - held.last > FOR:
                held = self._missed[key] = _Misses(0, 0.0)
            held.count, held.last = held.count + 1, self._clock()
            self._missed.move_to_end(key)
        while len(self._missed) > REMEMBERED:
            self._missed.popitem(last=False)
        return self._over(("name", name), PER_NAME)

    def hit(self, name: str) -> None:
        """A right password forgives the name; the client's other misses stay."""
        self._missed.pop(("name", name), None)

    def _over(self, key: tuple[str, str], most: int) -> bool:
        held = self._missed.get(key)
        return held is not None and held.count >= most and self._clock() - held.last <= FOR
