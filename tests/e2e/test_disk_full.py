"""A journal that cannot be written: nothing is acted on, nothing that the hop said is hidden, and mail flows again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from mss_guard.edge.journal.disk import RealDisk
from tests.e2e.rooms import House, house
from tests.fake_hop import FakeHop, Slow

MODULE = "tests.e2e.told_inspection"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 kB where the journal will stand."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    place = tmp_path / "journal"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def _fill(place: Path) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


async def _until(house: House, beginning: str, tries: int = 40, pause: float = 0.0) -> list[str]:
    """Messages until one is answered so; the answers before it."""
    before = []
    for _ in range(tries):
        last = (await house.attempt())[-1]
        if last.startswith(beginning):
            return before
        before.append(last)
        await asyncio.sleep(pause)
    raise AssertionError(before)


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_full_disk_defers_mail_before_the_hop_sees_any_of_it(
    tmp_path: Path, small_disk: Path, mode: str
) -> None:
    """451 4.3.0 while the journal's disk is full, no content at the hop; room is made, and mail flows without a restart."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        assert (await guarded.attempt(mode))[-1].startswith("250")
        ballast = _fill(small_disk)
        passed = await _until(guarded, "451 4.3.0")  # what still fits into the last block is written, and may pass
        taken, content = len(hop.taken), hop.content
        assert taken == 1 + len(passed)
        for _ in range(5):
            assert (await guarded.attempt(mode))[-1].startswith("451 4.3.0")
        assert (len(hop.taken), hop.content) == (taken, content)
        ballast.unlink()
        await _until(guarded, "250", pause=0.1)
        assert len(guarded.records("decision")) == len(hop.taken)
        await guarded.service.stop(within=5)
        decided = {r["ref"] for r in guarded.records("decision")}
        assert decided == {r["ref"] for r in guarded.records("outcome")}


async def test_the_hops_word_stands_when_the_outcome_cannot_be_written(tmp_path: Path) -> None:
    """The disk fills up between decision and outcome: the client hears the hop's 250; new mail waits; the outcome is written later."""
    full = False
    write = RealDisk.write

    def sometimes(self: RealDisk, fd: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "full")
        return write(self, fd, data)

    with patch.object(RealDisk, "write", sometimes):
        async with (
            FakeHop(script={"dot": Slow(b"250 2.0.0 Ok: queued as 7F\r\n", 0.01)}) as hop,
            house(tmp_path, hop.port, inspection=MODULE) as guarded,
        ):
            sending = asyncio.create_task(guarded.attempt())
            while not guarded.records("decision"):
                await asyncio.sleep(0.005)
            full = True
            assert (await sending)[-1].startswith("250 2.0.0 Ok: queued as 7F")
            assert (await guarded.attempt())[-1].startswith("451 4.3.0")
            assert not guarded.records("outcome")
            full = False
            hop.script = {}
            await _until(guarded, "250", pause=0.1)
        assert [r["outcome"] for r in guarded.records("outcome")] == ["relayed", "relayed"]
