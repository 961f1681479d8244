"""The white list, the partner files and the people lists of a running service: looked at, asked for, and minded for their age."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

import structlog

from mss_guard import assembly, doors
from mss_guard.assembly import Loaded
from mss_guard.core import trust

LIST_POLL = 30.0  # seconds between looks at the list and partner files
LIST_EVERY = 3600.0  # seconds between two askings for the published list (domain.md §1: hourly, conditional)
LIST_AGAIN = 300.0  # seconds until it is asked for again after a failure, doubled each time up to LIST_EVERY

_log = structlog.get_logger("mss_guard.service")
T = TypeVar("T")


class ListKeeper:
    """Two tasks, `watch` and `renew`. `loaded`: what is in force now; `relist`: take up what lies on the disk."""

    def __init__(self, loaded: Callable[[], Loaded], relist: Callable[[], Awaitable[None]]) -> None:
        self._loaded, self._relist = loaded, relist

    async def watch(self) -> None:
        """White list, partner files and people digests are looked at by their times; a bad one changes nothing (the last good one serves)."""
        seen = doors.list_times(self._loaded().settings)
        told = None
        while True:
            told = self._warn_of_people(told)
            await asyncio.sleep(LIST_POLL)
            now = doors.list_times(self._loaded().settings)
            if now != seen:
                seen = now
                await self._relist()

    async def renew(self) -> None:
        """The published list is asked for again and again, beside the mail: no verdict waits for it."""
        failures = 0
        while True:
            if self._loaded().settings.trust.published:
                renewal = await _aside(partial(assembly.renew_list, self._loaded().settings, datetime.now(UTC)))
                failures = 0 if renewal.renewed else failures + 1
                for sentence in renewal.said:
                    _log.error("list.refused", problem=sentence)
                if renewal.renewed:
                    await self._relist()
            self._mind_the_age()
            pause = min(LIST_AGAIN * 2 ** min(failures - 1, 8), LIST_EVERY) if failures else LIST_EVERY
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - a thousand houses, not all at once

    def _mind_the_age(self) -> None:
        space, now = self._loaded().state.knowledge.space, datetime.now(UTC)
        age = trust.freshness(space, now)
        if self._loaded().settings.trust.list is not None and age != "fresh":
            at = space.confirmed_at.isoformat() if space.confirmed_at else None
            _log.log(40 if age == "old" else 30, "list.age", state=age, confirmed=at)

    def _warn_of_people(self, told: date | None) -> date:
        """Once a day: people lists that are old, or not taken in yet."""
        now = datetime.now(UTC)
        if told != now.date():
            for sentence in assembly.people_said(self._loaded().settings, self._loaded().people_made, now):
                _log.warning("lists.people", problem=sentence)
        return now.date()


async def _aside(work: Callable[[], T]) -> T:
    """`work`, which does not raise, in a thread that never holds up the end of the process (asyncio's own threads do)."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    answers: list[T] = []

    def run() -> None:
        answers.append(work())
        with contextlib.suppress(RuntimeError):  # the loop is closed: the service has stopped meanwhile
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, daemon=True, name="list").start()
    await done.wait()
    return answers[0]
