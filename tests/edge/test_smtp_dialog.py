"""Commands of the front, said by a raw socket: lock-step with the hop, byte for byte."""

from __future__ import annotations

import asyncio
import dataclasses
from ipaddress import ip_network

import pytest

from mss_guard.edge.smtp_server import offer
from mss_guard.edge.smtp_server.replies import FAULT
from tests.edge.smtp_fakes import OFFERS, SMALL, FakeHop, hop_says, house


async def test_ehlo_offers_what_hop_and_front_can_both_do() -> None:
    """EHLO is the intersection, SIZE the smaller one, XFORWARD only for a trusted peer."""
    async with house() as h:
        client = await h.connect()
        assert await client.reply() == "220 guard.tilleuls.fr ESMTP mss-guard"
        assert await client.say("EHLO poste") == (
            "250-guard.tilleuls.fr|250-SIZE 200000|250-8BITMIME|250-SMTPUTF8|250-DSN|250-ENHANCEDSTATUSCODES"
            "|250 XFORWARD NAME ADDR PROTO HELO IDENT"
        )
        assert await client.say("HELO poste") == "250 guard.tilleuls.fr"


@pytest.mark.parametrize(
    ("offers", "trusted", "lines"),
    [
        (None, True, ["ENHANCEDSTATUSCODES"]),
        ({}, False, ["ENHANCEDSTATUSCODES"]),
        ({"SIZE": "0"}, False, ["SIZE 1000", "ENHANCEDSTATUSCODES"]),
        ({"SIZE": ""}, False, ["SIZE 1000", "ENHANCEDSTATUSCODES"]),
        ({"SIZE": "999"}, False, ["SIZE 999", "ENHANCEDSTATUSCODES"]),
        (OFFERS, False, ["SIZE 1000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"]),
        ({"PIPELINING": "", "CHUNKING": "", "AUTH": "PLAIN"}, False, ["ENHANCEDSTATUSCODES"]),
        ({}, True, ["ENHANCEDSTATUSCODES", "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"]),
    ],
)
def test_offer_lines(offers: dict[str, str] | None, trusted: bool, lines: list[str]) -> None:
    """The offer is a function of the hops' offers, our size and the peer."""
    assert offer.lines(offers, size=1000, trusted=trusted) == lines


async def test_no_hop_seen_yet_means_nothing_offered_and_mail_deferred() -> None:
    """Before the first hop answered, MAIL is 451 4.4.1 and the hops are asked again."""
    async with house(hop=FakeHop(offered=None)) as h:
        client = await h.connect()
        await client.reply()
        assert await client.say("EHLO poste") == "250-guard.tilleuls.fr|250 ENHANCEDSTATUSCODES"
        assert (await client.say("MAIL FROM:<a@tilleuls.fr>")).startswith("451 4.4.1")
        await h.settled()
        assert h.hop.refreshed == 1
        assert h.hop.opened == []


async def test_mail_and_rcpt_are_mirrored_byte_for_byte_and_answered_by_the_hop() -> None:
    """Parameters keep their case and order, and the hop's own words come back unchanged."""
    mail = b"mail FROM:<A.b@Tilleuls.FR> BODY=8BITMIME RET=HDRS ENVID=QQ+3D314159 SIZE=1200"
    rcpt = b"RCPT to:<b@ordinaire.fr>  NOTIFY=SUCCESS,delay ORCPT=rfc822;B+2Bx@Ordinaire.fr"
    hop = FakeHop(mail_answer=hop_says("250 2.1.0 Ok, \u00e9t\u00e9"), rcpt_answer=hop_says("251 2.1.5 ailleurs"))
    async with house(hop=hop) as h:
        client = await h.client()
        assert await client.say(mail) == "250 2.1.0 Ok, \u00e9t\u00e9"
        assert await client.say(rcpt) == "251 2.1.5 ailleurs"
        assert (h.hop.last.mail_line, h.hop.last.rcpt_lines) == (mail, [rcpt])


