"""With people lists, staff at work are never taken for those they care for; the health of staff still is a finding."""

from __future__ import annotations

import pytest

from mss_guard.core import inspection
from mss_guard.core.detect import assess
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import Level
from mss_guard.core.people import Person, compile_people
from mss_guard.edge import library
from tests.core.detect.kit import mail
from tests.core.detect.staff_mails import STAFF, staff_mails

RESIDENTS = (
    Person("Garnier", "Odile", "Petit", "12", "19380312"),
    Person("Marchand", "Yvonne", "", "14", "19350101"),
    Person("Dubois", "Enzo", "", "", "20140611"),
)


@pytest.fixture(scope="module")
def knowledge() -> InspectionKnowledge:
    shipped = library.read(())
    return inspection.load(
        inspection.pack(shipped.rules, shipped.words, lists=compile_people(RESIDENTS, STAFF, bytes(32), 0.0))
    )


def test_mails_about_staff_at_work_pass(knowledge: InspectionKnowledge) -> None:
    """Four hundred different ones, full of wounds, falls and medicines: not one is likely."""
    mails = list(staff_mails())
    assert len({body for _, body in mails}) == len(mails) == 400
    wrong = [
        (subject, body)
        for subject, body in mails
        if assess(mail(body, subject), knowledge.detector).level.rank >= Level.LIKELY.rank
    ]
    assert not wrong


@pytest.mark.parametrize(
    "body",
    [
        "Mme Garnier a une escarre, pansement refait.",
        "Garnier ne mange plus, très fatiguée.",
        "OG ch 12 a chuté, hématome au front.",
        "Yvonne a vomi deux fois, fièvre 38,5.",
        "Enzo a mordu un camarade, crise de vingt minutes.",
        "Leroy a refait le pansement de Marchand, plaie propre.",
        "marchand yvonne toujours constipée",
    ],
)
def test_short_notes_on_residents_are_found(body: str, knowledge: InspectionKnowledge) -> None:
    """As carers write them, without civility or capitals."""
    assert assess(mail(body), knowledge.detector).health
