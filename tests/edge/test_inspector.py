"""The pool of workers: whatever a worker does or suffers, every message is answered and the pool is whole again."""

from __future__ import annotations

import _pickle
import asyncio
import contextlib
import os
import pickle
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from mss_guard.core.model import Assessment, Fault, State, Why
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings, StartError, blocking, crew

SETTINGS = Settings(workers=2, inspection="tests.edge.worker_targets", readers=())


@pytest_asyncio.fixture
async def inspector() -> AsyncIterator[Inspector]:
    """A pool of two workers that do what the request's name says."""
    made = await Inspector.start(b"", SETTINGS)
    yield made
    await made.stop()


async def told(inspector: Inspector, name: str, raw: bytes = b"x", budget: float = 5.0) -> Assessment | Fault:
    return await inspector.inspect(Request(name=name), raw, budget)


async def words(inspector: Inspector, name: str, raw: bytes = b"x") -> tuple[str, ...]:
    found = await told(inspector, name, raw)
    assert isinstance(found, Assessment), found
    return found.nearly


async def whole(inspector: Inspector, within: float = 1.0) -> None:
    """Waits until every place of the pool is filled; how long that may take is part of the promise."""
    deadline = time.monotonic() + within
    while len(inspector.stats().pids) < SETTINGS.workers:
        assert time.monotonic() < deadline, inspector.stats()
        await asyncio.sleep(0.01)


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 20_000, 5_000_000, 30_000_000])
async def test_a_message_reaches_the_worker_whole(inspector: Inspector, size: int) -> None:
    """Empty, small or large, what was sent is what was read."""
    assert f"size.{size}" in await words(inspector, "echo", bytes(size))


async def test_messages_are_inspected_side_by_side(inspector: Inspector) -> None:
    """Two workers take two messages at a time, and each answer goes to its own question."""
    found = await asyncio.gather(*(words(inspector, "echo", bytes(n)) for n in range(50)))
    assert [f"size.{n}" for n in range(50)] == [said[0] for said in found]
    assert len({said[1] for said in found}) == 2


def test_without_an_event_loop() -> None:
    """`scan` asks one message after another, synchronously."""
    with blocking(b"", SETTINGS) as inspect:
        for size in (1, 2):
            found = inspect(Request(name="echo"), bytes(size), 5)
            assert isinstance(found, Assessment)
            assert found.nearly[0] == f"size.{size}"


# --- ends of a worker -------------------------------------------------------------------------------------------------

ENDS: dict[str, tuple[Fault, int | None]] = {
    "raise SystemExit": (Fault.DIED, 70),
    "raise KeyboardInterrupt": (Fault.DIED, 70),
    "raise ValueError": (Fault.DIED, 70),
    "null": (Fault.DIED, -signal.SIGSEGV),
    "abort": (Fault.DIED, -signal.SIGABRT),
    "signal SIGKILL": (Fault.DIED, -signal.SIGKILL),
    "fill 2000": (Fault.DIED, 71),
    "close": (Fault.DIED, None),
    "sleep 60": (Fault.OVERRUN, None),
    "pickle": (Fault.PROTOCOL, None),
    "gigabyte": (Fault.PROTOCOL, None),
    "long": (Fault.PROTOCOL, None),
    "twice": (Fault.PROTOCOL, None),
}


