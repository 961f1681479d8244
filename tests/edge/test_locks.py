"""What is locked is opened in a confined worker, which can load nothing more and open no file."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from mss_guard.core.model import Assessment
from mss_guard.core.wire import Request
from mss_guard.edge.inspector import Inspector, Settings
from tests.core.formats import build
from tests.readers import locks, production
from tests.readers.samples import SENTINEL

WORD = "Tilleuls2026"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Inspector]:
    inspector = await Inspector.start(production.payload(), Settings(workers=1))
    yield inspector
    await inspector.stop()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", locks.MADE)
async def test_a_worker_opens_a_lock(pool: Inspector, kind: str) -> None:
    """The finding is that of the text inside, and the place is unlocked; the password is nowhere in the answer."""
    mail = build.mail(f"Le mot de passe est {WORD}.", attachments={"a.bin": locks.MADE[kind](SENTINEL, WORD)})
    found = await pool.inspect(Request(explain=True, show_text=False), mail, 20.0)
    assert isinstance(found, Assessment)
    assert found.health
    assert len(found.unlocked) == 1
    assert WORD not in repr(found)
