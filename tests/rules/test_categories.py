"""Each category told from the others, on mails of the rule authors' own (tests/mail measures on texts they never read)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mss_guard.core import inspection
from mss_guard.core.detect import assess
from mss_guard.core.inspection import InspectionKnowledge
from mss_guard.core.model import NOT_HEALTH, Category
from mss_guard.edge import library
from tests.core.detect.kit import mail

MAILS = {path.stem: yaml.safe_load(path.read_text()) for path in (Path(__file__).parent / "categories").glob("*.yaml")}


@pytest.fixture(scope="module")
def knowledge() -> InspectionKnowledge:
    shipped = library.read(())
    return inspection.load(inspection.pack(shipped.rules, shipped.words))


def test_every_category_has_twenty_different_mails() -> None:
    assert set(MAILS) == {str(c) for c in Category}
    assert all(len(set(mails)) == len(mails) >= 20 for mails in MAILS.values())


@pytest.mark.parametrize("category", sorted(MAILS))
def test_nine_in_ten_are_told_right(category: str, knowledge: InspectionKnowledge) -> None:
    """The gravest finding's category; a mail in which nothing is found is wrong."""
    said = {}
    for text in MAILS[category]:
        findings = assess(mail(f"Bonjour,\n\n{text}\n\nCordialement,\n"), knowledge.detector).findings
        said[text] = str(findings[0].category) if findings else "nothing"
    wrong = {text: got for text, got in said.items() if got != category}
    assert len(wrong) <= len(said) // 10, wrong


@pytest.mark.parametrize("category", sorted(str(c) for c in NOT_HEALTH))
def test_presence_and_payroll_are_no_health_data(category: str, knowledge: InspectionKnowledge) -> None:
    """They are written down and leave."""
    judged = [assess(mail(f"Bonjour,\n\n{text}\n"), knowledge.detector) for text in MAILS[category]]
    assert sum(assessed.health for assessed in judged) <= len(judged) // 10
