"""The index in use: fed from the journal, then asked. What an officer sees is as new as the journal was a moment ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mss_guard import config
from mss_guard.core.addresses import parse
from mss_guard.edge import audit_index, journal
from mss_guard.edge.audit_index import Asked, Store


@dataclass(frozen=True, slots=True)
class Indexed:
    """How many records a feeding brought in."""

    records: int


@contextmanager
def fed(settings: config.Settings, *, rebuild: bool = False) -> Iterator[tuple[Store, Indexed]]:
    """The index of this configuration, with all that the journal holds. Raises IndexBroken, OSError."""
    with audit_index.opened(settings.audit.index, create=True) as store:
        if rebuild:
            audit_index.Feeder(store).clear()
        yield store, feed(store, Path(settings.audit.path))


def feed(store: Store, root: Path) -> Indexed:
    """What is new in the journal, into the index; what was purged from the one leaves the other. Raises IndexBroken, OSError."""
    feeder = audit_index.Feeder(store)
    found = feeder.feed(journal.follow(root, feeder.cursors()))
    first = journal.oldest(root)
    # On PostgreSQL several journals lie in one index, and months are dropped by its owner.
    if first is not None and not store.postgres:
        feeder.forget(first)
    return Indexed(found.records)


def pseudonyms(settings: config.Settings, address: str) -> frozenset[str]:
    """An address as the officer typed it, as the journal may know it: one pseudonym for each key that is held."""
    keys = journal.Keys(Path(settings.state) / "keys")
    return frozenset(p["id"] for p in keys.candidates(parse(address.encode(), smtputf8=True)))


__all__ = ["Asked", "Indexed", "fed", "feed", "pseudonyms"]
