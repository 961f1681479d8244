"""The line for a worker: who is next."""

from __future__ import annotations

import asyncio

import pytest

from mss_guard.edge.inspector.waiting import Line

SMALL, LARGE = 100_000, 100_001

# arrivals as (second, size) → the order in which they are served
ORDERS = {
    "first come first served": ([(0, SMALL), (1, SMALL), (2, SMALL)], [0, 1, 2]),
    "large ones too": ([(0, LARGE), (1, LARGE)], [0, 1]),
    "small before large": ([(0, LARGE), (1, SMALL), (4.9, SMALL)], [1, 2, 0]),
    "but not for ever": ([(0, LARGE), (4, SMALL), (6, SMALL), (7, SMALL)], [1, 0, 2, 3]),
}


@pytest.mark.parametrize("case", ORDERS)
async def test_order(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of up to 100 kB passes larger ones that came at most five seconds before it."""
    arrivals, expected = ORDERS[case]
    loop = asyncio.get_running_loop()
    line: Line[str] = Line()
    served: list[int] = []

    async def wait(number: int, size: int) -> None:
        await line.take(size)
        served.append(number)

    tasks = []
    for number, (second, size) in enumerate(arrivals):
        with monkeypatch.context() as clock:
            clock.setattr(loop, "time", lambda second=second: 1000.0 + second)
            tasks.append(asyncio.create_task(wait(number, size)))
            await asyncio.sleep(0)
    assert len(line) == len(arrivals)
    for _ in arrivals:
        line.offer("worker")
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert served == expected


async def test_one_who_leaves_the_line_takes_nothing_along() -> None:
    """Given up while waiting, or in the very moment of being served: the worker goes to the next."""
    line: Line[str] = Line()
    first, second, third = (asyncio.create_task(line.take(1)) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    line.offer("worker")
    second.cancel()
    assert await third == "worker"
    assert len(line) == 0


async def test_withdrawn_is_not_handed_out() -> None:
    """A worker that died idle is not met again; one that is in use cannot be withdrawn."""
    line: Line[str] = Line()
    line.offer("a")
    line.offer("b")
    assert line.withdraw("b")
    assert not line.withdraw("b")
    assert await line.take(1) == "a"
    assert not line.withdraw("a")
    assert line.idle == ()
