"""What keeps mail from being judged: since when, how often, and whether somebody must be told. Knows no clock and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AGAIN = timedelta(hours=1)
"""Between two letters about one cause, whether it lasted or came back."""
QUIET = timedelta(minutes=1)
"""Without a failure, and with a success, for so long: it is over."""


class Cause(StrEnum):
    """Whose fault a deferral is, when it is ours."""

    INSPECTION = "inspection"  # no worker, or none that answers
    LIST = "list"  # no white list, or one too old
    JOURNAL = "journal"  # a record cannot be written
    FAULT = "fault"  # anything else


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter must say. `count`: messages met by the cause since `since`; `over`: it has ended."""

    cause: Cause
    since: datetime
    count: int
    over: bool = False


@dataclass(slots=True)
class _Outage:
    since: datetime
    last: datetime
    unbroken: datetime | None  # since when nothing has worked
    count: int = 0
    told: datetime | None = None


class Outages:
    """`failed` and `worked` from the message's way, `due` from whoever writes the letters."""

    def __init__(self) -> None:
        self._open: dict[Cause, _Outage] = {}
        self._told: dict[Cause, datetime] = {}

    def failed(self, cause: Cause, now: datetime) -> None:
        found = self._open.setdefault(cause, _Outage(now, now, now))
        found.unbroken = found.unbroken or now
        found.last, found.count = now, found.count + 1

    def worked(self, cause: Cause) -> None:
        if (found := self._open.get(cause)) is not None:
            found.unbroken = None

    def lasting(self, cause: Cause, now: datetime) -> timedelta:
        """For how long every attempt has failed; zero when the last one did not."""
        found = self._open.get(cause)
        return now - found.unbroken if found is not None and found.unbroken is not None else timedelta()

    def open(self) -> tuple[Told, ...]:
        """What lasts, oldest first."""
        return tuple(Told(cause, one.since, one.count) for cause, one in self._open.items())

    def due(self, now: datetime) -> tuple[Told, ...]:
        """What must be told now, and counts as told: at the first failure, each hour while it fails, once when it is over."""
        letters = []
        for cause, one in list(self._open.items()):
            over = one.unbroken is None and now - one.last >= QUIET
            told = Told(cause, one.since, one.count, over)
            if over:
                del self._open[cause]
                if one.told is not None:
                    letters.append(told)
            elif now - self._told.get(cause, now - AGAIN) >= AGAIN and (one.told is None or one.last > one.told):
                one.told = self._told[cause] = now
                letters.append(told)
        return tuple(letters)
