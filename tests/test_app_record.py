"""What the journal is told of a message: every outcome, and a decision without a word of the message."""

import json
from datetime import UTC, datetime

import pytest

from mss_guard import record
from mss_guard.core import addresses, policy
from mss_guard.core.model import (
    Action,
    Assessment,
    Envelope,
    Fault,
    HopReply,
    How,
    Level,
    Measure,
    Place,
    Reason,
    RecipientVerdict,
    Reply,
    SenderKind,
    Standing,
    State,
    Verdict,
    Why,
)
from mss_guard.edge.smtp_server.ports import ListenerFacts, Submission

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Keys:
    """Pseudonyms that name nobody."""

    def pseudonym(self, address):
        return {"id": "p", "key": "k"}

    def message_id(self, text):
        return {"id": "m", "key": "k"}


def verdict(action, *recipients):
    measure = Measure(action.value)
    rows = tuple(
        RecipientVerdict(
            addresses.parse(text.encode()), Standing.OUTSIDE, one, Measure(one.value), Reason.HEALTH if one is Action.REFUSE else None, 11
        )
        for text, one in recipients
    )  # fmt: skip
    return Verdict(action, measure, Reason.HEALTH if action is Action.REFUSE else None, rows, SenderKind.OWN)


def hop(text, *, unknown=False):
    return HopReply(int(text[:3]), text.encode() + b"\r\n", unknown)


RELAY, REFUSE, DEFER = Action.RELAY, Action.REFUSE, Action.DEFER
ONE, TWO = [("a@b.fr", RELAY)], [("a@b.fr", RELAY), ("c@d.fr", RELAY)]
OK = hop("250 2.0.0 Ok: queued as 4Xy7Z")


@pytest.mark.parametrize(
    ("judged", "replies", "word"),
    [
        (verdict(RELAY, *ONE), [OK], "relayed"),
        (verdict(RELAY, *TWO), [OK, OK], "relayed"),
        (verdict(RELAY, *TWO), [OK, hop("451 4.3.0 later")], "partly-relayed"),
        (verdict(REFUSE, ("a@b.fr", RELAY), ("c@d.fr", REFUSE)), [OK], "partly-relayed"),
        (verdict(RELAY, *ONE), [hop("550 5.1.1 unknown")], "hop-refused"),
        (verdict(RELAY, *TWO), [hop("550 5.1.1 unknown"), hop("451 4.3.0 later")], "hop-refused"),
        (verdict(RELAY, *ONE), [hop("451 4.3.0 later")], "hop-deferred"),
        (verdict(RELAY, *ONE), [hop("451 4.4.2 no answer", unknown=True)], "unknown"),
        (verdict(RELAY, *TWO), [OK, hop("451 4.4.2 no answer", unknown=True)], "unknown"),
        (verdict(REFUSE, ("a@b.fr", REFUSE)), None, "refused"),
        (verdict(DEFER, ("a@b.fr", DEFER)), None, "deferred"),
    ],
)
def test_every_outcome_has_its_word(judged, replies, word):
    """Relayed, in part, refused or deferred by the hop or by us, or unknown when its answer was lost."""
    assert record.outcome(judged, replies)["outcome"] == word


@pytest.mark.parametrize(
    ("wire", "kept"),
    [
        ("250 2.0.0 Ok: queued as 4Xy7Z", {"code": 250, "enhanced": "2.0.0", "queue_id": "4Xy7Z"}),
        ("250 Ok", {"code": 250, "enhanced": "", "queue_id": None}),
        ("550 5.1.1 <jean.dupont@b.fr>: 2.0.0 no such user", {"code": 550, "enhanced": "5.1.1", "queue_id": None}),
        ("550-5.7.1 first\r\n550 5.7.1 last", {"code": 550, "enhanced": "5.7.1", "queue_id": None}),
    ],
)
def test_of_the_hop_only_codes_and_queue_id_stay(wire, kept):
    """Its words may quote addresses: they are kept nowhere."""
    assert record.outcome(verdict(RELAY, *ONE), [hop(wire)])["replies"] == [kept]


def submission(data=b"Subject: secret\r\n\r\nsecret\r\n"):
    envelope = Envelope(addresses.parse(b"ide@tilleuls.fr"), (addresses.parse(b"279035121518989@patient.mssante.fr"),))
    return Submission(envelope, data, True, "192.0.2.7", "secret.helo", (), ListenerFacts("smtp", "own", "smtp-0"), b"MAIL", (b"RCPT",))  # fmt: skip


def decided(content):
    judged = verdict(REFUSE, ("279035121518989@patient.mssante.fr", REFUSE))
    knowledge = policy.Knowledge("v", policy.Structure(frozenset()))
    replies = (Reply(550, "5.7.1", "[MSSG-2222-2222] Message refuse"),)
    return record.decision(submission(), judged, content, replies, knowledge, NOW, Keys(), record.Times())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, {"inspected": False, "uninspected": "not-needed"}),
        (Fault.OVERRUN, {"inspected": True, "fault": "overrun"}),
        (
            Assessment(Level.NONE, 0.0, False, (), ()),
            {"inspected": True, "level": "none", "score": 0, "message_id": None},
        ),
    ],
)
def test_a_decision_says_whether_and_how_the_content_was_looked_at(content, expected):
    """Not needed, failed by our fault, or assessed."""
    assert expected.items() <= decided(content).items()


def test_a_decision_holds_codes_and_domains_and_no_local_part():
    """Envelope as domains and pseudonyms; the reply as its code; nothing of the message, of HELO or of a citizen."""
    fields = decided(Assessment(Level.CERTAIN, 1.0, True, (), (), message_id="<secret@a>"))
    text = json.dumps(fields)
    assert fields["recipients"][0]["reply"] == 550
    assert fields["recipients"][0]["domain"] == "patient.mssante.fr"
    assert (fields["bare_line_ends"], fields["client"], fields["sender"]["domain"]) == (
        True,
        "192.0.2.7",
        "tilleuls.fr",
    )
    assert "secret" not in text
    assert "27903512" not in text


def test_a_message_of_a_thousand_parts_makes_a_bounded_record():
    """The first places stay, the unreadable and the unlocked ones before the others."""
    places = [Place(str(n), "a/b", "a/b", How.MIME, State.READ) for n in range(1000)]
    places.append(Place("1001", "a/b", "a/b", How.MIME, State.UNREADABLE, Why.DAMAGED))
    places.append(Place("1002", "a/b", "a/b", How.MIME, State.READ, unlocked=True))
    kept = decided(Assessment(Level.NONE, 0.0, False, (), tuple(places)))["places"]
    assert len(kept) == record.MOST_PLACES
    assert kept[0]["part"] == "1001"
    assert (kept[1]["part"], kept[1]["unlocked"]) == ("1002", True)
    assert "unlocked" not in kept[2]
