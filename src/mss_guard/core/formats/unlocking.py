"""Opening what is encrypted with the passwords that stand in the same message.

Whoever sends the key along with the box protects nothing: what is inside is read as if there were no lock, and the
place says that it was opened so. The password itself goes nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mss_guard.core.formats import passwords
from mss_guard.core.formats.reading import MAX_ARCHIVES, Doc, Lock, Reading, Stop

MAX_WORK = 2_000_000  # microseconds of one message's tries: 13 of Office's 100,000 rounds, 800 of WinZip's 1,000

Look = Callable[[Reading, Doc, int], None]


@dataclass(slots=True)
class _Ring:
    """The passwords of one message and what trying them has cost. `known`: those that have opened something."""

    known: dict[str, None] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)
    work: int = MAX_WORK

    def fit(self, reading: Reading, lock: Lock, tried: set[str]) -> bytes | None:
        """What is behind `lock`, None when no password opens it or the work is spent."""
        for password in dict.fromkeys([*self.known, *lock.always, *self.words]):
            if password in tried:
                continue
            if self.work < lock.cost:
                return None
            self.work -= lock.cost
            tried.add(password)
            try:
                opened = lock.open(reading, password)
            except Stop:
                return None  # the allowance of octets is spent
            if opened is not None:
                self.known.setdefault(password)
                return opened
        return None


def open_all(reading: Reading, look: Look) -> None:
    """Try every lock met, and those met behind them: an opened archive may hold the next one's password. What no word
    of the message opens stays encrypted."""
    ring = _Ring()
    shut: list[tuple[Lock, set[str]]] = []
    looked = 0
    for _ in range(MAX_ARCHIVES):
        shut += [(lock, set()) for lock in reading.locks]
        reading.locks = []
        if not shut or len(reading.texts) == looked:
            return
        ring.words |= dict.fromkeys(passwords.candidates(reading.texts[looked:]))
        looked = len(reading.texts)
        waiting, shut = shut, []
        for lock, tried in waiting:
            opened = ring.fit(reading, lock, tried)
            if opened is None:
                shut.append((lock, tried))
            else:
                _read(reading, lock.doc, opened, look)


def _read(reading: Reading, doc: Doc, data: bytes, look: Look) -> None:
    """Read the opened document in the place of the locked one, and of what was said of its inside before."""
    slot = next((n for n, p in enumerate(reading.places) if p and p.part == doc.part), None)
    if slot is None:
        return
    inside = f"{doc.part}/"
    reading.places = [None if p and p.part.startswith(inside) else p for p in reading.places]
    look(reading, replace(doc, data=data), slot)
    opened = reading.places[slot]
    if opened is not None:
        reading.places[slot] = replace(opened, unlocked=True)
