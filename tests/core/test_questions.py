"""Filters that cannot be meant are named."""

from __future__ import annotations

import pytest

from mss_guard.core.questions import faults


@pytest.mark.parametrize(
    ("name", "fine", "wrong"),
    [
        ("ref", "mssg-7k3f-92qx", "foo"),
        ("address", "nom@domaine.fr", "pasuneadresse"),
        ("address", "hélène@domaine.fr", "a@@b"),
        ("domain", "Cabinet-Martin.fr", "a@b.fr"),
        ("domain", "hôpital.fr", "deux mots"),
        ("rule", "document", "mot*"),
        ("action", "refuse", "refused"),
        ("would", "relay", "zz"),
        ("reason", "health-data", "santé"),
        ("standing", "outside", "dehors"),
        ("uninspected", "bypass", "oui"),
        ("since", "2026-11", "2026-13"),
        ("since", "2026-11-25T08:00", "2026-02-30"),
        ("until", "2026", "²026"),
        ("kind", "notice", "notices"),
    ],
)
def test_a_word_that_no_filter_takes_is_named(name: str, fine: str, wrong: str) -> None:
    assert faults({name: fine}, ("notice", "decision")) == {}
    said = faults({name: wrong}, ("notice", "decision"))
    assert list(said) == [name]
    assert f"« {wrong} »" in said[name]


def test_an_end_before_its_beginning_is_named() -> None:
    assert faults({"since": "2026-11-02", "until": "2026-11-03"}) == {}
    assert list(faults({"since": "2026-11-02", "until": "2026-11-02"})) == ["until"]


def test_what_is_empty_or_unknown_asks_nothing() -> None:
    assert faults({"ref": None, "action": "", "structure": "x y"}) == {}
