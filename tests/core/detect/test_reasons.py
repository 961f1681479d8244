"""What staff are told: of whom and what sort of things, in words of the rules and never of the message."""

import pytest

from mss_guard.core import inspection
from mss_guard.core.detect import assess
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.edge import library
from tests.core.detect.kit import mail


@pytest.fixture(scope="module")
def knowledge() -> InspectionKnowledge:
    shipped = library.read(())
    return inspection.load(inspection.pack(shipped.rules, shipped.words))


@pytest.mark.parametrize(
    ("body", "whom", "what"),
    [
        ("Mme Garnier a une escarre au talon, pansement refait.", "une personne nommée", "une maladie ou un soin"),
        ("IPP 8001234567 : glycémie à 3,2, insuline.", "une personne désignée par son numéro de dossier", "des"),
        ("La patiente a chuté, hématome au front, TA 14/8, douleur.", "une personne décrite", "un état de santé"),
    ],
)
def test_reasons_say_of_whom_and_what(body: str, whom: str, what: str, knowledge: InspectionKnowledge) -> None:
    """The weightiest first, and no word of the mail."""
    found = assess(mail(body), knowledge.detector)
    assert found.whom[0].startswith(whom)
    assert any(said.startswith(what) for said in found.what)
    assert not {"Garnier", "8001234567", "talon"} & set(" ".join((*found.whom, *found.what)).split())


def test_every_clue_of_a_person_has_words_for_staff(knowledge: InspectionKnowledge) -> None:
    """Of whom: no entry of that ledger is without."""
    entries = knowledge.detector.matcher.evidence.values()
    assert [e.id for e in entries if e.ledger == "who" and not e.says] == []


def test_an_ordinary_mail_has_no_reasons(knowledge: InspectionKnowledge) -> None:
    found = assess(mail("La réunion est reportée à jeudi."), knowledge.detector)
    assert (found.whom, found.what) == ((), ())
