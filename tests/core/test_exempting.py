"""Dated exceptions: what a row changes, and all that no row ever touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mss_guard.core import addresses
from mss_guard.core.model import (
    Action,
    Assessment,
    Category,
    Finding,
    How,
    Level,
    Measure,
    Place,
    Reason,
    RecipientVerdict,
    SenderKind,
    Standing,
    State,
    Verdict,
    Why,
)
from mss_guard.core.policy import exempt
from mss_guard.core.policy.rows import Exemption, wrong

TODAY = date(2026, 11, 25)
SENDER = addresses.parse(b"Accueil@ehpad-les-tilleuls.fr")
ROW = Exemption(
    "exc-1", "accueil@ehpad-les-tilleuls.fr", "taxi.example", Category.APPOINTMENT, None, Level.LIKELY, Measure.NOTE, "transports", "Dr Duval",
    TODAY, TODAY + timedelta(days=30),
)  # fmt: skip
FOUND = Finding("evidence.appointment", "", "1", 1, Category.APPOINTMENT, "own", Level.LIKELY)
CONTENT = Assessment(Level.LIKELY, 0.7, True, (FOUND,), ())


def verdict(to: bytes = b"reservation@taxi.example", **changes: object) -> Verdict:
    one = RecipientVerdict(addresses.parse(to), Standing.OUTSIDE, Action.REFUSE, Measure.REFUSE, Reason.HEALTH, 11)
    one = replace(one, **changes)  # type: ignore[arg-type]
    return Verdict(Action.REFUSE, Measure.REFUSE, Reason.HEALTH, (one,), SenderKind.OWN)


def made(
    row: Exemption = ROW, content: Assessment = CONTENT, before: Verdict | None = None
) -> tuple[Action, tuple[str, ...]]:
    after, used = exempt(before or verdict(), content, SENDER, (row,), "smtp-0", TODAY)
    return after.action, used


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        replace(ROW, sender="ehpad-les-tilleuls.fr"),
        replace(ROW, sender="smtp-0"),
        replace(ROW, to="reservation@taxi.example"),
        replace(ROW, to="outside"),
        replace(ROW, category=None),
        replace(ROW, category=None, rule="evidence"),
        replace(ROW, rule="evidence.appointment"),
        replace(ROW, until=TODAY),
    ],
    ids=lambda row: f"{row.sender} {row.to} {row.category} {row.rule} {row.until}",
)
def test_a_row_that_fits_makes_it_milder(row: Exemption) -> None:
    """By address, domain, listener or standing; by category, rule or family; on its last day."""
    assert made(row) == (Action.RELAY, ("exc-1",))


ANOTHER = {
    "sender": replace(ROW, sender="autre@ehpad-les-tilleuls.fr"),
    "recipient": replace(ROW, to="autre.example"),
    "parent domain": replace(ROW, to="example"),
    "category": replace(ROW, category=Category.CARE),
    "rule": replace(ROW, rule="document"),
    "level": replace(ROW, level=Level.POSSIBLE),
    "over": replace(ROW, until=TODAY - timedelta(days=1)),
}


@pytest.mark.parametrize("what", ANOTHER)
def test_a_row_about_something_else_changes_nothing(what: str) -> None:
    """Each field must hold."""
    assert made(ANOTHER[what]) == (Action.REFUSE, ())


HIDDEN = Place("2", "application/zip", "application/zip", How.MIME, State.UNREADABLE, Why.ENCRYPTED)
CARE = replace(FOUND, category=Category.CARE, rule="evidence.care")


@pytest.mark.parametrize(
    "content",
    [
        replace(CONTENT, level=Level.CERTAIN),
        replace(CONTENT, findings=(FOUND, replace(FOUND, level=Level.CERTAIN))),
        replace(CONTENT, places=(HIDDEN,)),
        replace(CONTENT, findings=(FOUND, CARE)),
    ],
    ids=["certain", "certain finding", "unreadable", "another category beside it"],
)
def test_what_no_row_covers(content: Assessment) -> None:
    """A certainty, what cannot be read, and what was found beside what the row speaks of."""
    assert made(content=content) == (Action.REFUSE, ())


@pytest.mark.parametrize("row", [1, 3, 4, 5, 6, 7, 12])
def test_rows_of_the_table_that_look_at_the_addresses_stay(row: int) -> None:
    """Nor the row of what is unreadable."""
    assert made(before=verdict(row=row)) == (Action.REFUSE, ())


def test_a_partner_and_an_observed_message_stay_as_they_are() -> None:
    """A commercial partner has no exception; in `observe` nothing is lifted, for nothing is refused."""
    everyone = replace(ROW, to="taxi.example")
    assert made(everyone, before=verdict(standing=Standing.COMMERCIAL)) == (Action.REFUSE, ())
    assert made(before=replace(verdict(), action=Action.RELAY, would=Action.REFUSE))[1] == ()


def test_it_never_makes_a_verdict_stricter_and_one_refused_recipient_keeps_the_message() -> None:
    """`confirm` over `note` changes nothing; over smtp all is refused while one is."""
    noted = verdict(action=Action.RELAY, measure=Measure.NOTE)
    assert made(replace(ROW, action=Measure.CONFIRM), before=noted)[1] == ()
    other = verdict(b"b@autre.example").recipients[0]
    both = replace(verdict(), recipients=(*verdict().recipients, other))
    after, used = exempt(both, CONTENT, SENDER, (ROW,), "smtp-0", TODAY)
    assert (after.action, [r.action for r in after.recipients], used) == (
        Action.REFUSE,
        [Action.RELAY, Action.REFUSE],
        ("exc-1",),
    )


@pytest.mark.parametrize(
    "row",
    [
        replace(ROW, level=Level.CERTAIN),
        replace(ROW, action=Measure.REFUSE),
        replace(ROW, until=TODAY + timedelta(days=367)),
        replace(ROW, until=TODAY - timedelta(days=1)),
        replace(ROW, to=""),
    ],
    ids=["certain", "refuse", "too long", "over already", "nobody"],
)
def test_what_can_be_no_row(row: Exemption) -> None:
    """Said in French."""
    assert wrong(ROW) is None
    assert wrong(row)
