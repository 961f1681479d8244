"""Where one matter of a mail ends, and combinations that hold within one matter or in short mails only."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mss_guard.core import detect, rules
from mss_guard.core.detect.passages import cuts, passage
from mss_guard.core.model import Level
from tests.core.detect.kit import EXAMPLES, PACK, WORDS, mail

ALL = "all: [{rule: who.nom}, {ledger: what, at_least: 1.0}]\n  none: [{ledger: impersonal, at_least: 1.0}]"


def level(body: str, condition: str) -> Level:
    combination = f"combinations:\n- id: c.un\n  title: un\n  {ALL}\n  {condition}\n  level: certain\n{EXAMPLES}"
    pack = {"pack.yaml": PACK + combination}
    assessed = detect.assess(mail(body), detect.compile_rules(rules.select(rules.load(pack, WORDS, {}, "version: 1"))))
    return Level.CERTAIN if any(f.rule == "c.un" for f in assessed.findings) else Level.NONE


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Une phrase.", ["Une phrase."]),
        ("Un sujet.\n\nUn autre.", ["Un sujet.", "Un autre."]),
        ("- un point\n- un autre", ["- un point", "- un autre"]),
        ("1. un point\n2) un autre", ["1. un point", "2) un autre"]),
        ("Fini ici.\nEt là une autre", ["Fini ici.", "Et là une autre"]),
        (f"{'mot ' * 15}\nla suite", [f"{'mot ' * 15}\nla suite".strip()]),
        ("", [""]),
    ],
)
def test_matters_end_at_items_blank_and_finished_lines(text: str, pieces: list[str]) -> None:
    """A line that a client has wrapped goes on in the next."""
    places = cuts(text)
    found = [text[a : b - 1].strip() if b <= len(text) else text[a:].strip() for a, b in pairwise(places)]
    assert found == pieces
    assert passage(0, places)[0] == 0


def test_what_stands_beside_an_item_is_about_something_else() -> None:
    body = "- Linge : article à commander, décret paru.\n- Mme Durand : escarre.\n- Chariots à ranger."
    assert level(body, "within: 200") is Level.NONE
    assert level(body, "within: 200\n  passage: true") is Level.CERTAIN


def test_a_person_of_another_item_is_not_meant() -> None:
    body = "- Mme Durand : planning signé.\n- Commande d'escarre."
    assert level(body, "within: 200") is Level.CERTAIN
    assert level(body, "within: 200\n  passage: true") is Level.NONE


def test_a_short_mail_may_be_judged_by_less() -> None:
    """The quotation below and the signature are not counted: who answers has written one line."""
    short = "Mme Durand a une escarre."
    quoted = (
        "\n\nLe lun. 12 janv. 2026 à 09:12, Paul Roy <paul@ville.example> a écrit :\n"
        + "> Merci de votre retour.\n" * 9
    )
    assert level(short, "longest: 100") is Level.CERTAIN
    assert level(short + quoted, "longest: 100") is Level.CERTAIN
    assert level(short + " Le reste du texte est long." * 9, "longest: 100") is Level.NONE
