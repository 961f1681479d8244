"""The replay: some permitted, or the connection died while the message was inspected."""

from __future__ import annotations

import pytest

from tests.edge.next_hop_kit import BODY, MAIL, RCPTS, XFORWARD, begun, pool, say_all, soon
from tests.fake_hop import Act, Close, FakeHop, Hang, Reset, Say, until

GONE = b"550 5.1.1 plus la\r\n"


async def test_some_permitted_is_rset_and_the_same_words_again() -> None:
    """RSET on the connection held, XFORWARD again, the same MAIL, the permitted RCPTs in order, DATA."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS, XFORWARD, per_recipient=True)
        answers = await transaction.deliver((0, 2), BODY, soon())
        assert [answer.ok for answer in answers] == [True, True]
        assert hop.commands() == [*XFORWARD, MAIL, *RCPTS, b"RSET", *XFORWARD, MAIL, RCPTS[0], RCPTS[2], b"DATA"]
        taken = hop.taken[0]
        assert (taken.rcpts, taken.xforward, taken.body) == ((RCPTS[0], RCPTS[2]), XFORWARD, BODY)
        assert (await say_all(hops))[-1].ok
        assert hop.taken[1].connection == 1


async def test_keep_counts_accepted_recipients_only() -> None:
    """A recipient that the hop refused has no index; duplicates have one each."""
    async with FakeHop(script={"rcpt": [None, Say(GONE)]}) as hop, pool(hop.port) as hops:
        transaction = await begun(hops, (RCPTS[0], RCPTS[1], RCPTS[2], RCPTS[0]), per_recipient=True)
        assert len(await transaction.deliver((1, 2), BODY, soon())) == 2
        assert hop.taken[0].rcpts == (RCPTS[2], RCPTS[0])


@pytest.mark.parametrize("said", [None, b"421 4.4.2 trop tard\r\n"], ids=["closed", "421"])
async def test_the_hop_dies_while_we_inspect(said: bytes | None) -> None:
    """All permitted, connection gone: a new one to the same hop, everything said again, no mail lost and no 550."""
    async with FakeHop() as hop, FakeHop() as other, pool(hop.port, other.port) as hops:
        transaction = await begun(hops, RCPTS, XFORWARD)
        if said is None:
            hop.drop_all()
            await until(lambda: hop.open == 0)
        else:
            hop.script["data"] = [Close(said)]
        answers = await transaction.deliver((0, 1, 2), BODY, soon())
        assert [answer.code for answer in answers] == [250] * 3
        assert hop.commands(2) == [*XFORWARD, MAIL, *RCPTS, b"DATA"]
        assert (len(hop.taken), other.connections) == (1, 0)


async def test_the_hop_is_down_when_the_verdict_comes() -> None:
    """The same hop cannot be reached again: 451 4.4.1 for each, and the next hop of the list hears nothing."""
    async with FakeHop() as hop, FakeHop() as other, pool(hop.port, other.port) as hops:
        transaction = await begun(hops)
        await hop.stop()
        answers = await transaction.deliver((0, 1, 2), BODY, soon())
        assert [answer.wire[:10] for answer in answers] == [b"451 4.4.1 "] * 3
        assert other.connections == 0


@pytest.mark.parametrize("per_recipient", [True, False], ids=["lmtp", "smtp"])
async def test_a_recipient_whose_answer_changed(per_recipient: bool) -> None:
    """lmtp: 451 4.3.0 for it alone, the others delivered; smtp: 451 for the whole message, and no content seen."""
    script = {"rcpt": [None, None, None, None, Say(GONE)]}
    async with FakeHop(script=script) as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS, per_recipient=per_recipient)
        hop.drop_all()
        await until(lambda: hop.open == 0)
        answers = await transaction.deliver((0, 1, 2), BODY, soon())
        changed = b"451 4.3.0 "
        if per_recipient:
            assert [answer.wire[:10] for answer in answers] == [b"250 2.0.0 ", changed, b"250 2.0.0 "]
            assert hop.taken[0].rcpts == (RCPTS[0], RCPTS[2])
        else:
            assert [answer.wire[:10] for answer in answers] == [changed] * 3
            await until(lambda: hop.open == 0)
            assert (hop.content, [line for _, line in hop.dialogue[-2:]]) == (0, [b"RSET", b"QUIT"])


async def test_every_recipient_changed() -> None:
    """lmtp: with none left no DATA is said."""
    async with FakeHop(script={"rcpt": [None, None, None, Say(GONE), Say(GONE)]}) as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS, per_recipient=True)
        answers = await transaction.deliver((0, 1), BODY, soon())
        assert [answer.wire[:10] for answer in answers] == [b"451 4.3.0 "] * 2
        assert b"DATA" not in hop.commands()


FAULTS: dict[str, tuple[str, Act]] = {
    "MAIL refused now": ("mail", Say(b"550 5.7.1 non\r\n")),
    "MAIL hangs": ("mail", Hang()),
    "XFORWARD refused now": ("xforward", Say(b"550 5.7.0 non\r\n")),
    "dies at RCPT": ("rcpt", Reset()),
    "junk at RCPT": ("rcpt", Say(b"oui\r\n")),
    "dies at DATA": ("data", Reset()),
    "421 at DATA": ("data", Say(b"421 4.3.2 ferme\r\n")),
}


@pytest.mark.parametrize(("stage", "act"), FAULTS.values(), ids=FAULTS)
async def test_a_replay_that_fails_is_451_for_all(stage: str, act: Act) -> None:
    """One replay, no second: whatever goes wrong in it is temporary, and no content was seen."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS, XFORWARD, per_recipient=True)
        hop.script[stage] = act
        answers = await transaction.deliver((0, 2), BODY, soon())
        assert [answer.code for answer in answers] == [451] * 2
        assert (hop.content, hop.taken) == (0, [])


