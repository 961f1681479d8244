"""The measure of detection measures what it says: bounds by the book, distinct cases, goals that n can show or not."""

import pytest
from bench.detection import evasion, generated
from bench.detection.cases import as_mail
from bench.detection.report import Goal, Rate


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (98, 100, 0.9300, 0.9945)],
)
def test_bounds_are_wilsons(hits: int, n: int, low: float, high: float) -> None:
    """Values of Wilson's interval as statistical tables give them."""
    assert Rate(hits, n).bounds == pytest.approx((low, high), abs=2e-4)


def test_a_goal_is_shown_only_when_n_is_large_enough() -> None:
    """The same rate reaches the goal at any n, and shows it only when its unfavourable bound does too."""
    goal = Goal(0.002, up=False)
    assert goal.verdict(Rate(0, 100)) == "reached, not shown (n)"
    assert goal.verdict(Rate(0, 4000)) == "shown"
    assert goal.verdict(Rate(1, 100)) == "MISSED"
    assert goal.verdict(Rate(0, 0)) == "no case"


def test_generated_cases_are_distinct() -> None:
    """At least 500 signatures; nine numbers in eight writings."""
    signatures = [case.raw for case in generated.signatures()]
    assert len(set(signatures)) >= 500
    numbers = [case.raw for case in generated.national_numbers()]
    assert len(set(numbers)) == len(numbers) == 9 * 8 * 3


def test_a_window_is_the_same_for_the_same_seed() -> None:
    text = " ".join(f"mot{i}" for i in range(500))
    assert as_mail(text, "a") == as_mail(text, "a") != as_mail(text, "b")


def test_every_evasion_changes_the_text() -> None:
    """No class is the plain text under another name."""
    text = (
        "L'aide-soignante a trouvé Madame Bréhier très fatiguée ce matin, température élevée, pansement souillé. " * 20
    )
    raws = [case.raw for case in evasion.cases([("one", text)])]
    assert len(set(raws)) == len(raws) >= 18
