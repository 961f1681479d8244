"""The small parts alone: reply grammar, dot-stuffing, parameters, names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mss_guard.core.model import HopReply
from mss_guard.edge.next_hop import DnsResolver, Hop, offers, replies
from mss_guard.edge.next_hop.connection import ending, stuffed
from tests.edge.next_hop_kit import MAIL, pool, say_all

# --- replies ----------------------------------------------------------------------------------------------------------

WHOLE = [
    b"250\r\n",
    b"250 \r\n",
    b"250 ok\tok\r\n",
    b"250-a\r\n250 b\r\n",
    b"250-\r\n250\r\n",
    b"550 5.1.1 \xc3\xa9\r\n",
]


@pytest.mark.parametrize("wire", WHOLE)
def test_replies_whole_and_byte_by_byte(wire: bytes) -> None:
    """However the bytes come, the same reply comes out once it is whole, and what follows stays."""
    buffer = bytearray()
    for octet in wire[:-1]:
        buffer.append(octet)
        assert replies.take(buffer) is None
    buffer += wire[-1:] + b"rest"
    assert replies.take(buffer) == HopReply(int(wire[:3]), wire)
    assert buffer == b"rest"


JUNK = [
    b"\n",
    b"\r\n",
    b"25 ok\r\n",
    b"2500 ok\r\n",
    b"250ok\r\n",
    b"250 a\n",
    b"250 a\rb\r\n",
    b"250 \x00\r\n",
    b"199 a\r\n",
]
JUNK += [b"299 a\r\n", b"600 a\r\n", b" 250 a\r\n", b"250-a\r\n251 b\r\n", b"\xd9\xa2\xd9\xa5\xd9\xa0 a\r\n"]
JUNK += [b"250 " + b"a" * 2100, b"250 " + b"a" * 2048 + b"\r\n", b"250-a\r\n" * 6000]


@pytest.mark.parametrize("wire", JUNK)
def test_what_is_not_a_reply(wire: bytes) -> None:
    """Not RFC 5321 §4.2, or beyond the bounds."""
    with pytest.raises(replies.JunkError):
        replies.take(bytearray(wire))


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_reply_or_not(wire: bytes) -> None:
    """No matter what a hop sends, there is a reply made of its own first bytes, nothing yet, or JunkError."""
    buffer = bytearray(b"250" + wire)
    try:
        reply = replies.take(buffer)
    except replies.JunkError:
        return
    if reply is not None:
        assert reply.wire + buffer == b"250" + wire
        assert reply.wire.endswith(b"\r\n")


def test_our_own_replies_are_temporary_and_ascii() -> None:
    """Every failure of the door is a 451 of one ASCII line; only one of them leaves the outcome unknown."""
    own = [value for value in vars(replies).values() if isinstance(value, HopReply)]
    assert len(own) == 7
    assert all(reply.code == 451 and reply.wire.isascii() and reply.wire.startswith(b"451 4.") for reply in own)
    assert [reply for reply in own if reply.unknown] == [replies.UNKNOWN]


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_no_dot_line_no_copy() -> None:
    """A body without dot lines is sent from the very object that came in."""
    body = b"a.b\r\nc.\r\n"
    assert stuffed(body) is body


STUFFED = {
    b".": b"..",
    b"\r\n.": b"\r\n..",
    b".\r\n.\r\n": b"..\r\n..\r\n",
    b"..\r\n": b"...\r\n",
    b"": b"",
    b"a\n.b": b"a\n.b",
}


@pytest.mark.parametrize("body", STUFFED)
def test_dot_stuffing(body: bytes) -> None:
    """RFC 5321 §4.5.2: a dot after CRLF is doubled, at the very start too, and none elsewhere."""
    assert stuffed(body) == STUFFED[body]


def test_the_end_of_data() -> None:
    """CRLF.CRLF with the body's own CRLF where it has one."""
    assert [ending(body) for body in (b"", b"a\r\n", b"a")] == [b".\r\n", b".\r\n", b"\r\n.\r\n"]


