"""Copies of the journal's records for a SIEM: every record, in its writer's order, at least once, from a cursor that survives.

What goes out is the record as it stands, with where it stands and without the sealed identity, which is the DPO's alone. A peer that
is away costs nothing but time: the journal is the queue.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from mss_guard import doors, durable
from mss_guard.config import Settings
from mss_guard.edge import collector
from mss_guard.edge import journal as journals
from mss_guard.edge.collector import Line
from mss_guard.edge.journal import Found

TICK = 15.0  # seconds between two looks at what is new
BATCH = 500  # records in one POST, or in one syslog connection
LONGEST = 60_000  # octets of one line: RFC 5425 asks receivers for 8,192 at least, and most take 64 KiB
LATE = timedelta(hours=3)
AGAIN = timedelta(seconds=60)
_WITHHELD = ("sealed",)
_LISTS = ("recipients", "findings", "places", "nearly", "open", "segments")

_log = structlog.get_logger("mss_guard.export")


@dataclass(frozen=True, slots=True)
class Status:
    """Kept in `state/export.json`. `cursors`: the last record that was taken, by `node/writer`; `at`: when something was last taken,
    or there was nothing new; `why`: what the last attempt met.
    """

    road: str | None = None
    cursors: dict[str, int] = field(default_factory=dict)
    at: str | None = None
    tried: str | None = None
    why: str | None = None


def status(settings: Settings) -> Status:
    """As last written; an empty one where there is none, or where it belongs to another collector: that one gets everything."""
    try:
        found = Status(**json.loads(_file(settings).read_bytes()))
    except (OSError, ValueError, TypeError):
        return Status()
    return found if found.road == settings.audit.export else Status()


def late(settings: Settings, now: datetime) -> str | None:
    """Why the collector is behind, in French; None when it is not, or when there is none."""
    if settings.audit.export is None:
        return None
    held = status(settings)
    if held.at is None:
        return "le collecteur n'a encore rien reçu" + (f" : {held.why}" if held.why else "")
    age = now - datetime.fromisoformat(held.at)
    return f"le collecteur ne suit plus depuis {age // timedelta(hours=1)} h : {held.why}" if age > LATE else None


def push(settings: Settings, now: datetime) -> tuple[int, str | None]:
    """(records that were taken, why it ended or None): until nothing is new, or the collector does not take a batch. Blocking.

    Its cursor is on disk before the next batch goes: killed at any instant, a batch may come twice, and none is left out.
    """
    to = doors.export(settings)
    if to is None:
        return 0, "audit.export n'est pas configuré"
    with _alone(settings) as first:
        if not first:
            return 0, None
        held, taken = replace(status(settings), road=settings.audit.export), 0
        lines = journals.follow(Path(settings.audit.path), _cursors(held))
        while batch := list(islice(lines, BATCH)):
            why = collector.hand_over(to, [line(one) for one in batch], doors.hostname(settings))
            if why is not None:
                _keep(settings, replace(held, tried=now.isoformat(), why=why))
                return taken, why
            taken += len(batch)
            seen = {f"{one.node}/{one.writer}": int(str(one.record["seq"])) for one in batch}
            held = replace(held, cursors={**held.cursors, **seen}, at=now.isoformat(), tried=now.isoformat(), why=None)
            _keep(settings, held)
        if not taken:
            _keep(settings, replace(held, at=now.isoformat(), tried=now.isoformat(), why=None))
        return taken, None


def line(found: Found) -> Line:
    """A record for a collector: where it stands, then what it says. One too long for syslog gives its lists as numbers, and says `cut`."""
    told: dict[str, object] = {k: v for k, v in found.record.items() if k not in _WITHHELD}
    where: dict[str, object] = {
        "node": found.node,
        "writer": found.writer,
        "segment": found.segment,
        "line": found.line,
    }
    text = _json(where | told)
    if len(text.encode()) > LONGEST:
        numbers = {k: len(v) if isinstance(v, list) and k in _LISTS else v for k, v in told.items()}
        text = _json(where | numbers | {"cut": True})
    return Line(text, str(found.record.get("kind"))[:32], found.at)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cursors(held: Status) -> dict[tuple[str, str], int]:
    pairs = ((name.partition("/"), seq) for name, seq in held.cursors.items())
    return {(node, writer): seq for (node, _, writer), seq in pairs}


def _file(settings: Settings) -> Path:
    return Path(settings.state) / "export.json"


def _keep(settings: Settings, told: Status) -> None:
    """Raises OSError: without a cursor on disk no further batch goes."""
    durable.publish(_file(settings), (json.dumps(asdict(told)) + "\n").encode(), Path(settings.state))


@contextmanager
def _alone(settings: Settings) -> Iterator[bool]:
    """The service and a command do not push at once; who comes second leaves it to the first."""
    path = Path(settings.state) / "export.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


class Exporter:
    """The task that keeps a collector told. `settings`: those in force now."""

    def __init__(
        self, settings: Callable[[], Settings], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings, self._clock = settings, clock

    async def run(self) -> None:
        """For ever; a failure is said, and tried again."""
        while True:
            try:
                await self.once()
            except Exception as fault:  # noqa: BLE001 - the one task that tells the collector must not end
                _log.error("export.fault", error=type(fault).__name__)
            await asyncio.sleep(TICK)

    async def once(self) -> int:
        """Push what is new, when there is a collector and it is not resting after a refusal. How many records it took."""
        settings, now = self._settings(), self._clock()
        if settings.audit.export is None:
            return 0
        held = status(settings)
        if held.why and held.tried and timedelta() <= now - datetime.fromisoformat(held.tried) < AGAIN:
            return 0
        taken, why = await asyncio.to_thread(push, settings, now)
        if why is not None and why != held.why:
            _log.error("export.refused", problem=why)
        elif held.why is not None and why is None:
            _log.info("export.resumed", records=taken)
        return taken