@pytest.mark.parametrize(
    "answer", ["450 4.2.0 greylisted", "550 5.1.1 unknown", "550-5.1.1 un\r\n550 5.1.1 deux", "421 4.3.2 bye"]
)
async def test_refusals_of_the_hop_come_back_unchanged(answer: str) -> None:
    """4xx and 5xx of the hop, of several lines too, are handed back at MAIL and at RCPT."""
    async with house(hop=FakeHop(mail_answer=hop_says(answer))) as h:
        client = await h.client()
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == answer.replace("\r\n", "|")
        h.hop.mail_answer, h.hop.rcpt_answer = hop_says("250 ok"), hop_says(answer)
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == "250 ok"
        assert await client.say("RCPT TO:<b@ordinaire.fr>") == answer.replace("\r\n", "|")
        assert (await client.say("DATA")).startswith("503 5.5.1")


@pytest.mark.parametrize("answer", ["354 go", "100 hm", "199 x", "600 x", "999 x"])
async def test_impossible_answers_of_the_hop_become_451(answer: str) -> None:
    """1xx, 3xx and nonsense from the hop are never handed on."""
    async with house(hop=FakeHop(mail_answer=hop_says(answer))) as h:
        client = await h.client()
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == FAULT.line()
        h.hop.mail_answer, h.hop.rcpt_answer = hop_says("250 ok"), hop_says(answer)
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == "250 ok"
        assert await client.say("RCPT TO:<b@ordinaire.fr>") == FAULT.line()


async def test_a_hop_that_contradicts_itself_is_no_yes() -> None:
    """A 250 without a transaction is 451; a transaction with a refusal is given up."""
    async with house(hop=FakeHop(lies=True)) as h:
        client = await h.client()
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == FAULT.line()
        h.hop.mail_answer = hop_says("550 5.1.8 no")
        assert await client.say("MAIL FROM:<a@tilleuls.fr>") == "550 5.1.8 no"
        await h.settled()
        assert h.hop.last.abandoned == 1


async def test_null_sender_and_postmaster_pass() -> None:
    """<> is a sender without an address, <Postmaster> a recipient without a domain."""
    async with house() as h:
        client = await h.client()
        await client.talk("MAIL FROM:<>", "RCPT TO:<Postmaster>", "DATA")
        assert (await client.say("x\r\n.")).startswith("250")
        assert h.judge.seen[0].envelope.mail_from is None
        assert [a.raw for a in h.judge.seen[0].envelope.rcpt_to] == [b"Postmaster"]


@pytest.mark.parametrize(
    "path",
    [
        b"b@x..fr",
        b"<b@ordinaire.fr",
        b"<b@ordinaire.fr.>",
        b"<@relais.fr:b@ordinaire.fr>",
        b"<b(c)@ordinaire.fr>",
        b"<b>",
        b"<\xe9@x.fr>",
        b"<a@b@c>",
        b"",
        b"<b@x.fr>x",
    ],
)
async def test_malformed_addresses_are_never_mirrored(path: bytes) -> None:
    """A malformed address is 501 5.1.7 in MAIL and 501 5.1.3 in RCPT, and the hop never sees it."""
    async with house() as h:
        client = await h.client()
        assert (await client.say(b"MAIL FROM:" + path)).startswith("501 5.1.7")
        assert h.hop.opened == []
        await client.say("MAIL FROM:<a@tilleuls.fr>")
        assert (await client.say(b"RCPT TO:" + path)).startswith("501 5.1.3")
        assert (await client.say(b"RCPT TO:<>")).startswith("501 5.1.3")
        assert h.hop.last.rcpt_lines == []
        assert (await client.say("RCPT TO:<b@ordinaire.fr>")).startswith("250")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"MAIL FROM:<a@t.fr> SIZE=", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> SIZE=-1", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> SIZE=1 SIZE=2", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> BODY=BINARYMIME", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> SMTPUTF8=yes", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> REQUIRETLS", "555 5.5.4"),
        (b"MAIL FROM:<a@t.fr> FOO=bar", "555 5.5.4"),
        (b"MAIL FROM:<a@t.fr> ENVID=\xc3\xa9", "501 5.5.4"),
        (b"MAIL FROM:<a@t.fr> SIZE=200001", "552 5.3.4"),
        (b"MAIL FROM:<a@t.fr> SIZE=99999999999999999999", "552 5.3.4"),
        (b"MAIL FROM:<\xc3\xa9@t.fr> SMTPUTF8", "250 "),
        (b"MAIL FROM: <a@t.fr>", "250 "),
    ],
)
async def test_mail_parameters(command: bytes, reply: str) -> None:
    """Parameters are checked for form only; what they mean is the hop's business."""
    async with house() as h:
        client = await h.client()
        assert (await client.say(command)).startswith(reply)


