"""Bombs through the production pool: an answer comes, and it names what was not read."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from mss_guard.cli.scanning import looks_like_message
from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import blocking
from mss_guard.edge.inspector.unlooped import Inspect
from tests.readers import production, quine
from tests.readers.bombs import BOMBS, READ_WHOLE


@pytest.fixture(scope="module")
def inspect() -> Iterator[Inspect]:
    """One confined worker with the shipped rules."""
    with blocking(production.payload()) as ask:
        yield ask


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered(inspect: Inspect, name: str) -> None:
    """The worker lives, and a place is unreadable with a reason unless all of it could be read."""
    file, make = BOMBS[name]
    raw = make()
    message = looks_like_message(file, raw)
    request = Request(kind="message" if message else "document", name="" if message else file)
    found = inspect(request, raw, 30.0)
    assert isinstance(found, Assessment)
    assert found.places
    if name not in READ_WHOLE:
        assert all(place.why is not None for place in found.unreadable)
        assert found.unreadable


def test_the_quine_unpacks_to_itself() -> None:
    """Checksum and size are true, so no reader stops at them."""
    data = quine.gzip_quine()
    assert gzip.decompress(data) == data
