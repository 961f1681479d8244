"""The trust space: the domains between which secure health mail may travel ("liste blanche" of the ANS) and the local
overlay.

A name is trusted when it stands on the list as it is, compared as lower-case A-labels. Never by suffix: bare mssante.fr
is not on the real list, two names outside mssante.fr are, and a listed parent does not list its children.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from lxml import etree

from mss_guard.core import addresses

NAMESPACE = "https://listeblanche.mssante.fr/schema"
MAX_LIST = 64 * 1024 * 1024  # octets; the real list of 2026 has 9,000 entries and 6 MB
_ROOT = f"{{{NAMESPACE}}}ListeBlancheMSSante"
_ENTRIES = f"{{{NAMESPACE}}}ListeDomaines/{{{NAMESPACE}}}Domaine"
_NAME = f"{{{NAMESPACE}}}Nom"
_DATE = f"{{{NAMESPACE}}}DateDeGeneration"


class ListRefused(Exception):  # noqa: N818 - it is named after what happened to the list
    """The bytes are not a list to rely on. The message says why, in French, for the administrator."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """One list as read. `entries` counts all of them, `dirty` those skipped because their name is no domain name."""

    domains: frozenset[str]
    generated_at: datetime | None
    entries: int
    dirty: int


@dataclass(frozen=True, slots=True)
class LocalWord:
    """A name that the structure adds to the list or takes from it, with its reason, until the end of a day (UTC)."""

    domain: str  # lower-case A-label
    reason: str
    until: date | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now.astimezone(UTC).date() <= self.until


@dataclass(frozen=True, slots=True)
class TrustSpace:
    """List and overlay, one frozen state. `confirmed_at`: when the source last stood behind this list, None when it
    never did.

    `source` and `version` (a hash of names and overlay) are for people and the journal; nothing is decided by them.
    """

    domains: frozenset[str] = frozenset()
    extra: tuple[LocalWord, ...] = ()
    deny: tuple[LocalWord, ...] = ()
    tests: tuple[LocalWord, ...] = ()
    generated_at: datetime | None = None
    confirmed_at: datetime | None = None
    source: str = ""
    dirty: int = 0
    version: str = ""

    def listed(self, domain: str) -> bool:
        return domain in self.domains

    def added(self, domain: str, now: datetime) -> LocalWord | None:
        """The overlay's own word for this name, if one holds today."""
        return _word(self.extra, domain, now)

    def denied(self, domain: str, now: datetime) -> LocalWord | None:
        """The overlay's word against this name, if one holds today. It stands over the list and over `extra`."""
        return _word(self.deny, domain, now)

    def for_tests(self, domain: str) -> LocalWord | None:
        """The shipped word against a name that is listed for tests alone. `.x` means x and all below it; a structure
        that does want such a name writes it into `extra`, which stands over this.
        """
        under = f".{domain}"
        return next(
            (w for w in self.tests if w.domain == domain or (w.domain[:1] == "." and under.endswith(w.domain))), None
        )


Freshness = Literal["fresh", "late", "old"]
LATE, OLD = timedelta(hours=24), timedelta(days=7)
"""A list is published every hour or so, and domains change by the hundred a month (domain.md §1): a day without
confirmation deserves a warning, a week an alarm."""


def freshness(space: TrustSpace, now: datetime) -> Freshness:
    """How long the source has not stood behind this list; never is old."""
    if space.confirmed_at is None or now - space.confirmed_at > OLD:
        return "old"
    return "late" if now - space.confirmed_at > LATE else "fresh"


def usable(space: TrustSpace | None, now: datetime, max_age: timedelta) -> bool:
    """May verdicts rest on this list? Only while its source confirmed it no longer than `max_age` ago."""
    return (
        space is not None
        and bool(space.domains)
        and space.confirmed_at is not None
        and now - space.confirmed_at <= max_age
    )


def parse_list(xml: bytes) -> TrustList:
    """Read a list in the schema of the ANS. Raises ListRefused for anything truncated, malformed, empty or of another
    kind.

    Entries whose name is no domain name (the real list holds an address) are skipped and counted. The parser loads no
    DTD, follows no entity, opens nothing.
    """
    root = _root(xml)
    names: set[str] = set()
    entries = dirty = 0
    for entry in root.iterfind(_ENTRIES):
        entries += 1
        name = _domain(entry.findtext(_NAME))
        if name is None:
            dirty += 1
        else:
            names.add(name)
    if not names:
        raise ListRefused("la liste ne contient aucun domaine")
    return TrustList(frozenset(names), _instant(root.findtext(_DATE)), entries, dirty)


def space(
    trust_list: TrustList | None,
    *,
    extra: Iterable[LocalWord] = (),
    deny: Iterable[LocalWord] = (),
    tests: Iterable[LocalWord] = (),
    confirmed_at: datetime | None = None,
    source: str = "",
) -> TrustSpace:
    """The trust space of a list (or of none yet) and an overlay."""
    read = trust_list or TrustList(frozenset(), None, 0, 0)
    extra, deny, tests = tuple(extra), tuple(deny), tuple(tests)
    return TrustSpace(
        domains=read.domains,
        extra=extra,
        deny=deny,
        tests=tests,
        generated_at=read.generated_at,
        confirmed_at=confirmed_at if read.domains else None,
        source=source,
        dirty=read.dirty,
        version=_version(read.domains, extra, (*deny, *tests)),
    )


def _root(xml: bytes) -> etree._Element:
    if not xml.strip():
        raise ListRefused("le fichier est vide")
    if len(xml) > MAX_LIST:
        raise ListRefused(f"le fichier dépasse {MAX_LIST // 1024 // 1024} Mo")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ListRefused(f"XML mal formé ou tronqué, ligne {line}, colonne {column}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ListRefused("une DTD n'a rien à faire dans une liste blanche")
    if root.tag != _ROOT:
        raise ListRefused(f"la racine n'est pas ListeBlancheMSSante ({NAMESPACE})")
    return root


def _domain(name: str | None) -> str | None:
    """A listed name as A-labels; a name of one label could only be a slip."""
    domain = addresses.to_ascii((name or "").strip())
    return domain if domain is not None and "." in domain else None


def _instant(text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _word(words: tuple[LocalWord, ...], domain: str, now: datetime) -> LocalWord | None:
    return next((word for word in words if word.domain == domain and word.holds(now)), None)


def _version(domains: frozenset[str], extra: tuple[LocalWord, ...], deny: tuple[LocalWord, ...]) -> str:
    overlay = [
        f"{sign}{word.domain} {word.until or ''}" for sign, words in (("+", extra), ("-", deny)) for word in words
    ]
    return hashlib.sha256("\n".join([*sorted(domains), *sorted(overlay)]).encode()).hexdigest()
