"""What the report rests on: its cells must be able to say missed, and its makers to make what they name."""

from __future__ import annotations

import pytest

from mss_guard.core import formats
from mss_guard.core.formats import kinds
from mss_guard.core.model import Content, How, Place, State, Why
from tests.readers import cfb, report
from tests.readers.samples import LOCKED, MADE, SENTINEL, SHUT

TYPES = {"RAR4": "application/vnd.rar", "RAR5": "application/vnd.rar", "MSG": "application/x-ole-storage",
         "TNEF": "application/vnd.ms-tnef", "cab": "application/vnd.ms-cab-compressed", "DICOM": "application/dicom",
         "PNG text": "image/png", "PDF scanned": "application/pdf", "tar.gz": "application/gzip"}  # fmt: skip


def seen(state: State, why: Why | None = None) -> Content:
    return Content((Place("1", "a/b", "a/b", How.MIME, state, why),), ())


def test_what_was_neither_found_nor_named_is_missed() -> None:
    """A place called read or opaque without the sentence is a miss; an unreadable one is not."""
    assert report.judged("plain", seen(State.READ), b"\0") == "missed"
    assert report.judged("plain", seen(State.OPAQUE), b"\0") == "missed"
    assert report.judged("plain", seen(State.UNREADABLE, Why.DAMAGED), b"\0") == "unreadable(damaged)"
    assert report.judged("empty", seen(State.UNREADABLE, Why.DAMAGED), b"\0") == "missed"
    assert report.judged("empty", seen(State.READ), b"\0") == "nothing"
    assert report.judged("encrypted", seen(State.UNREADABLE, Why.DAMAGED), b"\0") == "missed"


def test_only_a_plain_text_may_be_cut() -> None:
    """A shorter text is a text; a shorter container must be found or named."""
    assert report.judged("truncated", seen(State.READ), SENTINEL.encode()) == "cut"
    assert report.judged("truncated", seen(State.READ), b"%PDF-1.4 " + SENTINEL.encode()) == "missed"


@pytest.mark.parametrize("kind", TYPES)
def test_a_maker_makes_its_type(kind: str) -> None:
    """The bytes are known for what they are named."""
    assert kinds.sniff(MADE[kind][1]()).type == TYPES[kind]


@pytest.mark.parametrize("kind", [*LOCKED, *SHUT])
def test_a_lock_is_named(kind: str) -> None:
    """An encrypted document is unreadable for being encrypted."""
    formats.warm()
    name, make = SHUT[kind] if kind in SHUT else (MADE[kind][0], LOCKED[kind])
    content = formats.read_document(make(), name)
    assert report.judged("encrypted", content, b"") == "unreadable(encrypted)"


def test_a_compound_file_holds_its_streams() -> None:
    """Small and large streams come back as they were written."""
    import olefile

    streams = {"Small": b"a" * 70, "Large": bytes(range(256)) * 40, "Exact": b"b" * 4096}
    with olefile.OleFileIO(cfb.write(streams)) as made:
        assert {name: made.openstream(name).read() for name in streams} == streams
