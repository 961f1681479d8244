"""Whatever the hop does at whatever stage: a HopReply in time, and never a 2xx that it did not mean."""

from __future__ import annotations

import asyncio

import pytest

from tests.edge.next_hop_kit import BODY, RCPTS, begun, pool, say_all, soon
from tests.fake_hop import Act, Close, FakeHop, Hang, Reset, Say, Slow, Stall, until

ACTS: dict[str, Act] = {
    "hang": Hang(),
    "reset": Reset(),
    "close": Close(),
    "half a reply": Close(b"250-oui\r\n250"),
    "421": Say(b"421 4.3.2 ferme\r\n"),
    "421 and closed": Close(b"421 4.3.2 ferme\r\n"),
    "450": Say(b"450 4.2.0 plus tard\r\n"),
    "550": Say(b"550 5.7.1 non\r\n"),
    "junk": Say(b"\x00\xff\xfe rien de SMTP \x07\r\n"),
    "words": Say(b"OK\r\n"),
    "bare line feeds": Say(b"250 oui\n"),
    "bare carriage return": Say(b"250 oui\r250 non\r\n"),
    "two codes": Say(b"250-oui\r\n550 non\r\n"),
    "1xx": Say(b"150 un instant\r\n"),
    "6xx": Say(b"650 quoi\r\n"),
    "3xx": Say(b"334 mot de passe\r\n"),
    "four digits": Say(b"2500 oui\r\n"),
    "signed": Say(b"+25 oui\r\n"),
    "100 kB line": Say(b"250 " + b"x" * 100_000 + b"\r\n"),
    "100 kB without a line end": Say(b"250 " + b"x" * 100_000),
    "100 kB of lines": Say(b"250-encore\r\n" * 9000),
    "slow bytes": Slow(b"250-" + b"tres lent " * 50 + b"\r\n250 fin\r\n"),
}
STAGES = ["connect", "banner", "ehlo", "xforward", "mail", "rcpt", "data", "dot"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_no_stage_fails_into_a_yes(stage: str, act: Act) -> None:
    """The last answer is 4xx or 5xx, well formed, there in time; the hop took nothing, or we say unknown."""
    async with FakeHop(script={stage: act}) as hop, pool(hop.port) as hops:
        start = soon(0)
        last = (await say_all(hops))[-1]
        assert soon(0) - start < 2.5
        assert 400 <= last.code < 600
        assert last.wire.startswith(b"%d" % last.code)
        assert last.wire.endswith(b"\r\n")
        assert hop.taken == [] or last.unknown  # a hop that babbles after our dot may have taken it


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("wire", [b"450 4.2.0 plus\r\n", b"550-5.7.1 non\r\n550 5.7.1 vraiment\r\n"])
async def test_refusals_come_back_as_said(stage: str, wire: bytes) -> None:
    """4xx and 5xx of the hop are handed back byte for byte."""
    async with FakeHop(script={stage: Say(wire)}) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].wire == wire


IMPOSSIBLE = [
    ("mail", b"354 allez-y\r\n"),
    ("rcpt", b"354 allez-y\r\n"),
    ("data", b"250 deja pris\r\n"),
    ("data", b"334 quoi\r\n"),
    ("dot", b"354 encore\r\n"),
]


@pytest.mark.parametrize(("stage", "wire"), IMPOSSIBLE)
async def test_impossible_answers_are_451(stage: str, wire: bytes) -> None:
    """An answer that the stage cannot have is a fault of ours to the client, and the connection is dropped."""
    async with FakeHop(script={stage: Say(wire)}) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].code == 451
        await until(lambda: hop.open == 0)
        assert (hop.content > 0) is (stage == "dot")


BEFORE = {
    "talks ahead": ("data", Say(b"354 oui\r\n250 2.0.0 deja\r\n"), 451),
    "refuses early": ("data", Say(b"354 oui\r\n552 5.3.4 trop gros\r\n"), 552),
    "answers RCPT twice": ("rcpt", Say(b"250 oui\r\n250 oui\r\n"), 250),
}


@pytest.mark.parametrize(("stage", "act", "code"), BEFORE.values(), ids=BEFORE)
async def test_a_reply_nobody_asked_for_is_never_taken_for_the_next(stage: str, act: Say, code: int) -> None:
    """A 2xx said before our dot is not the answer to it; out of step at RCPT, the transaction is replayed."""
    async with FakeHop(script={stage: [act]}) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].code == code
        assert len(hop.taken) == (code == 250)
        await until(lambda: hop.open == (code == 250))


