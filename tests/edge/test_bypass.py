"""The bypass file and the reserve: what is not whole, too long or out of its time opens nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mss_guard.edge import bypass
from mss_guard.edge.bypass import Bypass

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
TWO_HOURS = Bypass(NOW, NOW + timedelta(hours=2), "M. Duval", "disque plein")


def test_what_is_written_is_read_and_removed_once(tmp_path: Path) -> None:
    """Whole, readable by the service alone, and gone after `remove`."""
    bypass.write(tmp_path, TWO_HOURS)
    assert bypass.read(tmp_path) == TWO_HOURS
    assert bypass.path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [bypass.remove(tmp_path), bypass.remove(tmp_path)] == [True, False]
    assert bypass.read(tmp_path) is None


@pytest.mark.parametrize(("minutes", "on"), [(-1, False), (0, True), (119, True), (120, False)])
def test_it_ends_by_itself_and_not_before_it_began(minutes: int, on: bool) -> None:
    """A clock that went back before its beginning closes it too."""
    assert TWO_HOURS.on(NOW + timedelta(minutes=minutes)) is on


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"since": 1, "until": 2, "by": "x", "reason": "y"}',
        json.dumps(
            {"since": NOW.isoformat(), "until": (NOW + timedelta(hours=13)).isoformat(), "by": "x", "reason": "y"}
        ).encode(),
        json.dumps({"since": NOW.isoformat(), "until": NOW.isoformat(), "by": "x", "reason": "y"}).encode(),
    ],
    ids=["empty", "list", "nothing", "numbers", "13 hours", "no time"],
)
def test_a_file_that_is_no_bypass_opens_nothing(tmp_path: Path, content: bytes) -> None:
    """Damaged, or longer than twelve hours."""
    bypass.path(tmp_path).write_bytes(content)
    assert bypass.read(tmp_path) is None


def test_the_reserve_holds_room_until_it_is_released(tmp_path: Path) -> None:
    """Real blocks, made once, given back once."""
    bypass.keep_reserve(tmp_path, 64 * 1024)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_blocks * 512 >= 64 * 1024
    bypass.keep_reserve(tmp_path, 64 * 1024)
    assert [bypass.release_reserve(tmp_path), bypass.release_reserve(tmp_path)] == [True, False]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_reserve_is_no_fault(tmp_path: Path) -> None:
    """A directory that is not there: nothing is made, nothing is raised."""
    bypass.keep_reserve(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
