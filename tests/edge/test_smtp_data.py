"""The message after DATA: where it ends, what is normalised, what is too much."""

from __future__ import annotations

import asyncio
import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core.model import Reply
from mss_guard.edge.smtp_server import FrontLimits, Room, data, replies
from tests.edge.smtp_fakes import SMALL, Client, FakeJudge, House, house

TRACE = FakeJudge().trace

SMUGGLING = {
    "lf.lf": b"\n.\n",
    "lf.crlf": b"\n.\r\n",
    "lf.cr": b"\n.\r",
    "cr.cr": b"\r.\r",
    "cr.lf": b"\r.\n",
    "cr.crlf": b"\r.\r\n",
    "crlf.cr": b"\r\n.\r",
    "crlf.lf": b"\r\n.\n",
    "crlf-nul.crlf": b"\r\n\x00.\r\n",
    "crlf.nul-crlf": b"\r\n.\x00\r\n",
    "cr.crcrlf": b"\r.\r\r\n",
    "crcrlf.crcrlf": b"\r\r\n.\r\r\n",
}
"""The eleven endings that hannob/smtpsmug tries, and the one that some servers mistook for the end of data."""


async def deliver(h: House, octets: bytes) -> tuple[Client, str]:
    client = await h.client()
    return client, await client.message(octets)


@pytest.mark.parametrize("ending", SMUGGLING.values(), ids=SMUGGLING.keys())
@pytest.mark.parametrize("pieces", [1, 1000], ids=["one-piece", "octet-by-octet"])
async def test_only_crlf_dot_crlf_ends_a_message(ending: bytes, pieces: int) -> None:
    """What follows another ending is the same message's text, and leaves with proper line ends only."""
    smuggled = b"Subject: x\r\n\r\nun" + ending + b"MAIL FROM:<x@y.fr>\r\nRCPT TO:<z@y.fr>\r\nDATA\r\ndeux\r\n.\r\n"
    async with house() as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        for start in range(0, len(smuggled), step := max(1, len(smuggled) // pieces)):
            await client.send(smuggled[start : start + step])
            if pieces > 1:
                await asyncio.sleep(0)
        assert (await client.reply()).startswith("250 2.0.0 Ok: queued")
        assert (await client.say("NOOP")).startswith("250 2.0.0 OK")
        assert len(h.hop.opened) == len(h.judge.seen) == 1
        body = h.hop.delivered[0]
        assert b"deux\r\n" in body
        assert b"MAIL FROM" in body
        assert body.count(b"\r") == body.count(b"\n") == body.count(b"\r\n")


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"..a\r\n..b\r\n...\r\n.\r\n", b".a\r\n.b\r\n..\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\r\n..\r\n..\r\n.\r\n", b"a\r\n.\r\n.\r\n"),
        (b"\xff\xfe \xc3\xa9\x00\r\n.\r\n", b"\xff\xfe \xc3\xa9\x00\r\n"),
        (b"x" * 65534 + b"\r\n.\r\n", b"x" * 65534 + b"\r\n"),
    ],
)
async def test_the_bytes_of_the_message_are_kept(sent: bytes, received: bytes) -> None:
    """Dots are un-stuffed, 8-bit octets and long lines stay, the trace block stands before."""
    async with house() as h:
        await deliver(h, sent)
        assert h.judge.seen[0].data == received
        assert not h.judge.seen[0].bare_line_ends
        assert h.hop.delivered == [TRACE + received]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"a\nb\r\n.\r\n", b"a\r\nb\r\n"),
        (b"a\rb\r\n.\r\n", b"a\r\nb\r\n"),
        (b"a\r\r\nb\n\r\n.\r\n", b"a\r\n\r\nb\r\n\r\n"),
        (b"\n\r\r\n.\r\n", b"\r\n\r\n\r\n"),
        (b"a\n.b\r\n.\r\n", b"a\r\n.b\r\n"),
    ],
)
async def test_bare_line_ends_are_normalised_and_noted(sent: bytes, received: bytes) -> None:
    """Bare CR and LF become CRLF; a dot behind them was not at the start of an SMTP line and is kept."""
    async with house() as h:
        await deliver(h, sent)
        assert h.judge.seen[0].data == received
        assert h.judge.seen[0].bare_line_ends


