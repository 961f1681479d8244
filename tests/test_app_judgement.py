"""The judgement between its doors: the record before the answer, faults as deferrals, notices where they are due."""

import dataclasses
from datetime import UTC, datetime

import pytest

from mss_guard import errands, judgement
from mss_guard.core import addresses
from mss_guard.core.model import Assessment, Category, Envelope, Fault, Finding, HopReply, Level
from mss_guard.edge.smtp_server.ports import ListenerFacts, Submission
from tests.cli.kit import configure

NOTHING = Assessment(Level.NONE, 0.0, False, (), ())
HEALTH = Assessment(
    Level.CERTAIN, 1.0, True, (Finding("evidence.care", "T", "1", 1, Category.CARE, "own", Level.CERTAIN),), ()
)
OWN, OUTSIDE, LISTED = "ide@ehpad-les-tilleuls.fr", "b@messagerie-ordinaire.example", "a@ch-valombreuse.mssante.fr"
OK = HopReply(250, b"250 2.0.0 ok\r\n")


class Keys:
    def pseudonym(self, address):
        return {"id": "p", "key": "k"}

    def message_id(self, text):
        return {"id": "m", "key": "k"}


class Journal:
    """A list, or a disk that refuses."""

    keys = Keys()

    def __init__(self, *, full=False):
        self.full, self.records = full, []

    async def append(self, kind, ref, fields, knowledge):
        if self.full:
            raise OSError(28, "No space left on device")
        self.records.append((kind, ref, fields))

    def append_late(self, kind, ref, fields, knowledge):
        if self.full:
            raise OSError(28, "No space left on device")
        self.records.append((kind, ref, fields))


class Inspector:
    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    async def inspect(self, request, raw, budget_s):
        self.asked += 1
        return self.answer


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return errands.read_for_scan(configure(tmp_path_factory.mktemp("judgement"))).state


def with_policy(state, **changes):
    knowledge = state.knowledge
    return dataclasses.replace(
        state,
        knowledge=dataclasses.replace(knowledge, settings=dataclasses.replace(knowledge.settings, **changes)),
    )


def submission(
    *to, sender=OWN, mode="smtp", helo="poste.tilleuls.test", data=b"Subject: x\r\n\r\ny\r\n", client="192.0.2.7"
):
    envelope = Envelope(
        addresses.parse(sender.encode()) if sender else None, tuple(addresses.parse(t.encode()) for t in to)
    )
    return Submission(envelope, data, False, client, helo, (), ListenerFacts(mode, "own", f"{mode}-0"), b"MAIL", tuple(b"RCPT" for _ in to))  # fmt: skip


def house(state, answer, *, full=False):
    journal, inspector, posted = Journal(full=full), Inspector(answer), []
    made = judgement.Judgement(state, inspector, journal, posted.append, lambda: datetime.now(UTC))
    return made, journal, inspector, posted


async def test_the_decision_is_written_before_it_is_spoken(state):
    """The ruling's reference is that of a decision record which is there when `judge` returns."""
    judge, journal, _, _ = house(state, HEALTH)
    ruling = await judge.judge(submission(OUTSIDE))
    assert [(kind, ref) for kind, ref, _ in journal.records] == [("decision", ruling.reference)]
    assert [a.code for a in ruling.answers] == [550]
    assert ruling.reference in ruling.answers[0].text


async def test_without_a_record_there_is_no_ruling(state):
    """A journal that cannot be written raises: the front then says 451, and nothing was decided."""
    judge, _, _, posted = house(state, HEALTH, full=True)
    with pytest.raises(OSError, match="No space"):
        await judge.judge(submission(OUTSIDE))
    assert posted == []


async def test_a_failing_outcome_changes_nothing(state):
    """Whatever happens when the outcome is written, `finish` does not raise."""
    judge, journal, _, _ = house(state, HEALTH)
    ruling = await judge.judge(submission(OUTSIDE))
    journal.full = True
    await ruling.finish(None)


async def test_smtp_gives_one_answer_and_lmtp_one_each(state):
    """Over smtp all are refused with one; over lmtp the listed one is permitted."""
    judge, _, _, _ = house(state, HEALTH)
    smtp = await judge.judge(submission(LISTED, OUTSIDE))
    assert [a.code for a in smtp.answers] == [550, 550]
    assert smtp.answers[0] == smtp.answers[1]
    lmtp = await judge.judge(submission(LISTED, OUTSIDE, mode="lmtp"))
    assert [a and a.code for a in lmtp.answers] == [None, 550]


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_fault_of_ours_defers_in_enforce_and_relays_in_observe(state, fault):
    """451 with no word of the cause; in `observe` the message goes, and the record says what would have been."""
    judge, journal, _, _ = house(state, fault)
    answer = (await judge.judge(submission(OUTSIDE))).answers[0]
    assert (answer.code, fault.value in answer.text) == (451, False)
    judge, journal, _, _ = house(with_policy(state, mode="observe"), fault)
    assert (await judge.judge(submission(OUTSIDE))).answers == (None,)
    assert (journal.records[0][2]["would"], journal.records[0][2]["fault"]) == ("defer", fault.value)