async def test_a_parameter_that_the_hop_does_not_offer_is_451_and_asks_again() -> None:
    """The hop's offer may have changed since EHLO: come back later, never 555."""
    async with house() as h:
        client = await h.client()
        h.hop.offered = {"SIZE": "1000000"}
        assert (await client.say("MAIL FROM:<a@t.fr> RET=FULL")).startswith("451 4.3.3")
        assert (await client.say("MAIL FROM:<a@t.fr> SIZE=10")).startswith("250")
        assert (await client.say("RCPT TO:<b@x.fr> NOTIFY=NEVER")).startswith("451 4.3.3")
        await h.settled()
        assert h.hop.refreshed == 2
        assert h.hop.last.rcpt_lines == []


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"NOOP\n", "500 5.5.2"),
        (b"NOOP\r\r\n", "500 5.5.2"),
        (b"NO\x00OP\r\n", "500 5.5.2"),
        (b"MAIL\tFROM:<a@t.fr>\r\n", "500 5.5.2"),
        (b"\r\n", "500 5.5.2"),
        (b" NOOP\r\n", "500 5.5.2"),
        (b"N\xc3\x96\xc3\x96P\r\n", "500 5.5.1"),
        (b"GET / HTTP/1.1\r\n", "500 5.5.1"),
        (b"LHLO x\r\n", "500 5.5.1"),
        (b"AUTH PLAIN AGEAYg==\r\n", "502 5.5.1"),
        (b"STARTTLS\r\n", "502 5.5.1"),
        (b"BDAT 3 LAST\r\n", "502 5.5.1"),
        (b"EXPN liste\r\n", "502 5.5.1"),
        (b"NOOP " + b"x" * 600 + b"\r\n", "500 5.5.2"),
        (b"NOOP rien\r\n", "250 2.0.0"),
        (b"noop\r\n", "250 2.0.0"),
        (b"VRFY a@t.fr\r\n", "252 2.5.0"),
        (b"HELP\r\n", "214 2.0.0"),
        (b"EHLO\r\n", "501 5.5.4"),
        (b"EHLO \xe9\r\n", "501 5.5.4"),
        (b"RSET\r\n", "250 2.0.0"),
        (b"RSET x\r\n", "501 5.5.4"),
        (b"RCPT TO:<b@x.fr>\r\n", "503 5.5.1"),
        (b"DATA\r\n", "503 5.5.1"),
        (b"QUIT\r\n", "221 2.0.0"),
    ],
)
async def test_command_lines(line: bytes, reply: str) -> None:
    """Lines end with CRLF and hold printable characters; what is not built is said so."""
    async with house() as h:
        client = await h.client()
        await client.send(line)
        assert (await client.reply()).startswith(reply)


async def test_order_of_commands() -> None:
    """MAIL needs EHLO, a second MAIL is out of order, RSET and EHLO give the hop's transaction up."""
    async with house() as h:
        client = await h.connect()
        await client.reply()
        assert (await client.say("MAIL FROM:<a@t.fr>")).startswith("503 5.5.1")
        await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<a@t.fr>")).startswith("250")
        assert (await client.say("MAIL FROM:<a@t.fr>")).startswith("503 5.5.1")
        assert (await client.say("RSET")).startswith("250")
        assert (await client.say("RCPT TO:<b@x.fr>")).startswith("503")
        assert (await client.say("MAIL FROM:<a@t.fr>")).startswith("250")
        assert (await client.say("EHLO y")).startswith("250")
        assert (await client.say("RCPT TO:<b@x.fr>")).startswith("503")
        await h.settled()
        assert [t.abandoned for t in h.hop.opened] == [1, 1]


