"""From the dot to the last word: only the hop says yes, the judge says no, faults say 451."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from structlog.testing import capture_logs

from mss_guard.core.model import HopReply, Reply
from mss_guard.edge.smtp_server.replies import FAULT, GONE, TOO_SLOW
from tests.edge.smtp_fakes import REFUSED, SMALL, FakeHop, FakeJudge, House, hop_says, house

QUEUED = hop_says("250 2.0.0 Ok: queued as 4Y7")
SECRET = "Dupont Jean, VIH+"


async def test_permitted_means_the_hops_own_word() -> None:
    """The hop's reply to the dot is the client's, and the outcome is told last."""
    async with house() as h:
        client = await h.client()
        start = asyncio.get_running_loop().time()
        assert await client.message() == "250 2.0.0 Ok: queued as 4Y7"
        await h.settled()
        assert h.hop.last.kept == (0,)
        assert not h.hop.last.per_recipient
        assert start + 79 < h.hop.last.dot_by < start + 81
        assert h.judge.finished == [(QUEUED,)]
        assert h.hop.last.abandoned == 0
        seen = h.judge.seen[0]
        assert (seen.client, seen.helo, seen.mail_line) == (
            "127.0.0.1",
            "poste.tilleuls.fr",
            b"MAIL FROM:<a@tilleuls.fr>",
        )
        assert (seen.listener.mode, seen.listener.senders, seen.listener.name) == ("smtp", "own", "smtp")


async def test_refused_means_the_hop_saw_no_content() -> None:
    """A refusal is the ruling's reply; the hop's transaction is given up."""
    async with house(judge=FakeJudge(verdict=REFUSED)) as h:
        client = await h.client()
        assert await client.message() == REFUSED.line()
        await h.settled()
        assert h.hop.delivered == []
        assert h.hop.last.abandoned == 1
        assert h.judge.finished == [None]


@pytest.mark.parametrize("answer", ["452 4.3.1 disk full", "550 5.6.0 no", "554-5.7.1 un\r\n554 5.7.1 deux"])
async def test_the_hops_last_refusal_passes_through(answer: str) -> None:
    """4xx and 5xx to the dot are handed back unchanged."""
    async with house(hop=FakeHop(dot_answer=hop_says(answer))) as h:
        assert await (await h.client()).message() == answer.replace("\r\n", "|")
        await h.settled()
        assert h.judge.finished == [(hop_says(answer),)]


IMPOSSIBLE = [
    hop_says("354 go on"),
    hop_says("100 x"),
    hop_says("600 x"),
    HopReply(250, b"550 5.0.0 x\r\n"),
    HopReply(250, b"250 2.0.0 cut"),
    HopReply(250, b""),
]


@pytest.mark.parametrize("answer", IMPOSSIBLE)
@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_impossible_last_words_are_451(answer: HopReply, mode: str) -> None:
    """Nonsense to the dot is no yes."""
    async with house(hop=FakeHop(dot_answer=answer), mode=mode) as h:
        client = await h.client("LHLO x" if mode == "lmtp" else "EHLO x")
        assert await client.message() == FAULT.line()


@pytest.mark.parametrize(
    "words",
    [[], [QUEUED], [QUEUED, QUEUED, QUEUED], [QUEUED, hop_says("451 4.3.0 changed")]],
    ids=["none", "few", "many", "mixed"],
)
async def test_smtp_says_yes_only_when_the_hop_said_yes_for_everyone(words: list[HopReply]) -> None:
    """Answers that do not fit the recipients, or differ, end in 451 over smtp."""
    async with house(hop=FakeHop(dot_answer=words)) as h:
        said = await (await h.client()).message(to=("b@x.fr", "c@x.fr"))
        assert said[:3] == "451"


FAULTS: dict[str, FakeJudge] = {
    "raises": FakeJudge(verdict=RuntimeError(SECRET)),
    "key-error": FakeJudge(verdict=KeyError(SECRET)),
    "cancelled": FakeJudge(verdict=asyncio.CancelledError(SECRET)),  # type: ignore[arg-type]
    "too-few": FakeJudge(verdict=()),
    "too-many": FakeJudge(verdict=(None, None)),
    "says-yes": FakeJudge(verdict=Reply(250, "2.0.0", "bien recu")),
    "says-354": FakeJudge(verdict=Reply(354, "", "encore")),
    "bad-trace": FakeJudge(trace="text"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("judge", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_fault_of_the_judge_is_451_without_detail(judge: FakeJudge, mode: str) -> None:
    """Whatever goes wrong in judging: 451 4.3.0, no content to the hop, nothing of the cause in reply or log, next mail
    works.
    """
    judge = dataclasses.replace(judge, seen=[], finished=[])
    with capture_logs() as logs:
        async with house(judge=judge, mode=mode) as h:
            client = await h.client("LHLO x" if mode == "lmtp" else "EHLO x")
            if isinstance(judge.verdict, asyncio.CancelledError):
                judge.verdict = asyncio.CancelledError()  # type: ignore[assignment]
            assert await client.message() == FAULT.line()
            await h.settled()
            assert h.hop.delivered == []
            assert h.hop.last.abandoned == 1
            judge.verdict, judge.trace = None, b""
            assert (await client.message()).startswith("250")
    assert SECRET not in str(logs)


async def test_smtp_refuses_a_ruling_with_different_answers() -> None:
    """Over smtp one answer stands for all: a ruling that differs by recipient is a fault."""
    async with house(judge=FakeJudge(verdict=(None, REFUSED))) as h:
        assert await (await h.client()).message(to=("b@x.fr", "c@x.fr")) == FAULT.line()
        await h.settled()
        assert h.hop.delivered == []
        assert [words and words[0].code for words in h.judge.finished] == [451]


async def test_lmtp_answers_each_accepted_rcpt_in_order_duplicates_included() -> None:
    """One reply per accepted RCPT command; the hop is asked for the permitted ones, by their index."""
    hop = FakeHop(rcpt_answer=lambda line: hop_says("550 5.1.1 no") if b"inconnu" in line else hop_says("250 2.1.5 ok"))
    judge = FakeJudge(verdict=(None, REFUSED, None, REFUSED))
    async with house(hop=hop, judge=judge, mode="lmtp") as h:
        client = await h.client("LHLO mx")
        await client.say("MAIL FROM:<a@t.fr>")
        for name in ("b@mssante.fr", "inconnu@x.fr", "c@x.fr", "b@mssante.fr", "c@x.fr"):
            await client.say(f"RCPT TO:<{name}>")
        await client.say("DATA")
        await client.send(b"x\r\n.\r\n")
        said = [await client.reply() for _ in range(4)]
        assert said == ["250 2.0.0 Ok: queued as 4Y7", REFUSED.line()] * 2
        await h.settled()
        assert h.hop.last.kept == (0, 2)
        assert h.hop.last.per_recipient
        assert [a.local_part for a in judge.seen[0].envelope.rcpt_to] == ["b", "c", "b", "c"]
        assert len(judge.seen[0].rcpt_lines) == 4
        assert judge.finished == [(QUEUED, QUEUED)]


async def test_lmtp_hands_back_different_last_words() -> None:
    """After a replay one recipient may be deferred while the other is delivered."""
    hop = FakeHop(dot_answer=[QUEUED, hop_says("451 4.3.0 changed")])
    async with house(hop=hop, mode="lmtp") as h:
        client = await h.client("LHLO mx")
        assert await client.message(to=("b@x.fr", "c@x.fr")) == "250 2.0.0 Ok: queued as 4Y7"
        assert await client.reply() == "451 4.3.0 changed"


async def test_lmtp_without_a_valid_recipient_has_no_data() -> None:
    """RFC 2033 §4.2: DATA without an accepted RCPT is 503."""
    async with house(hop=FakeHop(rcpt_answer=hop_says("550 5.1.1 no")), mode="lmtp") as h:
        client = await h.client("LHLO mx")
        said = await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        assert said[2].startswith("503 5.5.1")


@pytest.mark.parametrize("stage", ["mail_answer", "rcpt_answer", "dot_answer"])
async def test_a_hop_that_raises_is_451_and_the_next_mail_works_without_rset(stage: str) -> None:
    """Even what the hop's contract forbids leaves a consistent session, and what belongs to the lost transaction is
    451, not 503.
    """
    hop = FakeHop(**{stage: OSError(SECRET)})  # type: ignore[arg-type]
    with capture_logs() as logs:
        async with house(hop=hop) as h:
            client = await h.client()
            said = [await client.say("MAIL FROM:<a@t.fr>"), await client.say("RCPT TO:<b@x.fr>")]
            said.append(await client.say("DATA"))
            if said[-1].startswith("354"):
                said.append(await client.say("x\r\n."))
            first = ["mail_answer", "rcpt_answer", "-", "dot_answer"].index(stage)
            assert all(line == FAULT.line() for line in said[first:])
            await h.settled()
            assert all(t.abandoned == 1 for t in hop.opened)
            setattr(hop, stage, hop_says("250 2.0.0 fine"))
            assert (await client.message()).startswith("250")
    assert SECRET not in str(logs)


async def test_a_failing_outcome_never_changes_the_answer() -> None:
    """The hop's yes stays a yes when the outcome cannot be written."""
    async with house(judge=FakeJudge(finish_fault=OSError(SECRET))) as h:
        client = await h.client()
        assert (await client.message()).startswith("250")
        assert (await client.message()).startswith("250")


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_judge_that_hangs_is_given_up(stubborn: bool) -> None:
    """Past the budget: 451 4.4.5, the hop is abandoned; a ruling that comes too late is finished as not delivered."""
    wait = asyncio.Event()
    judge = FakeJudge(verdict=wait, stubborn=stubborn)
    async with house(dataclasses.replace(SMALL, inspection_timeout=0.1), judge=judge) as h:
        client = await h.client()
        assert await client.message() == TOO_SLOW.line()
        wait.set()
        await h.settled()
        assert h.hop.delivered == []
        assert h.hop.last.abandoned == 1
        assert judge.finished == ([(HopReply(451, TOO_SLOW.wire()),)] if stubborn else [])
        judge.verdict = None
        assert (await client.message()).startswith("250")


