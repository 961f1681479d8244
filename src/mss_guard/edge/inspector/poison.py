"""Which bodies have killed workers: two deaths that the worker caused itself, within 24 hours, make a body unreadable.

Kept in memory only, under a keyed digest whose key lives as long as this front; bounded, the oldest forgotten first.
"""

from __future__ import annotations

import hmac
import re
import secrets
import signal
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from mss_guard.core.model import Why
from mss_guard.edge.inspector.worker import Exit

WITHIN: Final = 24 * 3600.0
DEATHS: Final = 2
MOST: Final = 10_000

COUNTED: Final[dict[int, Why]] = {
    -signal.SIGSEGV: Why.DAMAGED,
    -signal.SIGBUS: Why.DAMAGED,
    -signal.SIGILL: Why.DAMAGED,
    -signal.SIGFPE: Why.DAMAGED,
    -signal.SIGABRT: Why.DAMAGED,
    -signal.SIGXCPU: Why.TIMEOUT,
    Exit.MEMORY: Why.TOO_LARGE,
}
"""Exit codes that the worker caused itself, and what the second one says of the body.

SIGKILL is not among them: it can come from anywhere.
"""

_TRACE = re.compile(rb"(?:(?:received|x-mss-guard-id):[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Record:
    deaths: int
    last: float
    why: Why


class Poison:
    """The table of deaths. Times are of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._records: OrderedDict[bytes, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def known(self, raw: bytes, now: float) -> Why | None:
        """Why this body is unreadable, if it has killed twice. Costs nothing while no worker has died."""
        self._forget(now)
        if not self._records:
            return None
        record = self._records.get(self._digest(raw))
        return record.why if record is not None and record.deaths >= DEATHS else None

    def died(self, raw: bytes, exit_code: int | None, now: float) -> Why | None:
        """A worker ended while it had this body; the reason, if that was once too often.

        Deaths from outside do not count.
        """
        why = COUNTED.get(exit_code) if exit_code is not None else None
        if why is None:
            return None
        self._forget(now)
        key = self._digest(raw)
        before = self._records.pop(key, None)
        record = _Record((before.deaths if before is not None else 0) + 1, now, why)
        self._records[key] = record
        if len(self._records) > MOST:
            self._records.popitem(last=False)
        return why if record.deaths >= DEATHS else None

    def _forget(self, now: float) -> None:
        """The table is in the order of the last death, oldest first."""
        while self._records and now - next(iter(self._records.values())).last > WITHIN:
            self._records.popitem(last=False)

    def _digest(self, raw: bytes) -> bytes:
        trace = _TRACE.match(raw)
        mac = hmac.new(self._key, digestmod="sha256")
        mac.update(memoryview(raw)[trace.end() if trace else 0 :])
        return mac.digest()