@pytest.mark.parametrize("act", [Reset(), Say(b"502 5.5.1 quoi\r\n"), Say(b"junk\r\n"), Hang()])
async def test_a_failing_rset_is_replaced_by_a_new_connection(act: Act) -> None:
    """RSET not answered 2xx: the replay runs on a fresh connection to the same hop."""
    async with FakeHop(script={"rset": [act]}) as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS, XFORWARD, per_recipient=True)
        answers = await transaction.deliver((1,), BODY, soon())
        assert answers[0].ok
        assert hop.commands(2) == [*XFORWARD, MAIL, RCPTS[1], b"DATA"]


async def test_the_end_comes_once() -> None:
    """Nothing to keep is an abandon; after either end the other does nothing."""
    async with FakeHop() as hop, pool(hop.port, max_connections=1) as hops:
        transaction = await begun(hops)
        assert await transaction.deliver((), BODY, soon()) == []
        await transaction.abandon()
        assert [answer.code for answer in await transaction.deliver((0,), BODY, soon())] == [451]
        again = await begun(hops)
        assert (await again.deliver((0, 1, 2), BODY, soon()))[0].ok
        await again.abandon()
        assert hop.content > 0


NOTICE = (b"MAIL FROM:<>", b"RCPT TO:<agent@ehpad.test>", b"Subject: avis\r\n\r\nnon transmis\r\n")


async def test_a_report_goes_first_and_the_message_is_replayed_behind_it() -> None:
    """One connection: our message without XFORWARD, then the client's own words again, XFORWARD included, even when all stay."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        transaction = await begun(hops, RCPTS[:1], XFORWARD)
        assert (await transaction.report(*NOTICE, soon())).ok
        assert [answer.ok for answer in await transaction.deliver((0,), BODY, soon())] == [True]
        report, message = hop.taken
        assert (report.mail, report.rcpts, report.xforward, report.body) == (NOTICE[0], (NOTICE[1],), (), NOTICE[2])
        assert (message.mail, message.rcpts, message.xforward, message.body) == (MAIL, RCPTS[:1], XFORWARD, BODY)
        assert hop.connections == 1


async def test_a_report_alone_leaves_the_connection_for_the_next_message() -> None:
    """Its 2xx to the dot was the last word; after any other word the connection is given up."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        transaction = await begun(hops)
        assert (await transaction.report(*NOTICE, soon())).ok
        await transaction.abandon()
        assert (await say_all(hops))[-1].ok
        assert hop.connections == 1
        hop.script = {"dot": Say(b"554 5.7.1 non\r\n")}
        transaction = await begun(hops)
        assert (await transaction.report(*NOTICE, soon())).code == 554
        await transaction.abandon()
        hop.script = {}
        assert (await say_all(hops))[-1].ok
        assert hop.connections == 2


async def test_a_report_comes_once_and_before_the_end() -> None:
    """A second one, or one after `abandon`, is a fault of ours: nothing is sent."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        transaction = await begun(hops)
        assert (await transaction.report(*NOTICE, soon())).ok
        assert (await transaction.report(*NOTICE, soon())).code == 451
        await transaction.abandon()
        assert (await transaction.report(*NOTICE, soon())).code == 451
        assert len(hop.taken) == 1
