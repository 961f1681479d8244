"""The watch that the fuzzers keep must see what the table hides."""

from __future__ import annotations

import pytest

from mss_guard.core.formats import table
from tests.readers import unguarded


def test_a_mistake_of_ours_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader with a wrong attribute gives a state to the message and a finding to the fuzzer."""
    monkeypatch.setitem(table.READERS, "rtf", lambda reading, doc: doc.nothing)
    with unguarded.watched() as findings:
        assert unguarded.places(b"{\\rtf1 a}") == 1
    assert any(finding.startswith("AttributeError") for finding in findings)


def test_a_hang_is_not_taken_for_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm goes past the table, which makes a state of everything else."""

    def endless(reading: object, doc: object) -> None:
        while True:
            pass

    monkeypatch.setattr(unguarded, "HANG", 0.2)
    monkeypatch.setitem(table.READERS, "rtf", endless)
    with pytest.raises(unguarded.HangError):
        unguarded.places(b"{\\rtf1 a}")
