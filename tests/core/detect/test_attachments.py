"""The facts of an attachment that a rule may ask for."""

import pytest

from mss_guard.core import detect
from mss_guard.core.detect import attachments
from mss_guard.core.model import How, Place, State, Why
from mss_guard.core.rules import Attachment
from mss_guard.core.strict_yaml import Mistakes
from tests.core.detect.kit import EXAMPLES, detector, rule

PLACE = Place(
    "2/1:zip",
    "image/jpeg",
    "application/pdf",
    How.CONTAINER,
    State.READ,
    size=300_000,
    name="Envoi.zip/mars/Bilan é.PDF",
)
LOCKED = Place(
    "3", "application/zip", "application/zip", How.MIME, State.UNREADABLE, Why.ENCRYPTED, 2_000, "dossier.zip"
)

HOLD = [
    {"name": "bilan*", "inside_archives": True},
    {"path": "envoi.zip/*/bilan*"},
    {"path": "*/mars/*"},
    {"type": "pdf", "inside_archives": True},
    {"type": "image", "inside_archives": True},
    {"true_type": "application/pdf", "declared_type": "image/*", "inside_archives": True},
    {"true_type": ["pdf"], "over": "200 kB", "under": "1 Mo", "inside_archives": True},
    {"path": "*bilan*", "encrypted": False},
]
FAIL = [
    {"name": "bilan*"},
    {"name": "mars*", "inside_archives": True},
    {"path": "mars/*"},
    {"true_type": "image/*", "inside_archives": True},
    {"declared_type": "pdf", "inside_archives": True},
    {"type": "pdf", "over": "301 kB", "inside_archives": True},
    {"type": "pdf", "under": 300_000, "inside_archives": True},
    {"path": "*bilan*", "encrypted": True},
]


@pytest.mark.parametrize("keys", HOLD)
def test_each_fact_that_holds_is_met(keys: dict) -> None:
    """Every key given holds for the place."""
    assert attachments.suiting(Attachment.model_validate(keys), [PLACE]) == [PLACE]


@pytest.mark.parametrize("keys", FAIL)
def test_one_fact_that_fails_is_enough(keys: dict) -> None:
    """A single key that does not hold leaves the place out."""
    assert attachments.suiting(Attachment.model_validate(keys), [PLACE]) == []


def test_a_locked_attachment_can_be_asked_for() -> None:
    """`encrypted` alone is a rule."""
    assert attachments.suiting(Attachment.model_validate({"encrypted": True}), [PLACE, LOCKED]) == [LOCKED]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{over: 3 MB}", "il faut « name »"),
        ("{name: x, over: 3 MB, under: 2 MB}", "« under » doit dépasser « over »"),
        ("{name: x, over: beaucoup}", "taille attendue"),
        ("{name: x, over: -3}", "au moins 0"),
    ],
)
def test_a_mistake_is_named_in_french(keys: str, said: str) -> None:
    """A rule that asks nothing of use does not load."""
    with pytest.raises(Mistakes) as refused:
        detector(rule("local.x", f"attachment: {keys}"))
    assert said in str(refused.value)


def test_examples_are_names_and_the_other_facts_are_taken_to_hold() -> None:
    """A rule on size, type and lock is tested on the names of its examples."""
    asked = "attachment: {name: 'bilan*', path: '*.zip/*', true_type: [zip], over: 2 MB, encrypted: true}"
    heavy = rule("local.lourd", asked).replace(
        EXAMPLES, "  match: [bilan.zip, bilan 2.zip, bilan-mars.zip]\n  pass: [menu.zip, photo.zip, plan.zip]\n"
    )
    failing = {failure.rule for failure in detect.selftest(detector(heavy))}
    assert "local.lourd" not in failing
    wrong = heavy.replace("plan.zip", "bilan plan.zip")
    assert "local.lourd" in {failure.rule for failure in detect.selftest(detector(wrong))}