@pytest.mark.parametrize("act", [Reset(), Close(), Hang()], ids=["reset", "close", "hang"])
async def test_the_hop_dies_in_the_body(act: Act) -> None:
    """5 MB that never get through are a 451, whichever way the hop stops reading."""
    async with FakeHop(script={"body": [None, act]}) as hop, pool(hop.port) as hops:
        last = (await say_all(hops, b"ligne\r\n" * 700_000, dot_in=0.5))[-1]
        assert last.code == 451
        assert hop.taken == []


async def test_the_dot_leaves_in_time_or_not_at_all() -> None:
    """A hop that stops reading is dropped at dot_by: 451 4.4.5, outcome known, and the end of the body never sent."""
    async with FakeHop(script={"body": Stall()}) as hop, pool(hop.port) as hops:
        start = soon(0)
        last = (await say_all(hops, b"x" * 76 + b"\r\n" * 20_000_000, dot_in=0.4))[-1]
        assert (last.wire[:10], last.unknown) == (b"451 4.4.5 ", False)
        assert soon(0) - start < 1.5
        assert hop.taken == []


@pytest.mark.parametrize("stage", ["data", "rset", "mail"])
async def test_a_budget_used_up_before_the_body_is_late_too(stage: str) -> None:
    """dot_by passes in DATA or in the replay: 451 4.4.5, and not a byte of content sent."""
    script: dict[str, list[Act | None]] = {stage: [None, Hang()] if stage == "mail" else [Hang()]}
    async with FakeHop(script=script) as hop, pool(hop.port) as hops:
        transaction = await begun(hops)
        keep = (0, 1, 2) if stage == "data" else (0, 2)
        answers = await transaction.deliver(keep, BODY, soon(0.1))
        assert [answer.wire[:10] for answer in answers] == [b"451 4.4.5 "] * len(keep)
        assert hop.content == 0


async def test_a_budget_already_used_up_sends_nothing() -> None:
    """dot_by in the past: 451 4.4.5 and no content."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        answers = await (await begun(hops)).deliver((0, 1, 2), BODY, soon(-1))
        assert {answer.wire[:10] for answer in answers} == {b"451 4.4.5 "}
        assert hop.content == 0


@pytest.mark.parametrize("act", [Reset(), Close(), Hang(), Say(b"ok\r\n"), Say(b"354 quoi\r\n")])
async def test_no_word_after_our_dot_is_unknown(act: Act) -> None:
    """Our dot was out and no answer that can be believed came: 451 4.4.2, marked unknown, for every recipient."""
    async with FakeHop(script={"dot": act}) as hop, pool(hop.port) as hops:
        answers = await (await begun(hops)).deliver((0, 1, 2), BODY, soon())
        assert {(answer.wire[:10], answer.unknown) for answer in answers} == {(b"451 4.4.2 ", True)}


async def test_nothing_cancels_the_wait_for_the_answer_to_our_dot() -> None:
    """The caller is cancelled; the message is delivered, the connection reused, the place given back all the same."""
    script = {"dot": [Slow(b"250 2.0.0 pris\r\n", 0.01)]}
    async with FakeHop(script=script) as hop, pool(hop.port, max_connections=1) as hops:
        waiting = asyncio.create_task((await begun(hops)).deliver((0, 1, 2), BODY, soon()))
        await until(lambda: hop.content > 0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await until(lambda: len(hop.taken) == 1)
        assert (await say_all(hops))[-1].ok
        assert [taken.connection for taken in hop.taken] == [1, 1]


async def test_close_waits_for_an_answer_under_way() -> None:
    """SIGTERM does not cut the answer to our dot off."""
    async with FakeHop(script={"dot": [Slow(b"250 2.0.0 pris\r\n", 0.01)]}) as hop, pool(hop.port) as hops:
        waiting = asyncio.create_task((await begun(hops)).deliver((0, 1, 2), BODY, soon()))
        await until(lambda: hop.content > 0)
        await hops.close(2.0)
        assert [answer.ok for answer in await waiting] == [True] * 3


@pytest.mark.parametrize("stage", ["rset", "quit"])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_a_goodbye_that_fails_changes_nothing(stage: str, act: Act) -> None:
    """Abandoning ends in time whatever the hop says to RSET or QUIT, and the place comes back."""
    async with FakeHop(script={stage: [act]}) as hop, pool(hop.port, max_connections=1) as hops:
        await (await begun(hops)).abandon()
        await until(lambda: hop.open == 0)
        assert (await begun(hops, RCPTS)) is not None
