"""One writer directory: takes the lock, mends what a crash left, appends batches that are durable when `write` returns.
Blocking.

What can go wrong while writing, and what is done:
- a short write, a full disk: the file is cut back to its last durable record; the batch was never there;
- a failed fdatasync: the kernel has dropped the dirty pages and calls them clean, so a second fdatasync proves nothing.
  The file is cut back, left for good, and the chain goes on in a new segment;
- the cut fails, too: nothing is written until it succeeds.
Either way `write` raises OSError, the chain stays where it was, and the next call tries again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from . import purging, segments
from .chain import Chain, Entry, stamp
from .disk import Disk, lock, make_directory, sync_directory
from .errors import JournalBusy, JournalUnavailable, KeyRefused, errno_name
from .signing import Public, Signer, SigningKeys

MAX_SEGMENT = 64 * 1024 * 1024
AHEAD = 60.0
"""Seconds that the clock may run ahead of a steady one between two writes before a record says so."""


class Writer:
    """Owner of one `journal/<node>/<writer>` directory. Not thread-safe: one thread calls it."""

    def __init__(
        self,
        directory: Path,
        structure: str,
        key_ids: Callable[[], tuple[str, ...]],
        clock: Callable[[], datetime],
        disk: Disk,
        *,
        signing: SigningKeys | None = None,
        steady: Callable[[], float] | None = None,
        wait: float = 2.0,
    ) -> None:
        """Take the lock (up to `wait` seconds: another start may be mending here) and read where the chain stands;
        writes nothing yet. `signing`: None leaves heads unsigned. `steady`: a clock in seconds that nobody sets.

        Raises JournalBusy, OSError.
        """
        self.directory = directory
        self._key_ids, self._clock, self._disk = key_ids, clock, disk
        self._signing, self._steady = signing, steady
        self._told: tuple[float, datetime] | None = None  # both clocks at the last write
        self._log = f"{structure}/{directory.parent.name}/{directory.name}"
        make_directory(directory)
        self._lock = _take(directory, wait)
        self._fd: int | None = None
        self._size = 0
        self._to_cut = False  # bytes behind `_size` must go before anything else is written
        self._leave = False  # the segment at hand is not to be written any more
        self._debris: list[Path] = []  # files that must be gone before anything else is written
        self._owed: list[Entry] = []  # records of our own that the next write begins with
        self._chain = Chain(structure)
        try:
            self._resume(structure)
        except BaseException:
            self.release()
            raise

    @property
    def open_decisions(self) -> frozenset[str]:
        """References of durable decisions that have no outcome yet."""
        return self._chain.open

    @property
    def settled(self) -> bool:
        """Whether the last segment is closed and nothing is left to do here."""
        return self._chain.closed and not self.owes and not self._chain.open

    @property
    def owes(self) -> bool:
        """Whether something is to be mended or recorded on the next write."""
        return self._to_cut or bool(self._owed)

    @property
    def unsigned(self) -> int:
        """Records behind the last signed head."""
        return self._chain.seq - self._chain.signed

    def _resume(self, structure: str) -> None:
        """Find the end of the chain. Only the last segment is looked at: what is older is verify's business."""
        for path in reversed(segments.ordered(self.directory)):
            found = segments.scan(path, structure)
            if found.tail:
                why = "torn" if found.torn else "damaged"
                fields = {"segment": path.name, "why": why, "line": found.line, "cut": found.tail if found.torn else 0}
                self._owed.append(Entry("recovered", None, fields))
            if not found.records and found.torn:
                # Not even its first record can be read: no segment, but kept for whoever wants to look.
                path.rename(path.with_suffix(".unreadable"))
                continue
            self._chain, self._size = found.chain, found.size
            self._to_cut = found.torn and bool(found.tail)
            self._leave = not found.torn or found.chain.closed
            self._fd = self._disk.reopen(path)
            break
        noted = segments.noted_head(self.directory)
        if noted and (noted[0] > self._chain.seq or (noted[0] == self._chain.seq and noted[1] != self._chain.prev)):
            # Records that were durable are gone or changed: said in the chain, before the note is written anew.
            fields = {"segment": self._chain.segment or None, "why": "head-mismatch", "cut": 0}
            self._owed.append(Entry("recovered", None, fields))

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, entries: Sequence[Entry]) -> None:
        """Append all entries or none; durable on return. Raises OSError; other exceptions are bugs and leave the chain
        as it was.
        """
        self._mend()
        now = self._clock().astimezone(UTC)
        jumps = self._jumps(now)
        self._turn(now)
        self._put([*jumps, *self._owed, *entries], now)
        self._owed.clear()
        self._told = (self._steady(), now) if self._steady is not None else None

    def checkpoint(self) -> bool:
        """Sign where the chain stands, as a record, durable on return; whether there was a key to sign with. Raises
        OSError.
        """
        self.write(())
        signer = self._signer()
        if signer is None or not self._chain.seq:
            return False
        now = self._clock().astimezone(UTC)
        self._put([self._chain.signed_head("checkpoint", self._log, now, signer)], now)
        return True

    def purge(self, before: datetime, retention: timedelta) -> int:
        """Delete the whole segments whose last record is older, once the chain says so durably; how many went. Raises
        OSError.
        """
        if not purging.stale(self.directory, before):
            return 0
        self.write(())  # a segment of today: what was at hand yesterday can be judged by its age
        said = purging.entry(self.directory, purging.due(self.directory, before), before, retention)
        if said is None:
            return 0
        self.write([said])
        gone = [self.directory / name for name in purging.named(said)]
        for path in gone:
            path.unlink(missing_ok=True)
        sync_directory(self.directory)
        return len(gone)

    def _jumps(self, now: datetime) -> list[Entry]:
        """The record of a clock that was set: back, or forward by a minute more than has passed."""
        back = self._chain.jump(now)
        if back is not None:
            return [back]
        if self._told is None or self._steady is None:
            return []
        steady, before = self._told
        ahead = (now - before).total_seconds() - (self._steady() - steady)
        if ahead < AHEAD:
            return []
        fields = {"before": stamp(before), "back_ms": 0, "ahead_ms": int(ahead * 1000)}
        return [Entry("clock-jump", None, fields)]

    def _signer(self) -> Signer | None:
        """Who signs in the segment at hand: the key it names, or none."""
        if self._signing is None or not self._chain.signer:
            return None
        with suppress(OSError, JournalUnavailable, KeyRefused):
            return self._signing.holder(self._chain.signer)
        return None

    def _next_signer(self) -> Public | None:
        """The key that a new segment names. None when it cannot be had now: the next segment tries again."""
        if self._signing is None:
            return None
        with suppress(OSError, JournalUnavailable, KeyRefused):
            return self._signing.current().public
        return None

    def close(self) -> None:
        """Close the segment with its root, when the disk allows, and let go of the directory."""
        try:
            with suppress(OSError, JournalUnavailable):
                self._mend()
                if self._owed:
                    self.write(())
                if self._fd is not None and not self._leave:
                    self._end(self._clock().astimezone(UTC))
            self.note_head()
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the files and the lock, writing nothing."""
        if self._fd is not None:
            self._disk.close(self._fd)
            self._fd = None
        os.close(self._lock)

    def note_head(self) -> None:
        """Note where the chain stands, beside it: the chain alone does not show that its end was cut off. A help, never
        relied upon.
        """
        if not self._chain.seq:
            return
        head = {"seq": self._chain.seq, "hash": self._chain.prev, "segment": self._chain.segment}
        draft = self.directory / f".{segments.HEAD}"
        with suppress(OSError):
            draft.write_text(json.dumps(head) + "\n")
            draft.chmod(0o600)
            draft.replace(self.directory / segments.HEAD)

    def _mend(self) -> None:
        while self._debris:
            self._debris[-1].unlink(missing_ok=True)
            self._debris.pop()
        if self._to_cut and self._fd is not None:
            self._disk.truncate(self._fd, self._size)
            self._to_cut = False

    def _turn(self, now: datetime) -> None:
        """Have a segment of today at hand: same UTC day, not full, not spoilt."""
        day = now.date().isoformat()
        if self._fd is not None and not self._leave:
            if self._chain.segment.startswith(day) and self._size < MAX_SEGMENT and not self._wants_signer():
                return
            self._end(now)
        if self._fd is not None:
            self._leave = True
        self._begin(day, now)

    def _wants_signer(self) -> bool:
        """Whether the segment at hand names no key although there is one by now."""
        return not self._chain.signer and self._next_signer() is not None

    def _end(self, now: datetime) -> None:
        """Close the segment at hand with its root, signed where it can be; a key of last year hands over to this
        year's.
        """
        signer, following = self._signer(), self._next_signer()
        if signer is None:
            self._put([self._chain.close()], now)
            return
        successor = following if following and following.id != signer.public.id else None
        self._put([self._chain.signed_head("segment-close", self._log, now, signer, successor)], now)

    def _begin(self, day: str, now: datetime) -> None:
        """A new segment gets its name only once its first record is durable, so a name always stands for a sound
        beginning.
        """
        name = segments.next_name(self.directory, day)
        chain, entry = self._chain.begin(name, self._key_ids(), self._next_signer())
        chain, line = chain.add(entry, now)
        draft = self.directory / ".segment"
        fd = self._disk.create(draft)
        try:
            self._write_all(fd, line + b"\n")
            self._disk.sync(fd)
            self._disk.publish(draft, self.directory / name)
        except OSError:
            self._disk.close(fd)
            self._debris += [
                draft,
                self.directory / name,
            ]  # a second beginning at the same place would be a fork of the chain
            raise
        if self._fd is not None:
            self._disk.close(self._fd)
        self._fd, self._size, self._chain, self._leave = fd, len(line) + 1, chain, False

    def _put(self, entries: Sequence[Entry], now: datetime) -> None:
        """The one place where records of a segment at hand reach the disk."""
        if not entries:
            return
        assert self._fd is not None
        chain, data = self._chain, bytearray()
        for entry in entries:
            chain, line = chain.add(entry, now)
            data += line + b"\n"
        step = "write-failed"
        try:
            self._write_all(self._fd, bytes(data))
            step = "sync-failed"
            self._disk.sync(self._fd)
        except OSError as error:
            self._spoilt(step, error)
            raise
        self._chain, self._size = chain, self._size + len(data)

    def _spoilt(self, step: str, error: OSError) -> None:
        self._to_cut = True
        if step == "sync-failed":
            self._leave = True
            fields = {"segment": self._chain.segment, "why": step, "errno": errno_name(error)}
            self._owed.append(Entry("recovered", None, fields))
        with suppress(OSError):
            self._mend()  # give the space back at once, and do not leave the answered-451 record to a crash

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._disk.write(fd, bytes(view)) :]


def _take(directory: Path, wait: float) -> int:
    until = time.monotonic() + wait
    while (held := lock(directory)) is None:
        if time.monotonic() >= until:
            raise JournalBusy(f"{directory.parent.name}/{directory.name}")
        time.sleep(0.02)
    return held
