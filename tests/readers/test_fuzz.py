"""Every reader ends on any bytes, and leaves a place for them; about a minute in all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from mss_guard.core import formats
from tests.readers import mutation, unguarded

CRASHES = sorted((Path(__file__).parent / "crashes").glob("*.bin"))  # none yet: what a fuzzer finds goes there
SETTINGS = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """As in the worker: everything is loaded before the first byte."""
    formats.warm()


@settings(SETTINGS, max_examples=2_500)
@given(mutation.SIGNED)
def test_random_bytes_behind_a_signature(data: bytes) -> None:
    """Whatever follows a known beginning, reading ends and gives a place."""
    assert unguarded.places(data) >= 1


@settings(SETTINGS, max_examples=3_000)
@given(mutation.BROKEN)
def test_broken_documents(data: bytes) -> None:
    """A real document, broken, is read or named, never lost."""
    assert unguarded.places(data) >= 1


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.stem)
def test_what_broke_a_reader_once(path: Path) -> None:
    """Bytes that crashed or hung a reader before give places now, without a mistake of ours."""
    with unguarded.watched() as findings:
        assert unguarded.places(path.read_bytes()) >= 1
    assert not findings
