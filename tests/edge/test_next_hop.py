"""The ordinary way: byte for byte there and back, reuse, places, failing over, what is offered."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import Hop
from tests.edge.next_hop_kit import BODY, MAIL, RCPTS, SHORT, XFORWARD, begun, pool, say_all, soon
from tests.fake_hop import FakeHop, Reset, Say, free_port, until

MULTI = b"250-2.0.0 une ligne\r\n250-\r\n250 2.0.0 fin: ab\xc3\xa9 \r\n"


async def test_every_byte_there_and_every_byte_back() -> None:
    """Command lines and body reach the hop as given; a multi-line reply comes back as said, blanks included."""
    script = {"mail": Say(MULTI), "rcpt": Say(b"250 2.1.5 oui  \r\n"), "dot": Say(MULTI)}
    async with FakeHop(script=script) as hop, pool(hop.port) as hops:
        transaction, reply = await hops.begin(MAIL, XFORWARD)
        assert transaction is not None
        assert reply == HopReply(250, MULTI)
        assert [(await transaction.rcpt(line)).wire for line in RCPTS] == [b"250 2.1.5 oui  \r\n"] * 3
        answers = await transaction.deliver((0, 1, 2), BODY, soon())
        assert answers == [HopReply(250, MULTI)] * 3
        assert hop.commands() == [*XFORWARD, MAIL, *RCPTS, b"DATA"]
        assert (hop.taken[0].body, hop.taken[0].rcpts, hop.taken[0].xforward) == (BODY, RCPTS, XFORWARD)


BODIES = {
    "empty": b"",
    "one dot": b".\r\n",
    "dots at every line": b".a\r\n..b\r\n...\r\n.\r\n\r\n.\r\n",
    "long line of bytes": b"\xff\x00." * 200_000 + b"\r\n",
    "blank lines": b"\r\n\r\n\r\n",
    "dot at a piece's edge": b"x" * (65536 - 2) + b"\r\n.suite\r\n",
    "5 MB": b"Une ligne ordinaire du message, puis un point.\r\n.\r\n" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_bodies_arrive_whole(body: bytes) -> None:
    """What the hop takes is what was handed over, dot lines included."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        assert (await say_all(hops, body))[-1].ok
        assert hop.taken[0].body == body


async def test_a_body_without_a_last_line_end_is_closed_before_the_dot() -> None:
    """Only CRLF.CRLF ends data, so a body that lacks its last CRLF gets one."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        assert (await say_all(hops, b"Subject: a\r\n\r\nfin"))[-1].ok
        assert hop.taken[0].body == b"Subject: a\r\n\r\nfin\r\n"


async def test_reuse_after_a_2xx_to_the_dot_and_xforward_each_time() -> None:
    """A connection carries the next message, with its own XFORWARD, until `reuse` messages are through."""
    async with FakeHop() as hop, pool(hop.port, reuse=3) as hops:
        for _ in range(7):
            assert (await say_all(hops))[-1].ok
        assert [taken.connection for taken in hop.taken] == [1, 1, 1, 2, 2, 2, 3]
        assert {taken.xforward for taken in hop.taken} == {XFORWARD}


NOT_REUSED = {"mail": b"450 4.1.8 plus tard\r\n", "rcpt": b"550 5.1.1 inconnu\r\n", "data": b"554 5.5.1 non\r\n"}
NOT_REUSED["dot"] = b"452 4.3.1 plein\r\n"


@pytest.mark.parametrize("stage", NOT_REUSED)
async def test_no_reuse_after_anything_else(stage: str) -> None:
    """The hop's refusal comes back as it is and the connection is given up, with QUIT."""
    async with FakeHop(script={stage: [Say(NOT_REUSED[stage])]}) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].wire == NOT_REUSED[stage]
        assert (await say_all(hops))[-1].ok
        assert hop.taken[0].connection == 2
        assert (1, b"QUIT") in hop.dialogue


async def test_idle_connections_are_let_go() -> None:
    """After `idle` seconds the hop gets its QUIT, and the next message a new connection."""
    async with FakeHop() as hop, pool(hop.port, idle=0.05) as hops:
        await say_all(hops)
        await until(lambda: hop.open == 0)
        assert hop.dialogue[-1] == (1, b"QUIT")
        await say_all(hops)
        assert hop.taken[-1].connection == 2


