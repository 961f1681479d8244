"""People lists in the running service: taken up when they change, and nowhere to be read."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from mss_guard import doors
from mss_guard.edge import people_store
from tests.e2e import processes
from tests.e2e.guard_process import Guard, running
from tests.e2e.postfix import free_port
from tests.e2e.rooms import house
from tests.fake_hop import FakeHop

MAIL = b"Subject: point\r\n\r\nZzgarnier Odilon : escarre au talon, voir le protocole de pansement.\r\n"
RESIDENTS = "Nom;Prenom\nZzgarnier;Odilon\n"


def test_no_process_of_the_service_holds_a_name_of_the_lists(tmp_path: Path) -> None:
    """Neither in its title, its environment or its log, nor anywhere in its memory, which is all that a core dump holds;
    and none would leave one."""
    (tmp_path / "r.csv").write_text(RESIDENTS)
    port = free_port()
    guard = Guard(tmp_path, free_port(), {port: "mode: smtp"}, extra=f"lists: {{residents: {tmp_path}/r.csv}}\n")
    (tmp_path / "state").mkdir()
    subprocess.run(
        [sys.executable, "-m", "mss_guard", "lists", "update", "-c", str(guard.config)], check=True, timeout=60
    )
    with running(guard):
        found = processes.of(guard.pid)
        assert len(found) > 2
        assert _remembers(Path("/proc") / str(guard.pid), (b"EHPAD Les Tilleuls",)), "the search itself finds nothing"
        for pid in found:
            proc = Path("/proc") / str(pid)
            said = [(proc / name).read_bytes().lower() for name in ("cmdline", "comm", "environ")]
            assert not any(b"zzgarnier" in one for one in said)
            assert re.search(r"Max core file size +0 ", (proc / "limits").read_text())
            assert not _remembers(proc, (b"zzgarnier", b"Zzgarnier"))
    assert b"zzgarnier" not in guard.log.read_bytes().lower()


def _remembers(proc: Path, words: tuple[bytes, ...]) -> bool:
    with suppress(PermissionError, ProcessLookupError, FileNotFoundError), (proc / "mem").open("rb", 0) as memory:
        for line in (proc / "maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if "rw" not in rights:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            with suppress(OSError, OverflowError, ValueError):
                memory.seek(start)
                held = memory.read(end - start)
                if any(word in held for word in words):
                    return True
    return False


async def test_new_lists_are_taken_up_by_themselves(tmp_path: Path) -> None:
    """The next message after an update is judged by it; damaged digests change nothing; no name stands in the journal."""
    (tmp_path / "r.csv").write_text("Nom;Prenom\nPersonne;Ulysse\n")
    extra = f"lists: {{residents: {tmp_path}/r.csv}}\n"
    with patch("mss_guard.list_keeping.LIST_POLL", 0.05):
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
