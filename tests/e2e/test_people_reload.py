"""People lists in the running service: taken up when they change, and nowhere to be read."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from unittest.mock import patch

from mss_guard import doors
from mss_guard.edge import people_store
from tests.e2e.rooms import house
from tests.fake_hop import FakeHop

MAIL = b"Subject: point\r\n\r\nZzgarnier Odilon : escarre au talon, voir le protocole de pansement.\r\n"
RESIDENTS = "Nom;Prenom\nZzgarnier;Odilon\n"


async def test_new_lists_are_taken_up_by_themselves(tmp_path: Path) -> None:
    """The next message after an update is judged by it; damaged digests change nothing; no name stands in the journal."""
    (tmp_path / "r.csv").write_text("Nom;Prenom\nPersonne;Ulysse\n")
    extra = f"lists: {{residents: {tmp_path}/r.csv}}\n"
    with patch("mss_guard.app.LIST_POLL", 0.05):
        async with FakeHop() as hop, house(tmp_path, hop.port, extra=extra) as guarded:
            sources = doors.people_sources(guarded.service.settings)
            assert (await guarded.attempt(body=MAIL))[-1].startswith("250")
            (tmp_path / "r.csv").write_text(RESIDENTS)
            await asyncio.to_thread(people_store.update, sources)
            known = guarded.service.judgement.state.rules
            async with asyncio.timeout(30):
                while guarded.service.judgement.state.rules == known:
                    await asyncio.sleep(0.05)
            assert (await guarded.attempt(body=MAIL))[-1].startswith("550")
            taken = guarded.service.judgement.state
            sources.digests.write_bytes(b"damaged")
            os.utime(sources.digests, (1, 1))
            await asyncio.sleep(0.3)
            assert guarded.service.judgement.state is taken
            assert (await guarded.attempt(body=MAIL))[-1].startswith("550")
    for path in (tmp_path / "journal").rglob("*.jsonl"):
        assert b"zzgarnier" not in path.read_bytes().lower()