@pytest.mark.parametrize("act", [Reset(), Say(b"421 4.4.2 trop tard\r\n")], ids=["reset", "421"])
async def test_an_idle_connection_that_died_costs_nothing(act: Reset | Say) -> None:
    """A reused connection that proves dead at its first command is replaced on the same hop, unseen by the client."""
    async with FakeHop(script={"xforward": [None, None, act]}) as hop, pool(hop.port) as hops:
        await say_all(hops)
        assert (await say_all(hops))[-1].ok
        assert [taken.connection for taken in hop.taken] == [1, 2]


async def test_abandon_is_rset_and_quit_and_no_content() -> None:
    """Refused means that the hop saw no content."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        await (await begun(hops)).abandon()
        await until(lambda: hop.open == 0)
        assert [line for _, line in hop.dialogue[-2:]] == [b"RSET", b"QUIT"]
        assert (hop.content, hop.taken) == (0, [])


async def test_two_hundred_refusals_take_no_time() -> None:
    """Refusals neither wait for the hop's goodbye nor pile up RSETs on one connection."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        start = soon(0)
        for _ in range(200):
            await (await begun(hops, RCPTS[:1])).abandon()
        assert soon(0) - start < 5
        assert hop.most_open <= 20
        await until(lambda: hop.open == 0)


async def test_places_are_limited_and_come_back() -> None:
    """Beyond max_connections MAIL is answered 451 4.3.2 after the wait; a place freed meanwhile is given."""
    async with FakeHop() as hop, pool(hop.port, max_connections=2) as hops:
        first, second = await begun(hops), await begun(hops)
        start = soon(0)
        none, reply = await hops.begin(MAIL, ())
        assert none is None
        assert reply.wire.startswith(b"451 4.3.2 ")
        assert SHORT.slot <= soon(0) - start < SHORT.slot + 0.3
        waiting = asyncio.create_task(hops.begin(MAIL, ()))
        await asyncio.sleep(0.02)
        await first.abandon()
        third, reply = await waiting
        assert third is not None
        await second.abandon()
        await third.abandon()
        assert hop.most_open <= 2


async def test_places_survive_every_way_out() -> None:
    """Refused, failed, cancelled and delivered transactions all give their place back."""
    script = {"mail": [Say(b"550 5.7.1 non\r\n"), Reset(), Say(b"354 quoi\r\n")]}
    async with FakeHop(script=script) as hop, pool(hop.port, max_connections=1) as hops:
        for _ in range(4):
            await say_all(hops)
        cancelled = asyncio.create_task(hops.begin(MAIL, ()))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        assert (await say_all(hops))[-1].ok
        assert len(hop.taken) == 2


FAIL_OVER = {"connect": Reset(), "banner": Say(b"554 5.3.2 ferme\r\n"), "ehlo": Say(b"421 4.3.2 ferme\r\n")}


@pytest.mark.parametrize("stage", FAIL_OVER)
async def test_failing_over_up_to_the_ehlo_answer(stage: str) -> None:
    """A hop that never gives an EHLO answer is passed over for the next one of the list."""
    async with FakeHop(script={stage: FAIL_OVER[stage]}) as one, FakeHop() as two, pool(one.port, two.port) as hops:
        assert (await say_all(hops))[-1].ok
        assert (one.taken, len(two.taken)) == ([], 1)


@pytest.mark.parametrize("stage", ["xforward", "mail", "rcpt", "data", "body", "dot"])
async def test_no_failing_over_after_the_ehlo_answer(stage: str) -> None:
    """Once a hop has answered EHLO the message is its own: the next hop hears nothing of it."""
    async with FakeHop(script={stage: Reset()}) as one, FakeHop() as two, pool(one.port, two.port) as hops:
        assert (await say_all(hops))[-1].code == 451
        assert two.connections == 0


async def test_a_closed_port_is_passed_over_and_alone_is_451() -> None:
    """A refused connect fails over; without another hop MAIL is answered 451 4.4.1."""
    async with FakeHop() as hop, pool(free_port(), hop.port) as hops, pool(free_port()) as alone:
        assert (await say_all(hops))[-1].ok
        assert [reply.wire[:10] for reply in await say_all(alone)] == [b"451 4.4.1 "]


async def test_a_hop_down_is_logged_once_and_once_when_back() -> None:
    """One line when it goes and one when it comes, with the stage and without anything of a message."""
    async with FakeHop(script={"banner": [Say(b"554 non\r\n"), Say(b"554 non\r\n")]}) as hop, pool(hop.port) as hops:
        with capture_logs() as lines:
            for _ in range(4):
                await say_all(hops)
    assert [(line["event"], line.get("stage")) for line in lines] == [
        ("hop.unreachable", "banner"),
        ("hop.reached", None),
    ]