async def test_command_lengths_hold_for_every_connection() -> None:
    """Fifty EHLOs change no limit: MAIL passes up to 1024 octets and not more."""
    async with house(dataclasses.replace(SMALL, idle_commands=1000)) as h:
        client = await h.client()
        for _ in range(50):
            await client.say("EHLO x")
        start = b"MAIL FROM:<a@t.fr> ENVID="
        fits = start + b"x" * (1022 - len(start))
        assert (await client.say(fits)).startswith("250")
        await client.say("RSET")
        assert (await client.say(fits + b"x")).startswith("500 5.5.2")


async def test_xforward_is_believed_from_trusted_peers_and_passed_on() -> None:
    """XFORWARD lines go to the hop and to the judge as they came, for one transaction."""
    first, second = b"XFORWARD NAME=poste.tilleuls.fr ADDR=192.0.2.7", b"xforward HELO=x+20y IDENT=4Y7"
    async with house() as h:
        client = await h.client()
        assert (await client.say(first)).startswith("250")
        assert (await client.say(second)).startswith("250")
        assert (await client.message()).startswith("250")
        assert h.hop.last.xforward == (first, second)
        assert h.judge.seen[0].xforward == (first, second)
        assert (await client.message()).startswith("250")
        assert h.hop.last.xforward == ()


@pytest.mark.parametrize(
    "line",
    [
        "XFORWARD",
        "XFORWARD FOO=x",
        "XFORWARD NAME",
        "XFORWARD NAME=a NAME=b",
        "XFORWARD NAME=a+zz",
        "XFORWARD NAME=" + "x" * 256,
    ],
)
async def test_malformed_xforward_is_refused(line: str) -> None:
    """Only known attributes, once each, in xtext."""
    async with house() as h:
        client = await h.client()
        assert (await client.say(line)).startswith("501 5.5.4")


async def test_xforward_is_refused_to_others_and_in_a_transaction() -> None:
    """A client that is only allowed, not trusted, may not name another client."""
    async with house(trusted=(ip_network("192.0.2.0/24"),)) as h:
        client = await h.connect()
        await client.reply()
        assert "XFORWARD" not in await client.say("EHLO x")
        assert (await client.say("XFORWARD NAME=a")).startswith("550 5.7.0")
    async with house() as h:
        client = await h.client()
        await client.say("MAIL FROM:<a@t.fr>")
        assert (await client.say("XFORWARD NAME=a")).startswith("503 5.5.1")


async def test_recipients_are_capped() -> None:
    """One accepted recipient too many is 452 4.5.3 and the others stay."""
    async with house(dataclasses.replace(SMALL, recipients=2)) as h:
        client = await h.client()
        said = await client.talk(
            "MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "RCPT TO:<b@x.fr>", "RCPT TO:<c@x.fr>", "DATA"
        )
        assert [line[:9] for line in said[2:4]] == ["250 2.1.5", "452 4.5.3"]
        assert said[4].startswith("354")
        assert len(h.hop.last.rcpt_lines) == 2


async def test_lmtp_greets_with_lhlo_only() -> None:
    """LMTP knows LHLO and neither EHLO nor HELO (RFC 2033 §4.1)."""
    async with house(mode="lmtp") as h:
        client = await h.connect()
        assert await client.reply() == "220 guard.tilleuls.fr LMTP mss-guard"
        assert (await client.say("EHLO x")).startswith("500 5.5.1")
        assert (await client.say("HELO x")).startswith("500 5.5.1")
        assert (await client.say("LHLO x")).startswith("250-")


async def test_every_reply_comes_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply of several lines is one write, so that no client can run ahead of it."""
    async with house(mode="lmtp") as h:
        client = await h.connect()
        await client.reply()
        writes: list[bytes] = []
        session = next(iter(h.front._sessions.values()))
        monkeypatch.setattr(session._writer, "write", writes.append)
        await client.send(b"LHLO x\r\n")
        for _ in range(50):
            if writes:
                break
            await asyncio.sleep(0.01)
        assert len(writes) == 1
        assert writes[0].count(b"\r\n") == 7