async def test_two_hundred_refusals_in_one_session_show_no_delay() -> None:
    """Refused messages, recipients and senders are no mistakes of the client: the session goes on as fast as ever."""
    limits = dataclasses.replace(SMALL, errors=3, idle_commands=3)
    async with house(limits, judge=FakeJudge(verdict=REFUSED)) as h:
        client = await h.client()
        loop = asyncio.get_running_loop()
        spans = []
        for number in range(200):
            start = loop.time()
            assert await client.message() == REFUSED.line()
            if number % 2:
                await client.say("RSET")
            spans.append(loop.time() - start)
        h.hop.rcpt_answer = hop_says("550 5.1.1 no")
        for _ in range(20):
            said = await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "RCPT TO:<b@x..fr>", "RSET")
            assert [line[:3] for line in said] == ["250", "550", "501", "250"]
        assert sum(spans[150:]) < 5 * sum(spans[:50]) + 0.5
        await h.settled()
        assert all(t.abandoned == 1 for t in h.hop.opened)


async def _gone(h: House, stage: str) -> None:
    """Drive a client up to `stage` and let it die there."""
    client = await h.client()
    lines = ["MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA"][: {"mail": 1, "rcpt": 2}.get(stage, 3)]
    await client.talk(*lines)
    if stage in {"upload", "end"}:
        await client.send(b"Subject: x\r\n\r\n")
    if stage in {"judging", "half-closed", "delivering"}:
        await client.send(b"x\r\n.\r\n")
        while not (h.hop.last.kept if stage == "delivering" else h.judge.seen):
            await asyncio.sleep(0.005)
    if stage in {"end", "half-closed"}:
        client.writer.write_eof()
    else:
        client.drop()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "upload", "end"])
