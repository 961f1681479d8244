"""Acts that wait for a second officer, in one file of the state directory; three days, then they are forgotten."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from mss_guard import durable
from mss_guard.edge.console.ports import Pending

FOR = timedelta(hours=72)
MOST = 500


class Requests:
    """Of one state directory; only the console's process writes it."""

    def __init__(self, state: Path) -> None:
        self._state, self._file, self._lock = state, state / "console" / "demandes.json", threading.Lock()

    def all(self, now: datetime) -> tuple[Pending, ...]:
        """Oldest first. A file that is none of ours holds nothing: an act that waited is asked for again. Raises OSError."""
        try:
            held = [Pending(**one) for one in json.loads(self._file.read_bytes())]
            return tuple(one for one in held if now - datetime.fromisoformat(one.at) < FOR)
        except (FileNotFoundError, ValueError, TypeError):
            return ()

    def add(self, what: str, ref: str, by: str, reason: str, now: datetime) -> None:
        """Raises OSError."""
        one = Pending(secrets.token_hex(8), what, ref, by, reason, now.isoformat(timespec="seconds"))
        with self._lock:
            self._put((*self.all(now), one)[-MOST:])

    def remove(self, identifier: str) -> None:
        """Raises OSError."""
        with self._lock:
            held = json.loads(self._file.read_bytes()) if self._file.exists() else []
            self._put(tuple(Pending(**one) for one in held if one["id"] != identifier))

    def _put(self, held: tuple[Pending, ...]) -> None:
        plain = [asdict(one) for one in held]
        durable.publish(self._file, json.dumps(plain, ensure_ascii=False).encode(), self._state)
