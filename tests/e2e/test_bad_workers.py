"""Workers that lie, flood, hang or die, behind the real front: the message is answered 451 in time, and nothing else happens."""

from __future__ import annotations

import asyncio
import resource
import time
from pathlib import Path

import pytest

from tests.e2e.rooms import MENU, House, house
from tests.fake_hop import FakeHop

MODULE = "tests.e2e.told_inspection"
BUDGET = "inspection: {budget: 2s}\n"
DEEDS = {
    "pickle": "sends a pickle",
    "gigabyte": "sends 1 GB",
    "long": "announces more than an answer may be",
    "twice": "speaks again when it was not asked",
    "sneak": "answers twice",
    "close": "closes its socket",
    "sleep 60": "says nothing",
    "spin": "computes for ever",
    "raise SystemExit": "leaves",
    "signal SIGKILL": "is killed",
    "signal SIGSEGV": "crashes",
}
HARMLESS_TO_ITS_OWN_MESSAGE = {"sneak"}  # its first answer is well formed; the second one ends the worker


async def _whole(guarded: House, within: float = 1.0) -> float:
    started = time.monotonic()
    while guarded.service.inspector.stats().idle < 1:
        assert time.monotonic() - started < within
        await asyncio.sleep(0.01)
    return time.monotonic() - started


@pytest.mark.parametrize("deed", DEEDS, ids=list(DEEDS.values()))
async def test_a_worker_that_misbehaves(tmp_path: Path, deed: str) -> None:
    """451 4.3.0 within the budget, no content at the hop, nothing unpickled or piled up in the front, and the next message passes."""
    trap = Path("/tmp/unpickled-by-the-front")  # what the pickle would make, were it read
    assert not trap.exists()
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE, extra=BUDGET) as guarded:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        last = (await guarded.attempt(body=b"X-Do: " + deed.encode() + b"\r\n" + MENU))[-1]
        if deed not in HARMLESS_TO_ITS_OWN_MESSAGE:
            assert last.startswith("451 4.3.0"), last
            assert not hop.content
        assert time.monotonic() - started < 3.5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
        assert not trap.exists()
        await _whole(guarded)
        assert (await guarded.attempt())[-1].startswith("250 2.0.0 Ok: queued")
        assert hop.taken[-1].body.endswith(MENU)
    decisions = guarded.records("decision")
    if deed not in HARMLESS_TO_ITS_OWN_MESSAGE:
        assert decisions[0]["action"] == "defer"
        assert decisions[0]["fault"]
    assert decisions[-1]["action"] == "relay"


async def test_a_body_that_crashes_twice_is_unreadable(tmp_path: Path) -> None:
    """The first crash defers it; the second is a verdict: it is no longer deferred, and the third time no worker sees it."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        body = b"X-Do: signal SIGSEGV\r\n" + MENU
        assert (await guarded.attempt(body=body))[-1].startswith("451 4.3.0")
        second = (await guarded.attempt(body=body))[-1]
        hired = guarded.service.inspector.stats().hired
        third = (await guarded.attempt(body=body))[-1]
        assert second[:3] == third[:3] != "451"
        assert guarded.service.inspector.stats().hired <= hired + 1
    decided = guarded.records("decision")
    assert [bool(d.get("fault")) for d in decided] == [True, False, False]


async def test_observe_relays_what_it_could_not_inspect(tmp_path: Path) -> None:
    """In `observe` a dead worker costs no mail: relayed, and written down as `would: defer`."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE, mode="observe") as guarded:
        assert (await guarded.attempt(body=b"X-Do: signal SIGKILL\r\n" + MENU))[-1].startswith("250 2.0.0 Ok: queued")
        assert len(hop.taken) == 1
    (decision,) = guarded.records("decision")
    assert (decision["action"], decision["would"]) == ("relay", "defer")


async def test_waiting_for_a_worker_has_its_end(tmp_path: Path) -> None:
    """One worker hangs; four clients more than it can serve are answered 451 when their own budget is over, not when it is free."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE, extra=BUDGET) as guarded:
        hop.script = {}
        started = time.monotonic()
        heard = await asyncio.gather(*(guarded.attempt(body=b"X-Do: sleep 60\r\n" + MENU) for _ in range(4)))
        assert all(one[-1].startswith("451 4.3") for one in heard), heard
        assert time.monotonic() - started < 4
