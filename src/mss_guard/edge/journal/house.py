"""What one process does for the other writers of the journal: close what a process that is gone left open, purge what is
old, destroy the keys of years of which nothing is left. Blocking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from . import segments
from .chain import Entry
from .errors import JournalBusy, JournalUnavailable, errno_name
from .keys import Keys
from .signing import SigningKeys
from .writer import Writer

log = structlog.get_logger("mss_guard.journal")


@dataclass(frozen=True, slots=True)
class Purged:
    """How many segments went, and the ids of the keys destroyed with them."""

    segments: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """The journal's root, its keys, and how to open any writer's directory (`wait`: seconds for its lock)."""

    root: Path
    keys: Keys
    signing: SigningKeys
    writer_of: Callable[[Path, float], Writer]

    def close_abandoned(self, mine: Path) -> None:
        """Close what processes that are gone left open, each in its own chain. A full disk leaves it to the next start.
        Raises OSError.
        """
        for writer in self._at_rest(mine):
            if writer.settled:
                writer.release()
                continue
            outcomes = unknown(writer)
            try:
                if outcomes or writer.owes:
                    writer.write(outcomes)
            except (OSError, JournalUnavailable) as error:
                log.error("journal.unavailable", fault=errno_name(error) if isinstance(error, OSError) else str(error))
                writer.release()
            else:
                writer.close()

    def purge_others(self, mine: Path, before: datetime, retention: timedelta) -> int:
        """Purge the writers whose lock is free, each in its own chain; how many segments went."""
        count = 0
        for writer in self._at_rest(mine):
            try:
                gone = writer.purge(before, retention)
            except (OSError, JournalUnavailable) as error:
                log.error("journal.purge-failed", fault=errno_name(error) if isinstance(error, OSError) else str(error))
                writer.release()
                continue
            count += gone
            if gone:
                writer.close()
            else:
                writer.release()
        return count

    def _at_rest(self, mine: Path) -> Iterator[Writer]:
        for _, _, directory in segments.writers(self.root):
            if directory != mine:
                with suppress(JournalBusy):
                    yield self.writer_of(directory, 0.0)

    def doomed(self, year: int) -> tuple[str, ...]:
        """The keys of earlier years that are ours to destroy."""
        return (
            *(f"pseudonym-{k}" for k in self.keys.before(year)),
            *(f"signing-{k}" for k in self.signing.before(year)),
        )

    def destroy(self, year: int) -> None:
        """Destroy them. The public halves stay: proofs handed out need them. Raises OSError."""
        self.keys.destroy_before(year)
        self.signing.destroy_before(year)


def unknown(writer: Writer) -> list[Entry]:
    """Outcomes for the decisions that the last process of this writer left open."""
    return [Entry("outcome", ref, {"outcome": "unknown-after-crash"}) for ref in sorted(writer.open_decisions)]
