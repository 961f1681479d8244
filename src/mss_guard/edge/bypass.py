"""The door of a fault: a file that says until when mail passes uninspected, and room on the disk kept for that time.

Written by `mss-guard bypass`, read by the service once a second. The reserve is what makes one command enough when the
journal's disk is full: no mail passes without its record, so the records of the bypass need room that nothing else took.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mss_guard import durable

LONGEST = timedelta(hours=12)
RESERVE = 16 * 1024 * 1024
"""Octets; about ten thousand messages' records, a day of a structure with two hundred staff."""
_MOST = 4096


@dataclass(frozen=True, slots=True)
class Bypass:
    """`since`, `until`: aware, at most LONGEST apart. `by`, `reason`: the administrator's own words, one line each."""

    since: datetime
    until: datetime
    by: str
    reason: str

    def on(self, now: datetime) -> bool:
        """Also off when the clock went back before its beginning: nobody knows then how long it would last."""
        return self.since <= now < self.until


def path(state: Path) -> Path:
    return state / "bypass.json"


def read(state: Path) -> Bypass | None:
    """What stands in the state directory; None when nothing does, or nothing that a bypass can be."""
    try:
        with path(state).open("rb") as file:
            given = json.loads(file.read(_MOST))
        found = Bypass(_moment(given["since"]), _moment(given["until"]), str(given["by"]), str(given["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if timedelta() < found.until - found.since <= LONGEST else None


def write(state: Path, bypass: Bypass) -> None:
    """Raises OSError."""
    said = {
        "since": bypass.since.isoformat(),
        "until": bypass.until.isoformat(),
        "by": bypass.by,
        "reason": bypass.reason,
    }
    durable.publish(path(state), json.dumps(said, ensure_ascii=False).encode(), state)


def remove(state: Path) -> bool:
    """Whether there was one. Raises OSError."""
    try:
        path(state).unlink()
    except FileNotFoundError:
        return False
    durable.sync(state)
    return True


def keep_reserve(journal: Path, wanted: int = RESERVE) -> None:
    """Have the reserve beside the journal's records, where an eighth of what is free allows it. Never raises."""
    place = _reserve(journal)
    with suppress(OSError):
        if place.exists():
            return
        free = os.statvfs(journal)
        size = min(wanted, free.f_bavail * free.f_frsize // 8)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            place.unlink()
        finally:
            os.close(descriptor)


def release_reserve(journal: Path) -> bool:
    """Give the room to the records. Whether there was a reserve. Raises OSError when it cannot be removed."""
    try:
        _reserve(journal).unlink()
    except FileNotFoundError:
        return False
    return True


def _reserve(journal: Path) -> Path:
    return journal / ".reserve"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
