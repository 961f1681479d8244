"""The settings of each door, from the configuration: listeners, limits, hops, workers; and what a reload can and cannot change of them."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path

from mss_guard import config
from mss_guard.edge import collector, exemptions, inspector, people_store, published, trust_feed
from mss_guard.edge.next_hop import Hop, HopSettings, Tls
from mss_guard.edge.smtp_server import FrontLimits, ListenerSettings
from mss_guard.edge.smtp_server.ports import ListenerMode


def budget(settings: config.Settings) -> float:
    """Seconds for waiting and inspection."""
    return settings.inspection.budget.total_seconds()


def hostname(settings: config.Settings) -> str:
    """Our own name in banners, trace headers and EHLO."""
    return settings.smtp.hostname or platform.node() or "mss-guard.invalid"


def listeners(settings: config.Settings) -> tuple[ListenerSettings, ...]:
    return tuple(
        ListenerSettings(
            address=one.address,
            port=one.port,
            mode=_mode(one.mode),
            senders=one.senders,
            name=f"{one.mode}-{number}",
            hostname=hostname(settings),
            allow=one.allow,
            trusted=settings.smtp.xforward_from,
        )
        for number, one in enumerate(settings.listeners)
    )


def _mode(word: str) -> ListenerMode:
    return "lmtp" if word == "lmtp" else "smtp"


def limits(settings: config.Settings) -> FrontLimits:
    given = settings.limits
    return FrontLimits(
        size=given.size,
        connections=given.connections,
        per_client=given.per_client,
        recipients=given.recipients,
        bytes_in_flight=given.bytes_in_flight,
        refuse_bare_line_ends=settings.smtp.bare_line_ends == "refuse",
    )


def hops(settings: config.Settings) -> HopSettings:
    found = tuple(Hop(h.host, h.port, Tls(h.tls), h.ca) for h in settings.hops)
    return HopSettings(found, hostname(settings), max_connections=max(h.max_connections for h in settings.hops))


def routed(settings: config.Settings) -> bool:
    """Does mail to MSSanté leave by the structure's own way?"""
    enforced = settings.policy.mode != "observe"
    return enforced and settings.policy.to_mssante == "route" and settings.routes.mssante is not None


def route(settings: config.Settings) -> HopSettings | None:
    """The structure's own way into the trust space; None when there is none, or when no policy sends anything by it.

    Raises OSError when the file of its password cannot be read: a start-up refusal.
    """
    given = settings.routes.mssante
    if given is None or settings.policy.to_mssante != "route":
        return None
    secret = Path(given.password).read_text(encoding="utf-8").strip() if given.password else ""
    hop = Hop(given.host, given.port, Tls(given.tls), given.ca, given.cert, given.key, given.user, secret)
    return HopSettings((hop,), hostname(settings), max_connections=max(h.max_connections for h in settings.hops))


def workers(settings: config.Settings) -> inspector.Settings:
    return inspector.Settings(workers=settings.inspection.workers or 0)


def trust_state(settings: config.Settings) -> Path:
    """Where the last good list is kept."""
    return Path(settings.state) / "trust"


def list_source(settings: config.Settings) -> published.Source | None:
    """Where the list is fetched from; None when it is a file, or when there is none."""
    given = settings.trust
    if not given.published or given.ca is None:
        return None
    proxy = (given.proxy.host, given.proxy.port) if given.proxy else None
    return published.Source(given.published, Path(given.ca), proxy)


def directory_index(settings: config.Settings) -> Path:
    """The local index of the national directory."""
    return Path(settings.state) / "annuaire" / "annuaire.db"


def directory_source(settings: config.Settings, named: str | None) -> published.Source | Path | None:
    """What the index is made from: an address or a file, as named on the command line, else as configured."""
    where = named or settings.directory.source
    if where is None:
        return None
    if "://" not in where:
        return Path(where)
    proxy = (settings.trust.proxy.host, settings.trust.proxy.port) if settings.trust.proxy else None
    return published.Source(where, Path(settings.directory.ca) if settings.directory.ca else None, proxy)


def witness(settings: config.Settings) -> collector.Road | None:
    """The witness that has an address of its own; None when it is told by mail, or when there is none."""
    ca = settings.audit.witness_ca
    return collector.road(settings.audit.witness, Path(ca) if ca else None)


def export(settings: config.Settings) -> collector.Road | None:
    """Where the journal's records are copied to; None when nowhere."""
    audit = settings.audit
    ca, token = (Path(p) if p else None for p in (audit.export_ca, audit.export_token))
    return collector.road(audit.export, ca, token) if audit.export else None


def identity_key(settings: config.Settings) -> Path:
    """Where the DPO's public key is, or would be."""
    given = settings.audit.identity_key
    return Path(given) if given else Path(settings.state) / "keys" / "dpo.pub.pem"


def people_sources(settings: config.Settings) -> people_store.Sources:
    """Where the people lists and their digests are."""
    residents, staff = (Path(p) if p else None for p in (settings.lists.residents, settings.lists.staff))
    return people_store.Sources(residents, staff, Path(settings.state))


def list_times(settings: config.Settings) -> tuple[tuple[str, float], ...]:
    """Modification times of the white list, the partner files, the dated exceptions and the digests of the people lists."""
    held = str(trust_state(settings) / trust_feed.LAST_GOOD) if settings.trust.published else settings.trust.file
    named = [held] if held else []
    people = people_sources(settings)
    named += [str(people.digests)] if people.given else []
    named.append(str(exemptions.path(Path(settings.state))))
    found: list[tuple[str, float]] = []
    for name in [*named, *settings.partners.files]:
        path = Path(name)
        for one in sorted(path.parent.glob(path.name)):
            with suppress(OSError):
                found.append((str(one), one.stat().st_mtime))
    return tuple(found)


def needs_restart(old: config.Settings, new: config.Settings) -> tuple[str, ...]:
    """Keys that changed and that a reload leaves alone."""
    pairs = {
        "listeners": (old.listeners, new.listeners),
        "next_hop": (old.next_hop, new.next_hop),
        "limits": (old.limits, new.limits),
        "routes": (old.routes, new.routes),
        "audit.path": (old.audit.path, new.audit.path),
        "state": (old.state, new.state),
        "workers": (old.workers, new.workers),
        "inspection.workers": (old.inspection.workers, new.inspection.workers),
        "node": (old.node, new.node),
        "structure.id": (old.structure.id, new.structure.id),
        "smtp": (old.smtp, new.smtp),
    }
    return tuple(key for key, (before, after) in pairs.items() if before != after)
