"""What commands do without the service: read what it would read, write one record, purge, preview."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mss_guard import assembly, config, exceptions, previews, witnessing
from mss_guard.assembly import Loaded
from mss_guard.core import trust
from mss_guard.core.policy.rows import Exemption
from mss_guard.edge import trust_feed
from mss_guard.edge.journal import Journal, Purged
from mss_guard.edge.passes import Pass


def settings(path: Path | None) -> config.Settings:
    """The configuration of this run, or the packaged defaults. Raises Mistakes; OSError when the file cannot be read."""
    return config.load(path)


def read(path: Path | None) -> Loaded:
    """Configuration and knowledge, the rules not compiled: a fresh process has tried them, and the workers compile them."""
    return assembly.load(settings(path), datetime.now(UTC), compiled=False, keep=True)


def read_for_scan(path: Path | None, *, compiled: bool = False) -> Loaded:
    """The same for scan, lookup and previews; without a file there is no white list. `compiled`: say which rule is wrong."""
    return assembly.load(sound(path), datetime.now(UTC), compiled=compiled)


def sound(path: Path | None) -> config.Settings:
    """The configuration of a command that is not the service: without mistakes of its own. Raises one of REFUSALS."""
    found = settings(path)
    mistakes = config.check(found, datetime.now(UTC).date(), for_run=False)
    if mistakes:
        raise config.Mistakes(mistakes)
    return found


def renew_list(path: Path | None, now: datetime, *, accept_shrunken: bool = False) -> assembly.Renewal:
    """`trust update`."""
    return assembly.renew_list(sound(path), now, accept_shrunken=accept_shrunken)


def look_at_list(path: Path) -> trust.TrustList | str:
    """A list in a file, or why there is none, in French."""
    return trust_feed.look(path, datetime.now(UTC))


def journal_places(found: config.Settings) -> tuple[Path, Path]:
    """(journal, keys)."""
    return Path(found.audit.path), Path(found.state) / "keys"


def witness_told(path: Path | None) -> dict[str, int]:
    """The last record that a witness took, by node/writer, as this host noted it. Raises Mistakes, OSError."""
    return witnessing.status(settings(path)).heads


async def write_down(found: config.Settings, kind: str, ref: str | None, fields: Mapping[str, object]) -> None:
    """One record of a command, on disk when this returns. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    root, keys = journal_places(found)
    journal = await asyncio.to_thread(Journal.open, root, found.node, "cli", found.structure.id, keys)
    try:
        await journal.append(kind, ref, fields, None)
    finally:
        await journal.close()


def note_exemption(found: config.Settings, row: Exemption, what: str, by: str = "", reason: str = "") -> None:
    """`exceptions add|revoke` of a dated row, on record before it holds. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    fields = {
        "what": what, "id": row.id, "until": f"{row.until.isoformat()}T00:00:00Z", "category": row.category, "rule": row.rule,
        "level": row.level, "action": row.action, "by": by or row.by, "reason": reason or row.reason,
    }  # fmt: skip
    asyncio.run(write_down(found, "exception", None, fields))


def note_false_positive(found: config.Settings, ref: str, by: str, reason: str) -> None:
    """`exceptions false-positive`. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    asyncio.run(write_down(found, "exception", ref, {"what": "false-positive", "by": by, "reason": reason}))


def note_pass(found: config.Settings, one: Pass, what: str, by: str = "", reason: str = "") -> None:
    """`exceptions approve|revoke`, on record before it holds. Raises JournalBusy, JournalUnavailable, KeyRefused."""
    fields = {**exceptions.pass_fields(one, what), "by": by or one.by, "reason": reason or one.reason}
    asyncio.run(write_down(found, "exception", one.ref, fields))


async def purge(found: config.Settings) -> Purged:
    """`audit purge`: of this writer and of all whose process is gone; one at work purges itself. Raises JournalBusy,
    JournalUnavailable, KeyRefused.
    """
    root, keys = journal_places(found)
    journal = await asyncio.to_thread(Journal.open, root, found.node, "cli", found.structure.id, keys)
    try:
        return await journal.purge(found.audit.retention)
    finally:
        await journal.close()


def preview(loaded: Loaded, asked: previews.Asked) -> str:
    """The notice of an invented refusal, with this structure's words."""
    return previews.preview(loaded, asked, datetime.now().astimezone())


def measure_notices(loaded: Loaded, language: str | None) -> Iterator[previews.Measured]:
    """All notices in numbers."""
    return previews.measure(loaded, language, datetime.now().astimezone())