async def test_offers_are_the_intersection_of_all_hops() -> None:
    """None before the first success; then what every hop that answered has, SIZE the smallest, attributes in common."""
    one = FakeHop(offers=["SIZE 100", "8BITMIME", "DSN", "XFORWARD NAME ADDR PROTO"])
    two = FakeHop(offers=["SIZE 50", "dsn", "XFORWARD ADDR NAME"])
    async with one, two, pool(one.port, two.port) as hops:
        assert hops.offers() is None
        await hops.start()
        assert hops.offers() == {"SIZE": "50", "DSN": "", "XFORWARD": "NAME ADDR"}


async def test_offers_follow_the_hop() -> None:
    """Each EHLO answer, of a message or the regular question, renews the cache; a hop down leaves its last one."""
    async with FakeHop() as hop, pool(hop.port, refresh=0.05) as hops:
        await say_all(hops)
        assert "DSN" in (hops.offers() or {})
        hop.offers = ["8BITMIME"]
        await hops.start()
        assert dict(hops.offers() or {}) == {"8BITMIME": ""}
        hop.offers = ["SMTPUTF8"]
        await until(lambda: "SMTPUTF8" in (hops.offers() or {}))
        await hop.stop()
        await hops.refresh()
        assert dict(hops.offers() or {}) == {"SMTPUTF8": ""}


async def test_a_parameter_the_hop_does_not_offer_is_451_and_a_new_question() -> None:
    """Never sent, never 555; on MAIL and on RCPT."""
    async with FakeHop(offers=["SIZE 1000"]) as hop, pool(hop.port) as hops:
        none, reply = await hops.begin(MAIL, ())
        assert none is None
        assert reply.wire.startswith(b"451 4.3.3 ")
        await until(lambda: hop.connections == 2)
        transaction, reply = await hops.begin(b'MAIL FROM:<"a> RET=HDRS"@b.test> SIZE=12 X-AUTRE=1', ())
        assert transaction is not None
        assert (await transaction.rcpt(RCPTS[0])).wire.startswith(b"451 4.3.3 ")
        assert (await transaction.rcpt(RCPTS[1])).ok
        await transaction.abandon()


async def test_xforward_goes_only_where_it_is_offered() -> None:
    """No XFORWARD to a hop without it; to others only the attributes they name."""
    async with FakeHop(offers=["DSN"]) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].ok
        assert hop.commands()[0] == MAIL
    async with FakeHop(offers=["DSN", "XFORWARD ADDR HELO"]) as hop, pool(hop.port) as hops:
        assert (await say_all(hops))[-1].ok
        assert hop.commands()[:2] == [b"XFORWARD ADDR=192.0.2.7", b"XFORWARD HELO=[192.0.2.7]"]


async def test_submit_sends_one_message_of_our_own() -> None:
    """The hop's last word on it: at RCPT or at the dot."""
    mail, rcpt = b"MAIL FROM:<>", b"RCPT TO:<agent@ehpad.test>"
    async with FakeHop(script={"rcpt": [None, Say(b"550 5.1.1 non\r\n")]}) as hop, pool(hop.port) as hops:
        assert (await hops.submit(mail, rcpt, BODY)).ok
        assert (hop.taken[0].mail, hop.taken[0].rcpts, hop.taken[0].body) == (mail, (rcpt,), BODY)
        assert (await hops.submit(mail, rcpt, BODY)).wire == b"550 5.1.1 non\r\n"


async def test_a_line_break_in_a_command_is_never_sent() -> None:
    """What would be two commands is none, and a 451."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        none, reply = await hops.begin(b"MAIL FROM:<>\r\nRCPT TO:<x@y.test>", ())
        assert (none, reply.code) == (None, 451)
        assert hop.commands() == []


async def test_close_says_quit_to_the_idle_and_takes_no_more() -> None:
    """After close MAIL is answered 451 and no connection is left."""
    async with FakeHop() as hop, pool(hop.port) as hops:
        await say_all(hops)
        await hops.close(1.0)
        assert hop.open == 0
        assert hop.dialogue[-1] == (1, b"QUIT")
        assert (await hops.begin(MAIL, ()))[1].code == 451


async def test_names_of_hops_are_resolved() -> None:
    """A hop may be given by a name of the hosts file."""
    async with FakeHop() as hop, pool(hops=(Hop("localhost", hop.port),)) as hops:
        assert (await say_all(hops))[-1].ok
