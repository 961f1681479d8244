"""Readers called with a limit on time, and what `table._guarded` hides told apart: a failure to read is a result, a
mistake in our code is a finding."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.formats import table
from mss_guard.core.formats.reading import Doc, Outcome, Reader, Reading

HANG = 20.0  # seconds
MISTAKES = (AttributeError, TypeError, UnboundLocalError, IndexError, KeyError, NameError, AssertionError)


class HangError(BaseException):
    """An example took longer than HANG."""


@contextmanager
def limited() -> Iterator[None]:
    """Raises HangError when the time is over: at once, and again at the end, for the table turns it into a state."""
    rung: list[bool] = []

    def ring(_number: int, _frame: FrameType | None) -> None:
        rung.append(True)
        raise HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, HANG, HANG)  # again, for a second reader may hang too
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if rung:
        raise HangError


def _told(reader: Reader, findings: set[str]) -> Reader:
    def call(reading: Reading, doc: Doc) -> Outcome:
        try:
            return reader(reading, doc)
        except HangError:
            findings.add(f"hang in {reader.__module__}.{reader.__name__}")
            raise
        except MISTAKES as mistake:
            frame = traceback.extract_tb(mistake.__traceback__)[-1]
            where = frame.filename.rsplit("/", 1)[-1]
            findings.add(f"{type(mistake).__name__} in {where}:{frame.lineno} {frame.name}")
            raise

    return call


@contextmanager
def watched() -> Iterator[set[str]]:
    """Every reader in the table tells its mistakes to the set that this gives."""
    findings: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name, reader in list(table.READERS.items()):
            patch.setitem(table.READERS, name, _told(reader, findings))
        yield findings


def places(data: bytes) -> int:
    """How many places the document and the message that these bytes may be have; both walks must end."""
    with limited():
        document = formats.read_document(data)
        message = formats.read(mime.parse(data))
    return min(len(document.places), len(message.places))
