"""Everything that an officer can be given of a journal: the index, exports, the report, the register, SIEM lines, every page of the console."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher

from mss_guard import console_pens, consoling, errands, exporting, reports
from mss_guard.core.rights import Role
from mss_guard.edge import audit_index, console, journal
from mss_guard.edge.console.web import PAGES
from mss_guard.edge.journal import Journal
from tests.edge.console_kit import PASSWORD, Browser


def given(config: Path, index: Path) -> bytes:
    """All of it, joined. `index`: where the SQLite file is to be."""
    loaded = errands.read_for_scan(config)
    root, keys = errands.journal_places(loaded.settings)
    month = f"{datetime.now(UTC):%Y-%m}"
    parts = [exporting.line(found).text.encode() for found in journal.follow(root, {})]
    refs = [str(found.record["ref"]) for found in journal.search(root, journal.Filters(kinds=frozenset({"decision"})))]
    pen = Journal.open(root, "essai", "console", "tilleuls", keys)
    try:
        with audit_index.opened(f"sqlite:///{index}", create=True) as store:
            office = consoling.Office(loaded, store, console_pens.Pens("tilleuls", pen), reports.desk(loaded))
            accounts = console.Accounts(
                index.parent / "state", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
            )
            accounts.put(console.Account("marie", Role.OFFICER, (console.ALL,), accounts.hashed(PASSWORD)))
            sessions = console.Sessions(900, 900, lambda: 0.0)
            desk = console.Desk(
                office, accounts, sessions, console.Lockout(lambda: 0.0), console.Renderer(office.title), "x"
            )
            marie = Browser(console.build(desk))
            assert marie.sign_in("marie").status_code == 303
            paths = [path for method, path, _, _ in PAGES if method == "GET" and "{" not in path and path != "/comptes"]
            paths += [f"/rapports/{which}?mois={month}" for which in ("rapport", "registre")]
            paths += ["/exporter/csv", "/exporter/json", *(f"/decisions/{ref}" for ref in refs)]
            for path in paths:
                answer = marie.get(path)
                assert answer.status_code == 200, path
                parts.append(answer.content)
    finally:
        asyncio.run(pen.close())
    return b"\n".join([*parts, index.read_bytes()])
