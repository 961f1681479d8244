"""Reports for those who answer for the guard: the month as one HTML file, the entry of the violation register.

What is asked of the index here is asked by the console too: documents come from (settings, store, period, structures).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from mss_guard import witnessing
from mss_guard.assembly import Loaded
from mss_guard.config import Settings
from mss_guard.core import detect, inspection, report, trust
from mss_guard.core.model import Address
from mss_guard.core.model import Standing as RecipientStanding
from mss_guard.core.notice.roads import Roads
from mss_guard.core.proposals import CONSUMER
from mss_guard.core.report import Figures, Period, Standing
from mss_guard.edge import journal
from mss_guard.edge.audit_index import Store, Traffic, figures


@dataclass(frozen=True, slots=True)
class Desk:
    """What the words of a report need beside its figures: rule titles, and who stands behind a domain."""

    titles: Mapping[str, str]
    kind: Callable[[str], str]
    modes: Mapping[str, str] = field(default_factory=dict)


def desk(loaded: Loaded) -> Desk:
    """From the rules and roads in force; compiles the rules, which takes seconds."""
    ruleset = inspection.load(loaded.payload).ruleset
    titles = {**detect.titles(), **{name: entry.title for name, entry in ruleset.entries.items()}}
    return Desk(titles, kinds(loaded), {name: str(mode) for name, mode in ruleset.modes.items()})


def kinds(loaded: Loaded) -> Callable[[str], str]:
    """An outside domain → who stands behind it (a word of roads.Kind)."""
    paper = loaded.state.stationery
    roads: Roads | None = paper.roads if paper is not None else None

    @lru_cache(maxsize=4096)
    def kind(domain: str) -> str:
        return str(roads.kind(Address(b"", "", domain), RecipientStanding.OUTSIDE)) if roads else "inconnu"

    return kind


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A domain that nobody has said what it is: traffic, and who seems to stand behind it (a word of roads.Kind)."""

    domain: str
    sent: int
    received: int
    health: int
    kind: str


def to_sort(loaded: Loaded, found: Iterable[Traffic]) -> list[Unsorted]:
    """Outside domains that are neither listed, nor partners, nor where everybody may have a box."""
    knowledge, kind = loaded.state.knowledge, kinds(loaded)
    return [
        Unsorted(one.domain, one.sent, one.received, one.health, kind(one.domain))
        for one in found
        if one.domain not in CONSUMER
        and one.domain not in knowledge.space.domains
        and not knowledge.partners.commercial(Address(b"", "", one.domain))
    ]


def monthly(
    loaded: Loaded, given: Desk, store: Store, period: Period, structures: Collection[str] | None, now: datetime
) -> str:
    """The report of a period and of these structures (None: all). Raises OSError, IndexBroken."""
    found = figures(store, period, structures)
    return page(given, found, whose(loaded.settings, structures), standing(loaded, now))


def page(given: Desk, found: Figures, holder: str, stands: Standing) -> str:
    """The report of these figures under the name of who they are of."""
    return report.page(found, replace(stands, structure=holder), given.titles, given.kind)


def whose(settings: Settings, structures: Collection[str] | None) -> str:
    """Who a document is of: this structure by its name, others by their ids, as the journal knows no more of them."""
    if structures is None:
        return "toutes les structures"
    own = settings.structure
    return ", ".join(
        own.name if one == own.id else one for one in sorted(structures, key=lambda one: (one != own.id, one))
    )


def standing(loaded: Loaded, now: datetime) -> Standing:
    """How the guard itself stands now: list, chain, witness. Reads the whole journal."""
    settings = loaded.settings
    keys = journal.exported(Path(settings.state) / "keys") or None
    root = Path(settings.audit.path)
    checked = journal.verify(root, keys)
    missing = witnessing.late(settings, now)
    held = witnessing.status(settings)
    seen = f"dernière copie remise le {held.at[:10]}" if held.at else "jamais joint"
    return Standing(
        settings.structure.name,
        settings.policy.mode or "enforce",
        now.astimezone(UTC).date(),
        *_list_said(loaded, now),
        _chain_said(checked, held.heads),
        checked.ok,
        missing or seen,
        missing is None,
    )


def elsewhere(settings: Settings, now: datetime) -> Standing:
    """What another structure is told of this guard: whom to ask. Its list, its chain and how much it writes are its own matter."""
    ask = f"se demande à {settings.structure.name}, qui tient ce guet"
    lines = (f"Chaîne : {ask}",)
    return Standing(settings.structure.name, "", now.astimezone(UTC).date(), ask, True, lines, True, ask, True)


def _list_said(loaded: Loaded, now: datetime) -> tuple[str, bool]:
    space = loaded.state.knowledge.space
    if loaded.settings.trust.list is None or space.confirmed_at is None:
        return "aucune liste blanche", False
    age = trust.freshness(space, now)
    days = (now - space.confirmed_at).days
    return f"{len(space.domains)} domaines, confirmée il y a {days} jour(s)", age != "old"


def _chain_said(checked: journal.Report, witnessed: Mapping[str, int]) -> tuple[str, ...]:
    said = [
        f"Chaîne {w.node}/{w.writer} : {w.records} enregistrements, {'intacte' if not w.breaks else 'ROMPUE'}, "
        f"{max(0, w.last_seq - witnessed.get(f'{w.node}/{w.writer}', 0))} depuis la dernière tête remise au témoin (non prouvés)"
        for w in checked.writers
    ]
    return (*said, *(f"Rupture : {one}" for one in checked.breaks[:10]))


def register(
    settings: Settings, store: Store, period: Period, structures: Collection[str] | None
) -> report.Entry | None:
    """The register's entry for a period, None when there is nothing to enter. Raises IndexBroken."""
    return report.entry(figures(store, period, structures), whose(settings, structures))


__all__ = ["Desk", "desk", "elsewhere", "kinds", "monthly", "page", "register", "standing", "whose"]
