"""The whole service inside the test's own process: real roof, front, hop pool, workers and journal; only times are short, and a
test may put another inspection module into the workers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mss_guard import app, doors, errands
from mss_guard.edge import inspector
from mss_guard.edge.next_hop import HopSettings, Timeouts
from mss_guard.edge.smtp_server import FrontLimits
from tests.e2e.guard_process import Guard
from tests.edge.smtp_fakes import Client

SHORT = Timeouts(slot=0.3, reach=1.0, dial=0.6, connect=0.3, command=0.4, rcpt=0.4, answer=0.6, quit=0.2, submit=1.0)
SENDER, ORDINARY, SECURE = (
    "ide@ehpad-les-tilleuls.fr",
    "qui@messagerie-ordinaire.example",
    "accueil@ch-valombreuse.mssante.fr",
)
MENU = b"Subject: menu\r\n\r\nLe menu de la semaine est au tableau.\r\n"


@dataclass
class House:
    """`service`, and what it left in its folder."""

    service: app.Service
    folder: Path

    async def client(self, mode: str = "smtp") -> Client:
        """Connected and greeted."""
        front = next(f for f in self.service.fronts if f.settings.mode == mode)
        client = Client(*await asyncio.open_connection("127.0.0.1", front.port))
        await client.reply()
        assert (await client.say("LHLO client.test" if mode == "lmtp" else "EHLO client.test")).startswith("250")
        return client

    async def attempt(self, mode: str = "smtp", body: bytes = MENU) -> list[str]:
        """Every answer that a client gets to a whole transaction; it stops at the first that is no yes."""
        client = await self.client(mode)
        heard = []
        try:
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ORDINARY}>", "DATA"):
                heard.append(await client.say(line))
                if heard[-1][0] not in "23":
                    return heard
            await client.send(body + b".\r\n")
            return [*heard, await client.reply()]
        finally:
            client.drop()

    def records(self, kind: str) -> list[dict[str, Any]]:
        return list(records(self.folder, kind))


def records(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The journal's records of one kind, as they lie on the disk."""
    for path in sorted(folder.glob("journal/*/*/*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["kind"] == kind:
                yield record


@asynccontextmanager
async def house(
    folder: Path,
    hop_port: int,
    *,
    timeouts: Timeouts = SHORT,
    inspection: str | None = None,
    workers: int = 1,
    limits: dict[str, Any] | None = None,
    extra: str = "",
    mode: str = "enforce",
    policy: str = "",
) -> AsyncIterator[House]:
    """A listener of each mode. `inspection`: a test's module in the workers; without it, the real one with the shipped rules."""
    guard = Guard(folder, hop_port, {}, extra=extra, mode=f"{mode}, {policy}" if policy else mode)
    both = "".join(f"  - {{address: 127.0.0.1, port: 0, mode: {front}}}\n" for front in ("smtp", "lmtp"))
    guard.config.write_text(guard.config.read_text().replace("listeners:\n", f"listeners:\n{both}"))
    hops, roads, staff, caps = doors.hops, doors.route, doors.workers, doors.limits

    def short(settings: Any) -> HopSettings:
        return replace(hops(settings), timeouts=timeouts, max_connections=4)

    def road(settings: Any) -> HopSettings | None:
        given = roads(settings)
        return replace(given, timeouts=timeouts, max_connections=4) if given else None

    def crew(settings: Any) -> inspector.Settings:
        made = replace(staff(settings), workers=workers)
        return replace(made, inspection=inspection, readers=()) if inspection else made

    def narrow(settings: Any) -> FrontLimits:
        return replace(caps(settings), **(limits or {}))

    with patch.multiple(doors, hops=short, route=road, workers=crew, limits=narrow):
        service = app.Service(guard.config, await asyncio.to_thread(errands.read, guard.config))
        await service.start()
        try:
            yield House(service, folder)
        finally:
            await service.stop(within=5.0)
