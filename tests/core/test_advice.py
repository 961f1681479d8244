"""Advice: when each piece of it holds, that it never stands beside a refusal, and that nobody hears it twice a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mss_guard.advising import Adviser
from mss_guard.core import addresses, policy
from mss_guard.core.model import Envelope
from mss_guard.core.policy.advice import Advice, advice
from tests.core.test_policy import CONTENT, NOW, RECIPIENTS, SENDERS, knowledge

ALL = frozenset(Advice)
BOX = frozenset({"secretariat@tilleuls.mssante.fr"})
OURS, OWN = SENDERS["secure"].rpartition("@")[2], SENDERS["own"]
SECURE = f"ide@{OURS}"
LISTED = RECIPIENTS["trusted"]
AT = LISTED.rpartition("@")[2]


def envelope(sender: str, *to: str) -> Envelope:
    parsed = [addresses.parse(one.encode()) for one in to]
    return Envelope(addresses.parse(sender.encode()), tuple(parsed))


CASES = {
    "to itself": (SECURE, (SECURE,), Advice.SELF),
    "to itself and a colleague": (SECURE, (SECURE, f"autre@{OURS}"), None),
    "to a program": (SECURE, (f"ne-pas-repondre@{AT}",), Advice.NO_REPLY),
    "first and without a copy": (SECURE, (f"nouveau@{AT}",), Advice.FIRST),
    "known, without a copy": (SECURE, (f"connu@{AT}",), Advice.COPY),
    "an ordinary box by the route": (OWN, (f"connu@{AT}",), Advice.COPY),
    "with a copy": (SECURE, (f"connu@{AT}", f"secretariat@{OURS}"), None),
    "from the service's own box": (f"secretariat@{OURS}", (f"connu@{AT}",), None),
    "a citizen": (SECURE, (RECIPIENTS["citizen"],), None),
    "beside a refusal": (SECURE, (f"connu@{AT}", RECIPIENTS["outside"]), None),
    "from a stranger": (SENDERS["foreign"], (f"connu@{AT}",), None),
}


@pytest.mark.parametrize("case", CASES)
def test_when_each_piece_of_advice_holds(case: str) -> None:
    """One at a time, the most useful first; never with a refusal, to a stranger, or about a citizen."""
    sender, to, expected = CASES[case]
    question = envelope(sender, *to)
    verdict = policy.decide(question, CONTENT["none"], knowledge(), NOW)
    boxes = frozenset({f"secretariat@{OURS}"})
    assert advice(question, verdict, boxes, ALL, lambda a: a.local_part == "connu") == expected


def test_what_is_not_wanted_is_not_said_nor_anything_while_observing() -> None:
    """The configuration chooses; in `observe` nobody is told anything."""
    question = envelope(SECURE, f"nouveau@{AT}")
    verdict = policy.decide(question, CONTENT["none"], knowledge(), NOW)
    assert advice(question, verdict, BOX, frozenset({Advice.SELF}), lambda _: False) is None
    assert advice(question, verdict, BOX, frozenset({Advice.COPY}), lambda _: False) is Advice.COPY
    watched = policy.decide(question, CONTENT["none"], knowledge(mode="observe"), NOW)
    assert advice(question, watched, BOX, ALL, lambda _: False) is None


class Keys:
    def pseudonym(self, address):
        return {"key": "2026-00000000", "id": f"{sum(address.raw):016x}"}

    def candidates(self, address):
        return (self.pseudonym(address),)


def test_a_first_mail_is_one_that_neither_the_journal_nor_the_day_knows() -> None:
    """Before the journal is read nothing is called a first; then an address of it is known, another is new once."""
    adviser, keys = Adviser(Keys()), Keys()
    known = addresses.parse(f"connu@{AT}".encode())

    def told(to: str, sender: str = SECURE) -> Advice | None:
        question = envelope(sender, to)
        verdict = policy.decide(question, CONTENT["none"], knowledge(), NOW)
        return adviser.advise(question, verdict, frozenset(), frozenset({Advice.FIRST}), NOW)

    assert told(f"nouveau@{AT}") is None
    adviser.learn([{"recipients": [{"standing": "trusted", "who": keys.pseudonym(known)}]}])
    assert told(f"connu@{AT}") is None
    assert told(f"tout-nouveau@{AT}") is Advice.FIRST
    assert told(f"tout-nouveau@{AT}", sender=f"b{SECURE}") is None, "the house has written there now"


def test_the_same_is_told_once_a_day() -> None:
    """To each sender; tomorrow again."""
    adviser = Adviser(Keys())
    question = envelope(SECURE, SECURE)
    verdict = policy.decide(question, CONTENT["none"], knowledge(), NOW)
    days = [adviser.advise(question, verdict, BOX, ALL - {Advice.FIRST}, NOW + timedelta(hours=h)) for h in (0, 1, 25)]
    assert days == [Advice.SELF, None, Advice.SELF]
