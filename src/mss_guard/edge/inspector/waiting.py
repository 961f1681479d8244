"""The line in which messages wait for a worker: first come first served, except that a large one lets the small ones of
some seconds pass.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Final, Generic, TypeVar

SMALL: Final = 100_000
"""Bodies up to this many bytes go before larger ones …"""

GRACE: Final = 5.0
"""… that came at most this many seconds earlier; so a larger one waits at most so much longer."""

T = TypeVar("T")


class Line(Generic[T]):
    """Hands out what is offered, one to each in the line. Everything happens on one event loop."""

    def __init__(self) -> None:
        self._idle: list[T] = []
        self._waiting: list[tuple[float, int, asyncio.Future[T]]] = []
        self._ticket = count()

    def __len__(self) -> int:
        return sum(not future.done() for _, _, future in self._waiting)

    @property
    def idle(self) -> tuple[T, ...]:
        """What nobody uses now."""
        return tuple(self._idle)

    def offer(self, item: T) -> None:
        """`item` is free: the next in the line has it."""
        while self._waiting:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(item)
                return
        self._idle.append(item)

    def withdraw(self, item: T) -> bool:
        """`item` is not to be handed out any more; False when somebody has it, or nobody knows it."""
        try:
            self._idle.remove(item)
        except ValueError:
            return False
        return True

    def take_now(self) -> T | None:
        """An item that nobody uses; None when all are in use, and then the line is joined by `take`."""
        return self._idle.pop() if self._idle else None

    async def take(self, size: int) -> T:
        """Waits for an item, in the place due to a body of `size` bytes.

        The caller bounds the time and offers the item again after use.
        """
        if self._idle:
            return self._idle.pop()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        due = loop.time() + (0.0 if size <= SMALL else GRACE)
        heapq.heappush(self._waiting, (due, next(self._ticket), future))
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.offer(future.result())
            raise