async def test_a_message_read_while_the_rules_were_replaced_is_read_again(state):
    """One state of knowledge finds, decides and stands in the record; when it never settles, the mail waits."""
    fresh = dataclasses.replace(state, rules="new")

    class Replaced(Inspector):
        async def inspect(self, request, raw, budget_s):
            guard.state = fresh if self.always is False else dataclasses.replace(fresh, rules=str(self.asked))
            return await super().inspect(request, raw, budget_s)

    for always, asked in ((False, 2), (True, 3)):
        inspector = Replaced(NOTHING)
        inspector.always = always
        guard = judgement.Judgement(state, inspector, Journal(), [].append)
        if always:
            with pytest.raises(RuntimeError):
                await guard.judge(submission(OUTSIDE))
        else:
            await guard.judge(submission(OUTSIDE))
        assert inspector.asked == asked


async def test_rows_that_do_not_look_at_the_content_cost_no_inspection(state):
    """To a listed domain the worker is not asked, and the record says so."""
    judge, journal, inspector, _ = house(state, HEALTH)
    assert (await judge.judge(submission(LISTED))).answers == (None,)
    assert inspector.asked == 0
    assert journal.records[0][2]["uninspected"] == "not-needed"


@pytest.mark.parametrize(
    ("refusal", "mode", "sender", "data", "notices"),
    [
        (None, "smtp", OWN, b"Subject: x\r\n\r\ny\r\n", 1),
        (None, "lmtp", OWN, b"Subject: x\r\n\r\ny\r\n", 0),
        ("reject", "smtp", OWN, b"Subject: x\r\n\r\ny\r\n", 0),
        ("reject+notice", "lmtp", OWN, b"Subject: x\r\n\r\ny\r\n", 1),
        ("reject+notice", "smtp", "", b"Subject: x\r\n\r\ny\r\n", 0),
        ("reject+notice", "smtp", "inconnu@ailleurs.example", b"Subject: x\r\n\r\ny\r\n", 0),
    ],
)
async def test_who_gets_a_notice(state, refusal, mode, sender, data, notices):
    """By topology where nothing is written; never strangers, never the null sender."""
    judge, _, _, posted = house(with_policy(state, refusal=refusal), HEALTH)
    ruling = await judge.judge(submission(OUTSIDE, sender=sender, mode=mode, data=data))
    assert ruling.answers[0].code == 550
    await ruling.finish(None)
    assert len(posted) == notices
    assert all(n.reference == ruling.reference and n.sender.domain == "ehpad-les-tilleuls.fr" for n in posted)


async def test_automatic_mail_gets_no_notice(state):
    """A message that says it is automatic, or comes by a list, is answered by nobody."""
    judge, _, _, posted = house(
        with_policy(state, refusal="reject+notice"), dataclasses.replace(HEALTH, automatic=True)
    )
    ruling = await judge.judge(submission(OUTSIDE))
    await ruling.finish(None)
    assert posted == []


async def test_what_was_permitted_and_delivered_gets_none(state):
    """Ordinary mail: an outcome record with the hop's codes, nothing to anybody."""
    judge, journal, _, posted = house(state, NOTHING)
    ruling = await judge.judge(submission(OUTSIDE))
    await ruling.finish([OK])
    assert [(kind, fields.get("outcome")) for kind, _, fields in journal.records] == [
        ("decision", None),
        ("outcome", "relayed"),
    ]
    assert posted == []


@pytest.mark.parametrize(
    ("helo", "client", "expected"),
    [
        ("poste.tilleuls.test", "192.0.2.7", b"Received: from poste.tilleuls.test ([192.0.2.7])\r\n"),
        ("[192.0.2.7]", "192.0.2.7", b"Received: from [192.0.2.7] ([192.0.2.7])\r\n"),
        ("x\r\nBcc: a@b", "192.0.2.7", b"Received: from unknown ([192.0.2.7])\r\n"),
        ("h\u00f4te", "2001:db8::7", b"Received: from unknown ([IPv6:2001:db8::7])\r\n"),
        ("", "192.0.2.7", b"Received: from unknown ([192.0.2.7])\r\n"),
    ],
)
async def test_the_trace_block(state, helo, client, expected):
    """One `Received:` without `for` and one reference; no HELO can write a header of its own."""
    judge, _, _, _ = house(state, NOTHING)
    ruling = await judge.judge(submission(OUTSIDE, helo=helo, client=client))
    lines = ruling.trace.split(b"\r\n")
    assert ruling.trace.startswith(expected)
    assert b" for " not in ruling.trace
    assert lines[3:] == [f"X-MSS-Guard-Id: {ruling.reference}".encode(), b""]


def test_references_are_random_and_can_be_read_out():
    """MSSG-XXXX-XXXX without 0, O, 1, I and L; no two alike among many."""
    drawn = {judgement.reference() for _ in range(2000)}
    assert len(drawn) == 2000
    assert not {c for ref in drawn for c in ref[5:]} & set("0O1IL")
