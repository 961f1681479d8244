"""Reload: the new state whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest

from mss_guard import doors
from tests.e2e.rooms import House, house
from tests.fake_hop import FakeHop

MODULE = "tests.e2e.told_inspection"


def _results(guarded: House) -> list[str]:
    return [r["result"] for r in guarded.records("reload") if r["what"] == "reload"]


async def test_a_wrong_configuration_keeps_the_last_good_one(tmp_path: Path) -> None:
    """Said in the journal, nothing changes, mail flows; the mended file is taken at the next time of asking."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        config = tmp_path / "mss-guard.yaml"
        good, known = config.read_text(), guarded.service.judgement.state
        config.write_text(good + "polcy: {}\n")
        assert not await guarded.service.reload()
        assert guarded.service.judgement.state is known
        assert (await guarded.attempt())[-1].startswith("250")
        config.write_text(good.replace("mode: enforce", "mode: observe"))
        assert await guarded.service.reload()
        assert guarded.service.judgement.state.knowledge.settings.mode == "observe"
    assert _results(guarded) == ["kept", "applied"]


@pytest.mark.parametrize("fault", [OSError("no process can be had"), RuntimeError("a bug")])
async def test_a_fault_during_a_reload_is_not_its_last(tmp_path: Path, fault: Exception) -> None:
    """Whatever it is, the state stays as it was, and the next SIGHUP is heard."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        with patch("asyncio.create_subprocess_exec", side_effect=fault):
            guarded.service.ask_to_reload()
            await _until(lambda: _results(guarded) == ["kept"])
        guarded.service.ask_to_reload()
        await _until(lambda: _results(guarded) == ["kept", "applied"])


async def test_asked_many_times_at_once_it_is_done_once_or_twice(tmp_path: Path) -> None:
    """What lies on the disk when it begins is what is read; a hundred requests are no hundred processes."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        for _ in range(100):
            guarded.service.ask_to_reload()
            await asyncio.sleep(0.001)
        await _until(lambda: len(_results(guarded)) >= 1)
        await asyncio.sleep(0.2)
        assert await guarded.service.reload()
        assert len(_results(guarded)) <= 3


async def test_a_list_that_changes_during_a_reload_does_not_bring_the_old_state_back(tmp_path: Path) -> None:
    """Both change the knowledge: one after the other, never one over the other."""
    with patch("mss_guard.list_keeping.LIST_POLL", 0.05):
        async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
            config = tmp_path / "mss-guard.yaml"
            config.write_text(config.read_text().replace("mode: enforce", "mode: observe"))
            reloading = asyncio.create_task(guarded.service.reload())
            await asyncio.sleep(0.02)
            listed = tmp_path / "liste.xml"
            listed.write_bytes(listed.read_bytes() + b"\n")
            assert await reloading
            await _until(lambda: any(r["what"] == "list" for r in guarded.records("reload")))
            assert guarded.service.judgement.state.knowledge.settings.mode == "observe"
            assert guarded.service.settings.policy.mode == "observe"
            assert doors.list_times(guarded.service.settings)


async def _until(condition: object, within: float = 20.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.02)
