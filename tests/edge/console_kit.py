"""A console over a real journal, index and state directory; a browser that keeps cookies; a clock and a disk that the test holds."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from mss_guard import console_pens, consoling, errands, judgement, reports
from mss_guard.core.model import HopReply, Level
from mss_guard.core.rights import Role
from mss_guard.edge import audit_index, console, journal
from mss_guard.edge.console import Account
from mss_guard.edge.journal import Journal, JournalUnavailable, sealing
from tests.cli.kit import configure
from tests.test_app_judgement import HEALTH, LISTED, NOTHING, OUTSIDE, OWN, Inspector, submission

PASSPHRASE, PASSWORD = "cinq mots tires au sort", "cheval correct pile agrafe"
LIKELY = dataclasses.replace(HEALTH, level=Level.LIKELY, content="0" * 64)
ROLES = {
    "lea": Role.READER,
    "marie": Role.OFFICER,
    "paul": Role.OFFICER,
    "otto": Role.OPERATOR,
    "anne": Role.ADMINISTRATOR,
}
ELSEWHERE = "zoe"  # an officer who sees the other structure alone


class Pen(Journal):
    """The console's writer, whose disk can be full."""

    full = False

    async def append(self, kind: str, ref: str | None, fields: Any, knowledge: str | None) -> None:
        if type(self).full:
            raise JournalUnavailable("ENOSPC")
        await super().append(kind, ref, fields, knowledge)


@dataclasses.dataclass
class House:
    """`refused`: by a level that may be lifted; `certain`: of the other structure; `relayed`: harmless."""

    folder: Path
    office: consoling.Office
    accounts: console.Accounts
    key: bytes
    refused: str
    second: str
    certain: str
    relayed: str
    now: float = 1000.0
    settings: Any = None

    def app(self, **changes: Any) -> Any:
        sessions = console.Sessions(900, 28_800, lambda: self.now)
        desk = console.Desk(
            self.office, self.accounts, sessions, console.Lockout(lambda: self.now), console.Renderer(self.office.title), "EHPAD Les Tilleuls", **changes
        )  # fmt: skip
        return console.build(desk)

    def records(self, kind: str) -> list[dict[str, Any]]:
        found = journal.search(self.folder / "journal", journal.Filters(kinds=frozenset({kind})))
        return [dict(one.record) for one in found]


class Browser:
    """Somebody before the pages."""

    def __init__(self, app: Any, base: str = "http://testserver") -> None:
        self.client = TestClient(app, base_url=base, follow_redirects=False)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def token(self, path: str = "/moi") -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get(path).text)
        return found[1] if found else ""

    def sign_in(self, name: str, word: str = PASSWORD, **more: str) -> Any:
        return self.client.post("/connexion", data={"csrf": self.token("/connexion"), "nom": name, "mot": word, **more})

    def post(self, path: str, token: str | None = None, files: Any = None, **fields: str) -> Any:
        return self.client.post(path, data={"csrf": self.token() if token is None else token, **fields}, files=files)


def signed_in(house: House, name: str, **changes: Any) -> Browser:
    browser = Browser(house.app(**changes))
    assert browser.sign_in(name).status_code == 303
    return browser


async def _written(folder: Path, loaded: Any) -> list[str]:
    root, keys = errands.journal_places(loaded.settings)
    refs = []
    for structure, answer, to, replies in (
        ("tilleuls", LIKELY, OUTSIDE, None),
        ("tilleuls", LIKELY, OUTSIDE, None),
        ("acacias", HEALTH, OUTSIDE, None),
        ("tilleuls", NOTHING, LISTED, [HopReply(250, b"250 2.0.0 ok\r\n")]),
    ):
        pen = await asyncio.to_thread(Journal.open, root, "essai", f"front-{structure}", structure, keys)
        state = dataclasses.replace(
            loaded.state, privacy=dataclasses.replace(loaded.state.privacy, structure=structure)
        )
        judge = judgement.Judgement(state, Inspector(answer), pen, lambda _: None, lambda: datetime.now(UTC))
        ruling = await judge.judge(submission(to, sender=OWN))
        await ruling.finish(replies)
        await pen.close()
        refs.append(ruling.reference)
    return refs


@contextmanager
def standing(folder: Path) -> Iterator[House]:
    """A house that stands until the end of the block."""
    private, public = sealing.make_pair(PASSPHRASE)
    (folder / "state" / "keys").mkdir(parents=True, mode=0o700)
    (folder / "state" / "keys" / "dpo.pub.pem").write_bytes(public)
    loaded = errands.read_for_scan(configure(folder))
    refused, second, certain, relayed = asyncio.run(_written(folder, loaded))
    accounts = console.Accounts(folder / "state", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name, role in ROLES.items():
        accounts.put(Account(name, role, (console.ALL,), accounts.hashed(PASSWORD)))
    accounts.put(Account(ELSEWHERE, Role.OFFICER, ("acacias",), accounts.hashed(PASSWORD)))
    root, keys = errands.journal_places(loaded.settings)
    pen = Pen.open(root, "essai", "console", "tilleuls", keys)
    try:
        with audit_index.opened(loaded.settings.audit.index, create=True) as store:
            pens = console_pens.Pens("tilleuls", pen, lambda one: Pen.open(root, "essai", f"console-{one}", one, keys))
            office = consoling.Office(
                loaded, store, pens, reports.Desk({"evidence.care": "Des <soins>"}, reports.kinds(loaded))
            )
            yield House(folder, office, accounts, private, refused, second, certain, relayed, settings=loaded.settings)
    finally:
        asyncio.run(pens.close())


@contextmanager
def serving(house: House, **changes: Any) -> Iterator[str]:
    """The address of a real server over this house, in a thread of its own."""
    server = console.server(house.app(**changes), console.Listening("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    (port,) = (sock.getsockname()[1] for one in server.servers for sock in one.sockets)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