@pytest.mark.parametrize(
    ("limits", "sent", "reply"),
    [
        ({"refuse_bare_line_ends": True}, b"a\nb\r\n.\r\n", "550 5.5.2"),
        ({"refuse_bare_line_ends": True}, b"a\r\nb\r\n.\r\n", "250"),
        ({"refuse_nul": True}, b"a\x00\r\n.\r\n", "554 5.6.0"),
        ({}, b"x" * 65535 + b"\r\n.\r\n", "500 5.6.0"),
        ({}, b"a\r\n" + b"x" * 70000 + b"\r\nb\r\n.\r\n", "500 5.6.0"),
        ({}, b"a\r\n" * 66_666 + b"\r\n.\r\n", "250"),
        ({}, b"a\r\n" * 66_667 + b".\r\n", "552 5.3.4"),
        ({}, b"a\n" * 66_667 + b"\r\n.\r\n", "552 5.3.4"),
        ({}, b"..\r\n" * 66_666 + b".\r\n", "250"),
        ({}, b"..\r\n" * 66_667 + b".\r\n", "552 5.3.4"),
        ({}, b"a\r\n" * 120_000 + b".\r\n", "552 5.3.4"),
        ({}, b"Received: x\r\n" * 100 + b"\r\nReceived: y\r\n.\r\n", "250"),
        ({}, b"Received: x\r\n" * 101 + b"\r\ny\r\n.\r\n", "554 5.4.6"),
        ({}, b"RECEIVED : x\r\n\tReceived: y\r\n" * 101 + b"\r\n.\r\n", "554 5.4.6"),
    ],
)
async def test_messages_that_are_refused_at_the_door(limits: dict[str, bool], sent: bytes, reply: str) -> None:
    """Too large, too long a line, a loop: refused after the dot; the judge and the hop see nothing and the session goes
    on.
    """
    async with house(dataclasses.replace(SMALL, **limits)) as h:
        client, said = await deliver(h, sent)
        assert said.startswith(reply)
        refused = not reply.startswith("250")
        assert len(h.judge.seen) == (not refused)
        assert (await client.message()).startswith("250")
        await h.settled()
        assert [t.abandoned for t in h.hop.opened] == [int(refused), 0]
        assert h.front.room.free == SMALL.bytes_in_flight


async def test_a_flood_after_the_limit_ends_the_session() -> None:
    """What is too large is thrown away up to as much again, then the connection is closed after a 552."""
    async with house() as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        try:
            for _ in range(100):
                await client.send(b"x" * 65_536)
            said = await client.reply()
        except ConnectionError:
            said = ""
        assert said[:9] in {"552 5.3.4", ""}
        await h.settled()
        assert h.hop.last.abandoned == 1
        assert h.front.room.free == SMALL.bytes_in_flight


async def test_room_is_reserved_before_the_354() -> None:
    """No room for three times the announced size: 452 4.3.1 instead of 354, and the transaction stays."""
    limits = FrontLimits(size=200_000, bytes_in_flight=600_000)
    async with house(limits) as h:
        client = await h.client()
        hold = h.front.room.reserve(150_000)
        assert hold is not None
        said = await client.talk("MAIL FROM:<a@t.fr> SIZE=100000", "RCPT TO:<b@x.fr>", "DATA")
        assert said[2].startswith("452 4.3.1")
        hold.release()
        assert (await client.say("DATA")).startswith("354")
        assert (await client.say("x\r\n.")).startswith("250")
        await h.settled()
        assert h.front.room.free == limits.bytes_in_flight


async def test_a_message_that_outgrows_the_room_is_452_after_the_dot() -> None:
    """An understated SIZE grows step by step; no room on the way is 452 4.3.1, and nothing of it is kept."""
    limits = FrontLimits(size=200_000, bytes_in_flight=600_000)
    async with house(limits) as h:
        client = await h.client()
        hold = h.front.room.reserve(100_000)
        assert hold is not None
        await client.talk("MAIL FROM:<a@t.fr> SIZE=10", "RCPT TO:<b@x.fr>", "DATA")
        await client.send(b"x" * 60_000 + b"\r\n" + b"x" * 60_000 + b"\r\n.\r\n")
        assert (await client.reply()).startswith("452 4.3.1")
        hold.release()
        await h.settled()
        assert h.front.room.free == limits.bytes_in_flight