@pytest.mark.parametrize("name", ENDS)
async def test_whatever_a_worker_does_the_message_is_answered(
    inspector: Inspector, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A fault in time, a new worker within a second, nothing said on the standard streams, nothing unpickled."""
    fault, code = ENDS[name]
    before = set(inspector.stats().pids)
    started = time.monotonic()
    assert await told(inspector, name, budget=1.0) is fault
    assert time.monotonic() - started < 5
    await whole(inspector)
    assert len(before & set(inspector.stats().pids)) == 1
    assert inspector.stats().faults == {fault: 1}
    assert inspector.stats().exits == ({} if code is None else {code: 1})
    assert await words(inspector, "echo")
    assert "".join(capfd.readouterr()) == ""
    assert not Path("/tmp/unpickled-by-the-front").exists()


async def test_a_worker_that_spoke_unasked_is_not_asked_again(inspector: Inspector) -> None:
    """A second answer, kept back for the next message, is never taken for that message's."""
    await told(inspector, "sneak")
    await asyncio.sleep(0.05)
    for size in range(4):
        assert (await words(inspector, "echo", bytes(size)))[0] == f"size.{size}"
    await whole(inspector)
    assert inspector.stats().faults == {}


async def test_past_its_cpu_time_a_worker_ends(inspector: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends it with SIGXCPU, which counts, whatever code it is stuck in."""
    monkeypatch.setattr(crew, "cpu_seconds", lambda size: 0)
    assert await told(inspector, "spin", budget=20) is Fault.DIED
    assert inspector.stats().exits == {-signal.SIGXCPU: 1}


def test_cpu_time_depends_on_the_size_only() -> None:
    """The same body meets the same limit on a busy day, and always one below the 45 s of the wall."""
    assert [crew.cpu_seconds(size) for size in (0, 20_000, 5_000_000, 50_000_000)] == [5, 5, 10, 30]


async def test_a_worker_is_replaced_after_its_share_of_messages() -> None:
    """What a parser leaks or spoils does not last."""
    settings = Settings(workers=1, messages=3, inspection=SETTINGS.inspection, readers=())
    inspector = await Inspector.start(b"", settings)
    pids = [(await words(inspector, "echo"))[1] for _ in range(9)]
    await inspector.stop()
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 3]
    assert inspector.stats().faults == {}


async def test_a_worker_that_has_grown_fat_answers_and_goes(inspector: Inspector) -> None:
    """Memory taken and not given back is given back by ending."""
    before = set(inspector.stats().pids)
    assert isinstance(await told(inspector, "fill 450"), Assessment)
    await whole(inspector)
    assert len(before & set(inspector.stats().pids)) == 1
    assert inspector.stats().faults == {}


async def test_a_worker_that_dies_idle_costs_no_message(inspector: Inspector) -> None:
    """The next message goes to another; the place is filled without being asked."""
    for pid in inspector.stats().pids:
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert await words(inspector, "echo")
    await whole(inspector)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_to_the_whole_group_are_the_fronts_business(inspector: Inspector, number: int) -> None:
    """Control-C and systemd's SIGTERM reach workers and fork server too; the front drains and needs them."""
    before = set(inspector.stats().pids)
    for pid in (*before, inspector._zygote.pid):
        os.kill(pid, number)
    await asyncio.sleep(0.1)
    assert set(inspector.stats().pids) == before
    assert await words(inspector, "echo")


async def test_a_cancelled_question_leaves_a_whole_pool(inspector: Inspector) -> None:
    """Nobody waits for the answer any more: its worker is not asked anything else."""
    asking = asyncio.create_task(told(inspector, "sleep 30", budget=40))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await whole(inspector)
    assert await words(inspector, "echo")


async def test_the_front_unpickles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every way to unpickle broken, the pool starts, answers, loses workers, takes new rules and stops."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("unpickled")

    for module in (pickle, _pickle):
        for name in ("load", "loads", "Unpickler"):
            monkeypatch.setattr(module, name, refuse)
    inspector = await Inspector.start(b"", SETTINGS)
    assert await words(inspector, "echo")
    assert await told(inspector, "pickle") is Fault.PROTOCOL
    assert await told(inspector, "null") is Fault.DIED
    assert await inspector.swap(b"new")
    assert (await words(inspector, "echo"))[-1] == "knowledge.new"
    await inspector.stop()


# --- the poison rule --------------------------------------------------------------------------------------------------

POISONS = {"null": Why.DAMAGED, "abort": Why.DAMAGED, "signal SIGXCPU": Why.TIMEOUT, "fill 2000": Why.TOO_LARGE}


@pytest.mark.parametrize("name", POISONS)
async def test_a_body_that_kills_twice_is_unreadable(inspector: Inspector, name: str) -> None:
    """First a deferral, then a verdict of its own: place 0, the whole, with its reason; the third time nobody dies."""
    assert await told(inspector, name) is Fault.DIED
    for hired in (2, 2):
        found = await told(inspector, name, b"Received: by a retry\r\nx")
        assert isinstance(found, Assessment)
        ((part, state, why),) = ((place.part, place.state, place.why) for place in found.places)
        assert (part, state, why) == ("0", State.UNREADABLE, POISONS[name])
        await whole(inspector)
        assert inspector.stats().hired == SETTINGS.workers + hired
    assert isinstance(await told(inspector, "echo", b"y"), Assessment)


@pytest.mark.parametrize("name", ["signal SIGKILL", "sleep 60", "raise ValueError", "pickle"])
async def test_what_may_have_come_from_outside_never_counts(inspector: Inspector, name: str) -> None:
    """However often: SIGKILL, the wall deadline, a bug of ours defer the message and blame nothing."""
    for _ in range(4):
        assert isinstance(await told(inspector, name, budget=0.3), Fault)
    assert inspector.stats().poisoned == 0


# --- waiting ----------------------------------------------------------------------------------------------------------


async def test_waiting_is_bounded(inspector: Inspector) -> None:
    """With every worker taken the budget runs out in the line: busy, and the others are not disturbed."""
    taken = [asyncio.create_task(words(inspector, "sleep 0.5")) for _ in range(2)]
    await asyncio.sleep(0.05)
    started = time.monotonic()
    assert await told(inspector, "echo", budget=0.1) is Fault.BUSY
    assert time.monotonic() - started >= 0.1
    await asyncio.gather(*taken)
    assert await words(inspector, "echo")


async def test_after_stop_nobody_is_left(inspector: Inspector) -> None:
    """No process, no descriptor, and every later question has its answer."""
    before = open_descriptors()
    other = await Inspector.start(b"", SETTINGS)
    pids = other.stats().pids
    opened = open_descriptors() - before
    asking = asyncio.create_task(told(other, "sleep 30", budget=3))
    await asyncio.sleep(0.1)
    await other.stop()
    assert await asking is Fault.DIED
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert opened
    assert not opened & open_descriptors()
    assert await told(other, "echo") is Fault.NO_WORKER


def open_descriptors() -> set[tuple[str, str]]:
    """Every descriptor of this process with what it stands for, so that a number used again is not taken for the
    same."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"broken", b"exit"])
async def test_rules_that_do_not_load_refuse_the_start(payload: bytes) -> None:
    """Said in French to whoever starts the service, at once and not after retries."""
    with pytest.raises(StartError, match="règles"):
        await Inspector.start(payload, SETTINGS)


async def test_readers_that_do_not_import_refuse_the_start() -> None:
    """A missing library is found at the start, not with the first message."""
    with pytest.raises(StartError):
        await Inspector.start(b"", Settings(workers=1, inspection=SETTINGS.inspection, readers=("no_such_package",)))


async def test_new_rules_take_over_and_the_old_finish_their_message(inspector: Inspector) -> None:
    """A message keeps the rules it was begun with; the next has the new ones; no answer is lost meanwhile."""
    before = inspector.stats().pids
    old = asyncio.create_task(words(inspector, "sleep 3"))
    await asyncio.sleep(0.05)
    assert await inspector.swap(b"slow")
    assert not old.done()
    assert [await words(inspector, "echo") for _ in range(4)][-1][-1] == "knowledge.slow"
    assert await old == ()
    await whole(inspector)
    assert not set(before) & set(inspector.stats().pids)
    assert inspector.stats().faults == {}


@pytest.mark.parametrize("payload", [b"broken", b"exit"])
async def test_new_rules_that_do_not_load_change_nothing(inspector: Inspector, payload: bytes) -> None:
    """The last good set goes on, with the very same workers."""
    before = inspector.stats().pids
    assert not await inspector.swap(payload)
    assert inspector.stats().pids == before
    assert await words(inspector, "echo")


async def test_many_swaps_under_load(inspector: Inspector) -> None:
    """Reload after reload, each message is answered by one set of rules."""
    stop = asyncio.Event()

    async def sender() -> list[tuple[str, ...]]:
        said = []
        while not stop.is_set():
            said.append(await words(inspector, "sleep 0.01"))
        return said

    senders = [asyncio.create_task(sender()) for _ in range(4)]
    for number in range(6):
        assert await inspector.swap(b"k%d" % number)
    stop.set()
    last = {said[-1][-1] for said in await asyncio.gather(*senders)}
    assert last <= {"knowledge.k4", "knowledge.k5"}
    assert inspector.stats().faults == {}
    await whole(inspector)


# --- killing ----------------------------------------------------------------------------------------------------------


async def _under_fire(inspector: Inspector, seconds: float, size: int, aim: Callable[[], int | None]) -> list[object]:
    """Six senders without pause, one SIGKILL every 0.1 s; every answer and how long the longest took."""
    answers: list[object] = []
    until = time.monotonic() + seconds

    async def sender(seed: int) -> None:
        body = random.Random(seed).randbytes(size)
        while time.monotonic() < until:
            started = time.monotonic()
            answers.append(await told(inspector, "echo", body, budget=5))
            assert time.monotonic() - started < 10

    senders = [asyncio.create_task(sender(n)) for n in range(6)]
    while time.monotonic() < until:
        await asyncio.sleep(0.1)
        if (pid := aim()) is not None:
            os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*senders)
    return answers


async def test_kill_9_of_a_random_worker_every_tenth_of_a_second(inspector: Inspector) -> None:
    """Each message has its answer or its deferral, none is held against a body, and a second later all is well."""

    def aim() -> int | None:
        pids = inspector.stats().pids
        return random.choice(pids) if pids else None

    answers = await _under_fire(inspector, 3.0, 5_000_000, aim)
    await asyncio.sleep(0.05)  # the last shot is heard of
    await whole(inspector)
    assert {type(answer) for answer in answers} <= {Assessment, Fault}
    assert sum(isinstance(answer, Assessment) for answer in answers) > 10
    assert set(inspector.stats().faults) <= {Fault.DIED}
    assert inspector.stats().poisoned == 0
    assert await words(inspector, "echo")


async def test_kill_9_of_the_fork_server(inspector: Inspector) -> None:
    """Its workers end with it; a new one is started, and the pool is whole again."""
    os.kill(inspector._zygote.pid, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert isinstance(await told(inspector, "echo", budget=10), Assessment)
    await whole(inspector, within=5)


async def test_workers_killed_again_and_again_while_they_load() -> None:
    """Nobody waits for a long pause once the killing stops: the pool is whole within a second, loading included."""
    inspector = await Inspector.start(b"late", SETTINGS)
    try:
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            for pid in _children(inspector._zygote.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)
        assert inspector.stats().hiring_failed > 8
        await whole(inspector, within=1.0)
    finally:
        await inspector.stop()


def _children(server: int | None) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(server):
                found.append(int(entry.name))
    return found
