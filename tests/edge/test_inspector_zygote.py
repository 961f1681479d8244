"""The fork servers: rules are loaded once for all workers, and a server goes when its rules do."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from multiprocessing import util
from pathlib import Path

import pytest
import pytest_asyncio

from mss_guard.core import inspection
from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request
from mss_guard.edge import library
from mss_guard.edge.inspector import Inspector, Settings, StartError, pool, prepare

TARGETS = "tests.edge.worker_targets"
SETTINGS = Settings(workers=2, inspection=TARGETS, readers=())


@pytest_asyncio.fixture
async def inspector() -> AsyncIterator[Inspector]:
    """A pool of two workers that do what the request's name says."""
    made = await Inspector.start(b"", SETTINGS)
    yield made
    await made.stop()


async def words(inspector: Inspector, name: str) -> tuple[str, ...]:
    found = await inspector.inspect(Request(name=name), b"x", 10.0)
    assert isinstance(found, Assessment), found
    return found.nearly


async def kill(inspector: Inspector) -> None:
    """SIGKILL for one worker; returns when its place is filled."""
    hired = inspector.stats().hired
    os.kill(inspector.stats().pids[0], signal.SIGKILL)
    deadline = time.monotonic() + 2.0
    while inspector.stats().hired == hired or inspector.stats().idle < SETTINGS.workers:
        assert time.monotonic() < deadline, inspector.stats()
        await asyncio.sleep(0.002)


def alive(pid: int | None) -> bool:
    """Whether there is such a process; a zombie is one."""
    return pid is not None and Path(f"/proc/{pid}").exists()


async def gone(pid: int | None, within: float = 2.0) -> None:
    deadline = time.monotonic() + within
    while alive(pid):
        assert time.monotonic() < deadline, f"{pid} is still there"
        await asyncio.sleep(0.01)


def held() -> tuple[list[str], list[str], list[int]]:
    """What this process has: descriptors by kind, sockets of fork servers, children (zombies too)."""
    kinds = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            kinds.append(str(entry.readlink()).partition(":[")[0])
        except FileNotFoundError:
            continue
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sorted(kinds), sorted(os.listdir(util.get_temp_dir())), [int(pid) for pid in children]


async def test_no_worker_loads_what_its_fork_server_has_loaded(inspector: Inspector) -> None:
    """Rules are loaded once, by the fork server, for the first workers and for those that come after them."""
    server = inspector._zygote.pid
    seen = set()
    for _ in range(3):
        own, *loaded = await words(inspector, "loaded")
        assert loaded == [f"by.{server}"]
        seen.add(own)
        await kill(inspector)
    assert len(seen) > 1


async def test_a_worker_loads_what_its_fork_server_could_not() -> None:
    """Whatever went wrong there, rules that load are worked with."""
    inspector = await Inspector.start(b"late", SETTINGS)
    own, tried, loaded, _ = await words(inspector, "loaded")
    assert tried == f"by.{inspector._zygote.pid}"
    assert loaded == own.replace("pid.", "by.")
    await inspector.stop()


async def test_new_rules_have_a_fork_server_of_their_own(inspector: Inspector) -> None:
    """After a swap workers are forked from rules that are loaded; the old server ends, and nothing is left of it."""
    before = inspector._zygote.pid
    assert await inspector.swap(b"new")
    await gone(before)
    await kill(inspector)
    server = inspector._zygote.pid
    assert alive(server)
    assert (await words(inspector, "loaded"))[1:] == (f"by.{server}", "knowledge.new")


async def test_the_old_fork_server_ends_with_its_last_message(inspector: Inspector) -> None:
    """Who is still reading with the old rules finishes; killing its server would kill it."""
    before = inspector._zygote.pid
    reading = asyncio.create_task(words(inspector, "sleep 3"))
    await asyncio.sleep(0.05)
    assert await inspector.swap(b"new")
    assert not reading.done()
    assert alive(before)
    assert await reading == ()
    await gone(before)


async def test_rules_that_do_not_load_leave_no_fork_server(inspector: Inspector) -> None:
    """The server that could not load them ends; the old one stays."""
    before = held()
    server = inspector._zygote.pid
    assert not await inspector.swap(b"broken")
    assert held() == before
    assert inspector._zygote.pid == server


async def test_a_killed_fork_server_is_replaced_with_its_rules_loaded() -> None:
    """Its workers end with it; those of the next one do not load either."""
    inspector = await Inspector.start(b"kept", SETTINGS)
    before = inspector._zygote.pid
    os.kill(before, signal.SIGKILL)  # type: ignore[arg-type]
    await gone_or_replaced(inspector, before)
    assert (await words(inspector, "loaded"))[1:] == (f"by.{inspector._zygote.pid}", "knowledge.kept")
    await inspector.stop()


async def gone_or_replaced(inspector: Inspector, before: int | None) -> None:
    deadline = time.monotonic() + 10.0
    while inspector._zygote.pid == before or inspector.stats().idle < SETTINGS.workers:
        assert time.monotonic() < deadline, inspector.stats()
        await asyncio.sleep(0.01)


async def test_nothing_piles_up(inspector: Inspector) -> None:
    """Fifty dead workers and five states of the rules later: the same descriptors, sockets and children."""
    await kill(inspector)
    descriptors, sockets, children = held()
    for swap in range(5):
        for _ in range(10):
            await kill(inspector)
        old = inspector._zygote.pid
        assert await inspector.swap(b"%d" % swap)
        await gone(old)
    await asyncio.sleep(0.1)
    after = held()
    assert after[0] == descriptors
    assert (len(after[1]), len(after[2])) == (len(sockets), len(children))


async def test_a_fork_server_prepared_is_the_one_used() -> None:
    """`prepare` starts what `Inspector.start` then finds; nothing is left to be found twice, or after `stop`."""
    prepare(SETTINGS, b"early")
    ((_, zygote),) = pool._prepared.items()
    server = zygote.pid
    inspector = await Inspector.start(b"early", SETTINGS)
    assert inspector._zygote.pid == server
    assert pool._prepared == {}
    await inspector.stop()
    assert not alive(server)


async def test_no_fork_server_outlives_a_refused_start() -> None:
    """Rules that do not load end the server that tried them."""
    before = held()
    with pytest.raises(StartError):
        await Inspector.start(b"broken", SETTINGS)
    assert held() == before


def _shipped() -> bytes:
    found = library.read(())
    return inspection.pack(found.rules, found.words)


async def test_a_fork_server_has_one_thread() -> None:
    """With the real rules and readers loaded too: what is forked from several threads may hang."""
    inspector = await Inspector.start(_shipped(), Settings(workers=1))
    status = Path(f"/proc/{inspector._zygote.pid}/status").read_text()
    await inspector.stop()
    assert "\nThreads:\t1\n" in status