# --- parameters -------------------------------------------------------------------------------------------------------

NEEDED = [
    (MAIL, {"SIZE": ""}, True),
    (MAIL, {"DSN": ""}, False),
    (b"MAIL FROM:<> BODY=8bitmime", {}, True),
    (b"MAIL FROM:<> BODY=7BIT", {}, False),
    (b"MAIL FROM:<> smtputf8", {}, True),
    (b"MAIL FROM:<> X-ELSE=1", {}, False),
    (b'RCPT TO:<"> NOTIFY=NEVER"@a.test>', {}, False),
    (b'RCPT TO:<"\\"> x"@a.test> ORCPT=rfc822;a@b', {}, True),
    (b"<" * 2000, {}, False),
]


@pytest.mark.parametrize(("line", "offered", "expected"), NEEDED)
def test_parameters_need_their_keyword(line: bytes, offered: dict[str, str], expected: bool) -> None:
    """Only what stands after the path is a parameter."""
    assert offers.missing(line, offered) is expected


SIZES = [("10", "20", "10"), ("", "20", "20"), ("0", "20", "20"), ("", "0", ""), ("x", "7", "7")]


@pytest.mark.parametrize(("left", "right", "both"), SIZES)
def test_the_smaller_size_limit_holds(left: str, right: str, both: str) -> None:
    """RFC 1870: no argument and 0 are no limit."""
    assert offers.intersection([{"SIZE": left}, {"SIZE": right}]) == {"SIZE": both}


# --- names ------------------------------------------------------------------------------------------------------------


class _Dns(asyncio.DatagramProtocol):
    """A name server: relais.test has an A; AAAA fails as old servers do; seul6.test has an AAAA alone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        answer = dns.message.make_response(query)
        records = {("relais.test.", 1): "192.0.2.9", ("seul6.test.", 28): "2001:db8::9"}
        record = records.get((asked.name.to_text(), asked.rdtype))
        if record:
            kind = "A" if asked.rdtype == 1 else "AAAA"
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, record))
        elif asked.name.to_text() != "seul6.test.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        self.transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


@asynccontextmanager
async def resolver(hosts: Path) -> AsyncIterator[DnsResolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Dns, local_addr=("127.0.0.1", 0))
    asked = dns.asyncresolver.Resolver(configure=False)
    asked.nameservers = ["127.0.0.1"]
    asked.port = transport.get_extra_info("sockname")[1]
    try:
        yield DnsResolver(hosts, asked, lifetime=0.5)
    finally:
        transport.close()


NAMES = {
    "192.0.2.1": ["192.0.2.1"],
    "[2001:db8::1]": ["2001:db8::1"],
    "localhost": ["127.0.0.1", "::1"],
    "Smtp.Interne": ["192.0.2.3", "2001:db8::3"],
    "relais.test": ["192.0.2.9"],
    "seul6.test": ["2001:db8::9"],
    "absent.test": [],
    "pas un nom..test": [],
}


@pytest.mark.parametrize("name", NAMES)
async def test_names_to_addresses(name: str, tmp_path: Path) -> None:
    """Literals, the hosts file, localhost without it, DNS (A although AAAA fails); a name that leads nowhere."""
    hosts = tmp_path / "hosts"
    hosts.write_text(
        "# 192.0.2.2 relais.test\n2001:db8::3 smtp.interne\n192.0.2.3 autre smtp.interne # ici\nmal smtp.interne\n"
    )
    async with resolver(hosts) as asked:
        assert list(await asked.addresses(name)) == NAMES[name]


async def test_a_name_without_address_is_451() -> None:
    """A hop that cannot be resolved is unreachable."""
    async with pool(hops=(Hop("absent.invalid", 25),)) as hops:
        hops._resolver = _Nowhere()  # the system's name servers are not ours to ask in a test
        assert (await say_all(hops))[-1].wire.startswith(b"451 4.4.1 ")


class _Nowhere:
    async def addresses(self, host: str) -> list[str]:
        return []
