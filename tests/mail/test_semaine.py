"""The lived weeks: five houses, in the proportions of a real week, most mails answering or passing on another one."""

from __future__ import annotations

import re
from collections import Counter
from email import message_from_bytes
from email.policy import default

import pytest

from tests.mail import Mail, mails

HOUSES = ("ehpad", "ssiad", "ime", "hopital", "mdph")
FEWEST_OF_ALL, FEWEST_OF_A_HOUSE = 600, 120
REPLY_OR_FORWARD = re.compile(r"(re|ré|rép|tr|fwd?|fw)\s*:", re.IGNORECASE)
LEAST_HEALTH, MOST_HEALTH, LEAST_ORDINARY = 0.08, 0.15, 0.80


@pytest.fixture(scope="module")
def weeks() -> dict[str, list[Mail]]:
    found: dict[str, list[Mail]] = {}
    for mail in mails("semaine"):
        found.setdefault(mail.id.partition("-")[0], []).append(mail)
    return found


def test_there_are_five_weeks_of_enough_mails(weeks: dict[str, list[Mail]]):
    sizes = {house: len(week) for house, week in weeks.items()}
    assert set(sizes) == set(HOUSES)
    assert {house: size for house, size in sizes.items() if size < FEWEST_OF_A_HOUSE} == {}
    assert sum(sizes.values()) >= FEWEST_OF_ALL


@pytest.mark.parametrize("house", HOUSES)
def test_health_is_as_rare_as_in_a_real_week(weeks: dict[str, list[Mail]], house: str):
    count = Counter(mail.health for mail in weeks[house])
    size = count.total()
    assert LEAST_HEALTH <= count["yes"] / size <= MOST_HEALTH, count
    assert count["no"] / size >= LEAST_ORDINARY, count


@pytest.mark.parametrize("house", HOUSES)
def test_at_least_half_answer_or_forward(weeks: dict[str, list[Mail]], house: str):
    subjects = [str(message_from_bytes(mail.raw, policy=default)["Subject"]) for mail in weeks[house]]
    answers = [subject for subject in subjects if REPLY_OR_FORWARD.match(subject)]
    assert len(answers) >= len(subjects) / 2


@pytest.mark.parametrize("house", HOUSES)
def test_every_mail_leaves_its_house(weeks: dict[str, list[Mail]], house: str):
    for mail in weeks[house]:
        message = message_from_bytes(mail.raw, policy=default)
        sender = message["From"].addresses[0].domain
        assert any(to.domain != sender for to in message["To"].addresses), mail.id
