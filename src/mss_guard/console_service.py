"""The console's process, built and run: accounts, sessions, office, application, socket."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from mss_guard import assembly, reports
from mss_guard.config import Settings
from mss_guard.console_pens import Pens
from mss_guard.consoling import Office
from mss_guard.edge import audit_index, console, service_manager
from mss_guard.edge.journal import Journal

PURGE_EVERY = 86_400.0  # seconds
_log = structlog.get_logger("mss_guard.console")


class NoAccounts(Exception):  # noqa: N818
    """Nobody could sign in: a start-up refusal."""


def accounts(settings: Settings) -> console.Accounts:
    return console.Accounts(Path(settings.state))


async def run(settings: Settings) -> None:
    """Until it is asked to stop. Raises one of assembly.REFUSALS, IndexBroken, AccountsBroken, NoAccounts."""
    held = accounts(settings)
    if settings.console.oidc is None and not any(not one.disabled for one in held.all().values()):
        raise NoAccounts("aucun compte ne peut se connecter : mss-guard console user add NOM --role dpo-rssi")
    loaded = await asyncio.to_thread(assembly.load, settings, datetime.now(UTC), compiled=False)
    desk = await asyncio.to_thread(reports.desk, loaded)
    root, keys = Path(settings.audit.path), Path(settings.state) / "keys"
    own = await asyncio.to_thread(Journal.open, root, settings.node, "console", settings.structure.id, keys)
    pens = Pens(settings.structure.id, own, lambda one: Journal.open(root, settings.node, f"console-{one}", one, keys))
    try:
        with audit_index.opened(settings.audit.index, create=True) as store:
            office = Office(loaded, store, pens, desk)
            app = console.build(desk_of(settings, held, office), hosts(settings))
            server = console.server(app, listening(settings))
            _log.info("console.listening", address=settings.console.address, port=settings.console.port)
            service_manager.notify("READY=1")
            purging = asyncio.create_task(_purge(pens, settings))
            await server.serve()
            purging.cancel()
    finally:
        await pens.close()


async def _purge(pens: Pens, settings: Settings) -> None:
    """Once a day what is beyond its retention in this process's own directories goes: the service leaves a writer at work to itself."""
    while True:
        try:
            await pens.purge(settings.audit.retention)
        except Exception as fault:  # noqa: BLE001 - a failure is for the next day
            _log.error("journal.purge-failed", error=type(fault).__name__)
        await asyncio.sleep(PURGE_EVERY)


def desk_of(settings: Settings, held: console.Accounts, office: Office) -> console.Desk:
    """What every page has at hand."""
    given = settings.console
    sessions = console.Sessions(given.idle.total_seconds(), given.session.total_seconds(), time.monotonic)
    return console.Desk(
        office,
        held,
        sessions,
        console.Lockout(time.monotonic),
        console.Renderer(office.title),
        settings.structure.name,
        secure=given.tls is not None or given.url is not None,
        four_eyes=frozenset(given.four_eyes),
        origin=given.url,
        oidc=_provider(settings),
    )


def hosts(settings: Settings) -> tuple[str, ...]:
    """The names it answers to: its own address when browsers come by one; without TLS this machine's alone (DNS rebinding)."""
    here, url = ("127.0.0.1", "localhost", "[::1]"), settings.console.url
    if url is not None:
        return (urlsplit(url).hostname or "", *here)
    return ("*",) if settings.console.tls else here


def listening(settings: Settings) -> console.Listening:
    given = settings.console
    cert, key = (Path(given.tls.cert), Path(given.tls.key)) if given.tls else (None, None)
    return console.Listening(given.address, given.port, cert, key, [str(network) for network in given.proxies])


def _provider(settings: Settings) -> console.Provider | None:
    given, url = settings.console.oidc, settings.console.url
    if given is None or url is None:
        return None
    return console.Provider(
        given.issuer, given.client_id, Path(given.client_secret), f"{url}/oidc/retour", given.claim, given.roles,
        given.structures or (settings.structure.id,), Path(given.ca) if given.ca else None,
    )  # fmt: skip
