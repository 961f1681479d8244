"""One guard for all tests with Postfix, and one Postfix for each topology."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.topologies import TOPOLOGIES, WIDE, Guarded, Place, guarded, place


@pytest.fixture(scope="session")
def one_guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """`mss-guard run` with an lmtp and an smtp listener, shared: its next hop is whichever house stands."""
    with guarded(tmp_path_factory.mktemp("guard")) as one:
        yield one


@pytest.fixture(scope="session", params=TOPOLOGIES)
def _wide(request: pytest.FixtureRequest, one_guard: Guarded) -> Iterator[Place]:
    with place(request.param, one_guard, WIDE) as made:
        yield made


@pytest.fixture(scope="session", params=TOPOLOGIES)
def _stock(request: pytest.FixtureRequest, one_guard: Guarded) -> Iterator[Place]:
    with place(request.param, one_guard) as made:
        yield made


@pytest.fixture
def wide(_wide: Place) -> Place:
    """Postfix without its own limits on size and line length."""
    return _wide.aim()


@pytest.fixture
def stock(_stock: Place) -> Place:
    """Postfix with its own limits."""
    return _stock.aim()
