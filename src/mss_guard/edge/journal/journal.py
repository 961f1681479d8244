"""The journal as the service sees it: `await append(...)` returns once the record is on disk.

One thread of its own does all the writing. Whatever waits when it comes round is written together and made durable by
one fdatasync (group commit); the event loop never touches the disk.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from . import fields as schema
from . import purging
from .chain import Entry, stamp
from .disk import Disk, RealDisk
from .errors import FieldError, JournalUnavailable, errno_name
from .house import House, Purged, unknown
from .keys import Keys, utc_now
from .signing import SigningKeys
from .writer import Writer

log = structlog.get_logger("mss_guard.journal")
Clock = Callable[[], datetime]

MAX_BATCH = 500
MAX_PENDING = 10_000
_RETRY = 1.0  # seconds between attempts to write what is pending, when no append tries sooner
_HEAD_EVERY = 1.0
_LINGER = 0.05
"""Seconds that a late record waits for a record somebody waits for, to be made durable with it by one fdatasync."""
_STATIC_FAULT = {"outcome": "unknown", "fault": "journal-schema"}


@dataclass(frozen=True, slots=True)
class Pace:
    """When a head is signed: after so many records, so many seconds after a record, and so many when there is none."""

    records: int = 1000
    seconds: float = 60.0
    idle: float = 3600.0


@dataclass(frozen=True, slots=True)
class _Request:
    """`done` is None for a late record: nobody waits for it, and it must not be lost."""

    entry: Entry
    done: Future[None] | None


class Journal:
    """One writer of the journal, from `open` to `close`."""

    def __init__(
        self, writer: Writer, keys: Keys, clock: Clock, backlog: Sequence[Entry], pace: Pace, house: House
    ) -> None:
        """For `open`."""
        self._pace, self._house = pace, house
        self.keys = keys
        self._writer, self._clock = writer, clock
        self._wake = threading.Condition()
        self._queue: deque[_Request] = deque()
        self._pending: deque[Entry] = deque(backlog)
        self._awaited = False  # somebody waits for a record of the queue
        self._lingering = False  # the writing thread comes round by itself within _LINGER
        self._closing = False
        self._fault: str | None = None
        self._dropped = 0
        self._head_at = 0.0
        self._head_stale = False
        self._signed_at = time.monotonic()
        self._jobs: deque[tuple[Callable[[], object], Future[Any]]] = deque()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        root: Path,
        node: str,
        writer: str,
        structure: str,
        keys_dir: Path,
        clock: Clock = utc_now,
        disk: Disk | None = None,
        credentials: Path | None = None,
        pace: Pace = Pace(),
    ) -> Journal:
        """Take `root/node/writer`, mend what a crash left there, and close the open decisions of every writer directory
        whose lock is free.

        Blocking; for the start of a process. A full disk does not stop it: what is to be written then waits. Raises
        JournalBusy when another process is this writer, KeyRefused for an unusable key file, JournalUnavailable when
        the directory cannot be read or made.
        """
        schema.check_structure(structure)
        keys, disk = Keys(keys_dir, credentials, clock), disk or RealDisk()
        signing = SigningKeys(keys_dir, credentials, clock)
        directory = root / node / writer
        steady = _steady if clock is utc_now else None

        def own_keys() -> tuple[str, ...]:
            return (keys.current().id,)

        with suppress(JournalUnavailable):  # no room for a first key: the first append says so
            keys.current()
            signing.current()

        def writer_of(directory: Path, wait: float) -> Writer:
            return Writer(directory, structure, own_keys, clock, disk, signing=signing, steady=steady, wait=wait)

        try:
            mine = writer_of(directory, 2.0)
            house = House(root, keys, signing, writer_of)
            house.close_abandoned(directory)
        except OSError as error:
            raise JournalUnavailable(errno_name(error)) from error
        return cls(mine, keys, clock, unknown(mine), pace, house)

    # --- for the event loop -------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Late records that the disk has not taken so far. New records wait behind them."""
        return len(self._pending)

    @property
    def dropped(self) -> int:
        """Late records given up because MAX_PENDING waited already; the next start closes their decisions."""
        return self._dropped

    @property
    def fault(self) -> str | None:
        """The errno name of the last failed write; None since the last good one."""
        return self._fault

    async def append(self, kind: str, ref: str | None, fields: Mapping[str, object], knowledge: str | None) -> None:
        """Write a record; it is on disk when this returns.

        Raises JournalUnavailable when it is not and will not be, FieldError when `fields` holds what `kind` does not
        allow. Cancelled, it may have been written all the same.
        """
        schema.check(kind, ref, fields, knowledge)
        done: Future[None] = Future()
        self._submit(_Request(Entry(kind, ref, fields, knowledge), done))
        await asyncio.wrap_future(done)

    def append_late(self, kind: str, ref: str | None, fields: Mapping[str, object], knowledge: str | None) -> None:
        """Have a record written as soon as the disk allows. Returns at once, never raises; until it is written every
        `append` fails.
        """
        try:
            schema.check(kind, ref, fields, knowledge)
        except FieldError as error:
            log.error("journal.bug", place=str(error))
            if kind != "outcome" or ref is None:
                return
            fields, knowledge = _STATIC_FAULT, None  # the decision is closed even so
        try:
            self._submit(_Request(Entry(kind, ref, fields, knowledge, self._clock()), None))
        except JournalUnavailable:
            self._dropped += 1

    async def checkpoint(self) -> bool:
        """Sign where the chain stands now, on disk when this returns; whether there was a key to sign with. Raises
        JournalUnavailable.
        """
        return bool(await self._do(self._writer.checkpoint))

    async def purge(self, retention: timedelta) -> Purged:
        """Delete whole segments beyond `retention`, of this writer and of those at rest, and the keys of years of which
        nothing is left; all of it on the record first. Raises JournalUnavailable.
        """
        before = await asyncio.to_thread(purging.cutoff, self._house.root, self._clock(), retention)
        if before is None:
            return Purged()
        count = int(await self._do(lambda: self._writer.purge(before, retention)))
        count += await asyncio.to_thread(self._house.purge_others, self._writer.directory, before, retention)
        year = await asyncio.to_thread(purging.oldest_year, self._house.root)
        doomed = () if year is None else await asyncio.to_thread(self._house.doomed, year)
        if doomed and year is not None:
            fields = {"before": stamp(before), "retention_days": retention.days, "segments": [], "keys": list(doomed)}
            await self.append("purge", None, fields, None)
            await asyncio.to_thread(self._house.destroy, year)
        return Purged(count, doomed)

    async def _do(self, job: Callable[[], object]) -> Any:
        """Have the writing thread do it between two batches."""
        done: Future[Any] = Future()
        with self._wake:
            if self._closing:
                raise JournalUnavailable("closed")
            self._jobs.append((job, done))
            self._wake.notify()
        return await asyncio.wrap_future(done)

    async def close(self) -> None:
        """Write what waits, close the segment with its root, let go of the directory."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def _submit(self, request: _Request) -> None:
        with self._wake:
            if self._closing:
                raise JournalUnavailable("closed")
            self._queue.append(request)
            self._awaited = self._awaited or request.done is not None
            if self._awaited or len(self._queue) >= MAX_BATCH or not self._lingering:
                self._wake.notify()

    # --- the writing thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._pending or self._writer.owes:
            self._commit([])
        closing = False
        while not closing:
            with self._wake:
                self._linger()
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]
                self._awaited = any(request.done is not None for request in self._queue)
                jobs = [self._jobs.popleft() for _ in range(len(self._jobs))]
                closing = self._closing and not self._queue
            self._commit(batch)
            self._sign_when_due()
            for job, done in jobs:
                self._run_job(job, done)
            self._note_head()
        self._writer.close()
        if self._pending:
            log.error("journal.closed-with-pending", pending=len(self._pending))

    def _linger(self) -> None:
        """Wait for a record: one that is awaited goes at once, late ones alone after a moment."""
        self._lingering = True
        if self._wake.wait_for(self._urgent, _LINGER) or self._queue:
            return
        self._lingering = False
        if self._wake.wait_for(lambda: self._queue or self._jobs or self._closing, self._patience()):
            self._lingering = True
            self._wake.wait_for(self._urgent, _LINGER)

    def _urgent(self) -> bool:
        return self._awaited or bool(self._jobs) or self._closing or len(self._queue) >= MAX_BATCH

    def _patience(self) -> float:
        if self._pending or self._writer.owes:
            return _RETRY
        return min(_HEAD_EVERY if self._head_stale else self._pace.idle, max(0.1, self._until_signed()))

    def _until_signed(self) -> float:
        """Seconds until the next checkpoint is due."""
        pace = self._pace.seconds if self._writer.unsigned else self._pace.idle
        return self._signed_at + pace - time.monotonic()

    def _sign_when_due(self) -> None:
        """A checkpoint each so many records or seconds; also, rarer, when nothing happens: so that silence shows."""
        if self._writer.unsigned < self._pace.records and self._until_signed() > 0:
            return
        self._signed_at = time.monotonic()
        if self._pending or self._fault is not None:
            return  # the disk says no; the next write is an append's business
        try:
            self._writer.checkpoint()
            self._head_stale = True
        except (OSError, JournalUnavailable) as error:
            fault = errno_name(error) if isinstance(error, OSError) else str(error)
            log.error("journal.checkpoint-failed", fault=fault)

    def _run_job(self, job: Callable[[], object], done: Future[Any]) -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            done.set_result(job())
        except OSError as error:
            done.set_exception(JournalUnavailable(errno_name(error)))
        except Exception as error:  # noqa: BLE001 - whoever asked hears it; the thread goes on
            done.set_exception(error)
        self._signed_at, self._head_stale = time.monotonic(), True

    def _commit(self, batch: list[_Request]) -> None:
        """Write what is pending and the batch in one go; all of it or nothing."""
        wanted = [r for r in batch if r.done is None or r.done.set_running_or_notify_cancel()]
        if not wanted and not self._pending and not self._writer.owes:
            return
        try:
            self._writer.write([*self._pending, *(r.entry for r in wanted)])
        except OSError as error:
            self._failed(wanted, errno_name(error))
        except JournalUnavailable as error:
            self._failed(wanted, str(error))
        except Exception as error:  # noqa: BLE001 - a bug may cost a batch, never the thread: every later append would hang
            self._failed(wanted, type(error).__name__)
        else:
            if self._fault is not None:
                log.warning("journal.available", written=len(self._pending))
            self._fault, self._head_stale = None, True
            self._pending.clear()
            for request in wanted:
                if request.done is not None:
                    request.done.set_result(None)

    def _failed(self, wanted: list[_Request], fault: str) -> None:
        if self._fault != fault:
            log.error("journal.unavailable", fault=fault)
        self._fault = fault
        for request in wanted:
            if request.done is not None:
                request.done.set_exception(JournalUnavailable(fault))
            elif len(self._pending) < MAX_PENDING:
                self._pending.append(request.entry)
            else:
                self._dropped += 1

    def _note_head(self) -> None:
        now = time.monotonic()
        if self._head_stale and now - self._head_at >= _HEAD_EVERY:
            self._writer.note_head()
            self._head_at, self._head_stale = now, False


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
