"""What would change a verdict: each change, made for real, turns it; and nothing else is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mss_guard.core import policy
from mss_guard.core.model import Action, Assessment, Category, Finding, How, Level, Mode, Place, State, Why
from tests.core.test_policy import NOW, RECIPIENTS, SENDERS, envelope, knowledge

OUT = envelope(SENDERS["own"], RECIPIENTS["outside"])


def finding(rule: str, level: Level = Level.LIKELY) -> Finding:
    return Finding(rule, "T", "1", 1, Category.CARE, "own", level)


def seen(*findings: Finding, places: tuple[Place, ...] = ()) -> Assessment:
    level = max((f.level for f in findings), key=lambda one: one.rank, default=Level.NONE)
    return Assessment(level, 0.9, level.rank >= Level.LIKELY.rank, findings, places)


LOCKED = Place("2", "application/zip", "application/zip", How.MIME, State.UNREADABLE, Why.ENCRYPTED)
CASES = {
    "one rule": (seen(finding("a.x")), {("rules", ("a.x",)), ("level", ("likely",))}),
    "either of two": (seen(finding("a.x"), finding("b.y")), {("rules", ("a.x", "b.y")), ("level", ("likely",))}),
    "of two levels": (seen(finding("a.x", Level.CERTAIN), finding("b.y")), {("rules", ("a.x", "b.y"))}),
    "one that counts among many that do not": (
        seen(finding("a.x"), *(finding(f"n.{n}", Level.NONE) for n in range(20))), {("rules", ("a.x",)), ("level", ("likely",))},
    ),
    "what could not be read": (seen(places=(LOCKED,)), {("place", ("2",))}),
    "both at once": (seen(finding("a.x"), places=(LOCKED,)), set()),
    "nothing to turn": (seen(), set()),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_what_turns_the_verdict_is_told(case: str) -> None:
    """The smallest set of rules, the place, the level of the policy: whichever alone makes it another verdict."""
    content, expected = CASES[case]
    assert {(one.what, one.about) for one in policy.turns(OUT, content, knowledge(), NOW)} == expected


def test_each_change_made_for_real_turns_it() -> None:
    """A rule that is off, a recipient that is left out: the table itself gives the answer that was told."""
    both = envelope(SENDERS["own"], RECIPIENTS["trusted"], RECIPIENTS["outside"])
    (rule, recipient, level) = policy.turns(both, seen(finding("a.x")), knowledge(), NOW)
    assert (rule.about, recipient.about, level.about) == (("a.x",), ("1",), ("likely",))
    assert {one.action for one in (rule, recipient, level)} == {Action.RELAY}
    off = knowledge(families={"a": Mode.OFF})
    assert policy.decide(both, seen(finding("a.x")), off, NOW).action is Action.RELAY
    fewer = replace(both, rcpt_to=both.rcpt_to[:1])
    assert policy.decide(fewer, seen(finding("a.x")), knowledge(), NOW).action is Action.RELAY


def test_while_observing_it_is_told_what_enforcing_would_meet() -> None:
    """`would` is what turns."""
    told = policy.turns(OUT, seen(finding("a.x")), knowledge(mode="observe"), NOW)
    assert ("rules", ("a.x",), Action.RELAY) in {(one.what, one.about, one.action) for one in told}