async def test_a_client_that_dies_before_its_dot_leaves_nothing_behind(stage: str) -> None:
    """The hop's transaction is given up and the room is free again."""
    async with house() as h:
        await _gone(h, stage)
        await h.settled()
        assert (h.hop.last.abandoned, h.hop.delivered, h.judge.seen) == (1, [], [])
        assert h.front.room.free == SMALL.bytes_in_flight
        assert h.front.room.connections == 0


@pytest.mark.parametrize("stage", ["judging", "half-closed"])
async def test_a_client_that_dies_while_we_judge_cancels_its_message(stage: str) -> None:
    """RFC 5321 §4.1.1.10: not delivered, since it will come again; the record says 451 4.4.2."""
    wait = asyncio.Event()
    async with house(judge=FakeJudge(verdict=wait)) as h:
        await _gone(h, stage)
        h.judge.verdict = None
        wait.set()
        await h.settled()
        assert (h.hop.last.abandoned, h.hop.delivered) == (1, [])
        assert h.judge.finished == [(HopReply(451, GONE.wire()),)]
        assert h.front.room.free == SMALL.bytes_in_flight


async def test_a_client_that_dies_after_our_dot_cancels_nothing() -> None:
    """Once our dot may be out the delivery runs to its end and the outcome is told."""
    wait = asyncio.Event()
    async with house(hop=FakeHop(dot_answer=wait)) as h:
        await _gone(h, "delivering")
        wait.set()
        await h.settled()
        assert len(h.hop.delivered) == 1
        assert h.judge.finished == [(hop_says("250 2.0.0 late but here"),)]
        assert h.hop.last.abandoned == 0


async def test_no_yes_that_the_hop_did_not_give() -> None:
    """Over every combination of hop answers and rulings, a 2xx to MAIL, RCPT or the dot is one of the hop's own, octet
    for octet.
    """
    says = [
        hop_says("250 2.0.0 hop's own"),
        hop_says("451 4.2.0 x"),
        hop_says("550 5.2.0 x"),
        hop_says("354 x"),
        OSError(SECRET),
    ]
    rulings = [None, REFUSED, FAULT, RuntimeError(SECRET), Reply(250, "2.0.0", "not mine to say")]
    own = "250 2.0.0 hop's own"
    async with house() as h:
        client = await h.client()
        for mail, rcpt, dot in [(m, r, d) for m in says for r in says for d in says]:
            for ruling in rulings if (mail, rcpt) == (says[0], says[0]) else rulings[:1]:
                h.hop.mail_answer, h.hop.rcpt_answer, h.hop.dot_answer, h.judge.verdict = mail, rcpt, dot, ruling
                said = await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
                if said[2].startswith("354"):
                    said.append(await client.say("x\r\n."))
                yes = [line for line in said if line.startswith("2")]
                assert all(line == own for line in yes)
                assert len(said) == 4 or not said[2].startswith("2")
                if len(said) == 4:
                    assert (said[3] == own) == (ruling is None and dot is says[0])
                assert (await client.say("RSET")).startswith("250")
        await h.settled()
        assert all(t.abandoned + bool(t.kept) >= 1 for t in h.hop.opened)
