"""The lived weeks are weeks: five houses, many senders, mostly not about health, mostly answers, and all of it leaves the house."""

from __future__ import annotations

from collections import defaultdict
from email import message_from_bytes
from email.message import Message
from email.policy import default
from email.utils import getaddresses

import pytest

from tests.mail import Mail, mails

HOUSES = ("ehpad", "ssiad", "ime", "hopital", "mdph")
FEWEST = 130
FEWEST_SENDERS = 15
# A week as it is lived: one mail in ten tells something of somebody's health.
NOT_HEALTH = (0.85, 0.92)
ANSWERS = ("re:", "re :", "tr:", "tr :", "fw:", "fwd:", "rép:")

Week = list[tuple[Mail, Message]]


@pytest.fixture(scope="module")
def weeks() -> dict[str, Week]:
    found: dict[str, Week] = defaultdict(list)
    for mail in mails("semaine"):
        house = mail.file.partition("/")[2].partition("-")[0]
        found[house].append((mail, message_from_bytes(mail.raw, policy=default)))
    return found


def addresses(message: Message, *names: str) -> list[str]:
    return [
        address for _, address in getaddresses([str(value) for name in names for value in message.get_all(name, [])])
    ]


@pytest.mark.parametrize("house", HOUSES)
def test_a_house_writes_enough_from_enough_senders(weeks: dict[str, Week], house: str):
    assert len(weeks[house]) >= FEWEST
    assert len({addresses(message, "From")[0] for _, message in weeks[house]}) >= FEWEST_SENDERS


@pytest.mark.parametrize("house", HOUSES)
def test_few_mails_of_a_week_tell_of_health(weeks: dict[str, Week], house: str):
    share = sum(mail.health != "yes" for mail, _ in weeks[house]) / len(weeks[house])
    assert NOT_HEALTH[0] <= share <= NOT_HEALTH[1]


@pytest.mark.parametrize("house", HOUSES)
def test_half_of_a_week_answers_or_forwards(weeks: dict[str, Week], house: str):
    answers = sum(str(message["Subject"]).lower().startswith(ANSWERS) for _, message in weeks[house])
    assert answers >= len(weeks[house]) / 2


def test_every_mail_of_a_week_leaves_its_house(weeks: dict[str, Week]):
    inside = [
        mail.id
        for week in weeks.values()
        for mail, message in week
        if addresses(message, "From")[0].rpartition("@")[2]
        in {address.rpartition("@")[2] for address in addresses(message, "To", "Cc")}
    ]
    assert inside == []