async def test_lmtp_hears_a_refusal_of_the_door_once_for_each_recipient() -> None:
    """RFC 2033 §4.2: one reply per accepted RCPT command, for a refused message too."""
    async with house(mode="lmtp") as h:
        client = await h.client("LHLO mx")
        said = [await client.message(b"x" * 70_000 + b"\r\n.\r\n", to=("b@x.fr", "c@x.fr")), await client.reply()]
        assert said == [replies.LONG_LINE.line()] * 2
        assert (await client.say("NOOP")).startswith("250")


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_fault_of_the_reader_defers_and_takes_no_text_for_commands(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the dot a fault is 451 for everyone; in the middle of the message it is 421 and the end."""

    def broken(*_: object) -> None:
        raise MemoryError("secret")

    async with house(mode=mode) as h:
        client = await h.client("LHLO mx" if mode == "lmtp" else "EHLO x")
        with monkeypatch.context() as patch:
            patch.setattr(data, "prepare", broken)
            said = [await client.message(to=("b@x.fr", "c@x.fr"))]
            said += [await client.reply()] if mode == "lmtp" else []
        assert set(said) == {replies.FAULT.line()}
        with monkeypatch.context() as patch:
            patch.setattr(data, "read", broken)
            assert await client.message(b"NOOP\r\n.\r\n") == replies.BROKEN.line()
        assert await client.closed()
        await h.settled()
        assert [t.abandoned for t in h.hop.opened] == [1, 1]
        assert h.front.room.free == SMALL.bytes_in_flight


def test_reservations_grow_by_steps_up_to_the_largest_message() -> None:
    """Three times the announced size, then a mebibyte more at a time; never more than the largest message needs."""
    room = Room(FrontLimits(size=10 << 20, bytes_in_flight=64 << 20))
    small = room.reserve(1000)
    assert small is not None
    assert room.free == (64 << 20) - 3000
    assert small.grow(1001)
    assert room.free == (64 << 20) - 3000 - 3 * (1 << 20)
    assert small.grow(50 << 20)
    assert room.free == (64 << 20) - 3 * (10 << 20)
    assert room.reserve(10 << 20) is not None
    assert room.reserve(10 << 20) is None
    small.release()
    small.release()
    assert room.free == (64 << 20) - 3 * (10 << 20)
    unknown = room.reserve(0)
    assert unknown is not None
    assert room.free == (64 << 20) - 3 * (11 << 20)


def test_limits_that_no_message_could_meet_are_refused() -> None:
    """The room must hold the largest message, else its sender would be told to come back for ever."""
    with pytest.raises(ValueError, match="bytes_in_flight"):
        FrontLimits(size=100, bytes_in_flight=299)


def _reference(stream: bytes) -> tuple[bytes, bool]:
    """RFC 5321 §4.5.2 line by line, the slow way."""
    lines = stream.split(b"\r\n")
    message = b"\r\n".join(line.removeprefix(b".") for line in lines[: lines.index(b".")])
    message += b"\r\n" if lines.index(b".") else b""
    plain = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return plain, plain != message


@settings(max_examples=300, deadline=None)
@given(
    body=st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"a", b"..", b"\x00", b"\r\n.", b"x" * 40])).map(
        b"".join
    ),
    cuts=st.lists(st.integers(0, 200), max_size=6),
    buffer=st.integers(8, 64),
)
async def test_reader_agrees_with_the_slow_way(body: bytes, cuts: list[int], buffer: int) -> None:
    """Whatever the octets and however they are cut, the result is that of a line-by-line reading, and what follows
    stays unread.
    """
    stream = body + b"\r\n.\r\n" + b"QUIT\r\n"
    reader = asyncio.StreamReader(limit=buffer)
    data.prime(reader)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    reading = asyncio.ensure_future(_read(reader))
    for start, end in pairwise(places):
        reader.feed_data(stream[start:end])
        await asyncio.sleep(0)
    reader.feed_eof()
    received = await reading
    assert isinstance(received, data.Received)
    assert (received.data, received.bare_line_ends) == _reference(stream)
    end = (b"\r\n" + stream).index(data.END) - 2 + len(data.END)
    assert await reader.read() == stream[end:]


async def _read(reader: asyncio.StreamReader) -> data.Received | Reply:
    reservation = Room(SMALL).reserve(0)
    assert reservation is not None
    chunks = await data.read(reader, SMALL, reservation)
    return chunks if isinstance(chunks, Reply) else data.prepare(chunks, SMALL)


def test_every_own_reply_is_ascii_and_agrees_with_itself() -> None:
    """Code and enhanced code are of one class, the line is ASCII and short (checked by Reply), and no yes is among the
    refusals.
    """
    own = {name: value for name, value in vars(replies).items() if isinstance(value, Reply)}
    assert len(own) > 30
    assert {name for name, reply in own.items() if reply.code < 400} == {
        "OK",
        "BYE",
        "GO_AHEAD",
        "CANNOT_VERIFY",
        "HELP",
    }
