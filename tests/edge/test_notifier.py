"""The notifier against a hand-written hop: what is sent, what is not, and what is said of it."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from mss_guard.core.model import Address, HopReply
from mss_guard.edge.next_hop import DnsResolver, HopPool
from mss_guard.edge.notifier import Notice, Notifier, NotifierSettings, Posted, Send, Summary
from tests.edge.next_hop_kit import settings
from tests.fake_hop import FakeHop, Say, until

YES = HopReply(250, b"250 2.0.0 oui\r\n")
AGENT = b"Agent.Secret@ehpad.test"


class Hop:
    """Keeps what it was given; answers `reply`, after `gate` is open."""

    def __init__(self, reply: HopReply = YES) -> None:
        self.sent: list[tuple[bytes, bytes, bytes]] = []
        self.reply = reply
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, mail_line: bytes, rcpt_line: bytes, body: bytes) -> HopReply:
        await self.gate.wait()
        if body == b"bug":
            raise RuntimeError(AGENT.decode())
        self.sent.append((mail_line, rcpt_line, body))
        return self.reply


def address(raw: bytes) -> Address:
    local, _, domain = raw.decode().partition("@")
    return Address(raw, local, domain)


def notice(number: int, sender: bytes = AGENT, body: bytes = b"Avis\r\n") -> Notice:
    return Notice(address(sender), body, f"MSSG-{number:04}", f"<{number}@ehpad.test>")


def summarise(summary: Summary) -> bytes:
    return f"{summary.count}: {' '.join(summary.references)}\r\n".encode()


def notifier(hop: Send, **changes: float) -> Notifier:
    made = Notifier(hop, summarise, NotifierSettings(**changes))  # type: ignore[arg-type]
    made.start()
    return made


async def test_a_notice_goes_out_with_the_null_return_path() -> None:
    """One recipient, the bytes as given, and `told` hears the answer."""
    hop, told = Hop(), []
    made = Notifier(hop, summarise, told=lambda reference, reply: told.append((reference, reply.code)))
    made.start()
    assert made.post(notice(1)) is Posted.QUEUED
    assert await made.drain(1) == 0
    assert hop.sent == [(b"MAIL FROM:<>", b"RCPT TO:<" + AGENT + b">", b"Avis\r\n")]
    assert told == [("MSSG-0001", 250)]


async def test_extensions_are_asked_for_where_needed() -> None:
    """8-bit bytes in the body ask for 8BITMIME, in the address for SMTPUTF8."""
    hop = Hop()
    made = notifier(hop)
    made.post(notice(1, "rené@ehpad.test".encode(), "é\r\n".encode()))
    await made.drain(1)
    assert hop.sent[0][0] == b"MAIL FROM:<> BODY=8BITMIME SMTPUTF8"


async def test_at_most_one_notice_a_message() -> None:
    """The same message again, under another reference, gets none."""
    hop = Hop()
    made = notifier(hop)
    again = Notice(address(AGENT), b"Avis\r\n", "MSSG-9999", notice(1).message)
    assert [made.post(one) for one in (notice(1), again, notice(2))] == [Posted.QUEUED, Posted.REPEATED, Posted.QUEUED]
    await made.drain(1)
    assert len(hop.sent) == 2


async def test_twenty_an_hour_then_one_summary() -> None:
    """Beyond the cap a sender gets one summary at the end of the hour; other senders are not touched by it."""
    hop = Hop()
    made = notifier(hop, window=0.2)
    posted = [made.post(notice(n, AGENT.upper() if n % 2 else AGENT)) for n in range(26)]
    assert posted == [Posted.QUEUED] * 20 + [Posted.SUMMED] * 6
    assert made.post(notice(50, b"autre@ehpad.test")) is Posted.QUEUED
    await until(lambda: len(hop.sent) == 22)
    held = " ".join(f"MSSG-{n:04}" for n in range(20, 26))
    assert hop.sent[-1] == (b"MAIL FROM:<>", b"RCPT TO:<" + AGENT + b">", f"6: {held}\r\n".encode())
    assert made.post(notice(51)) is Posted.QUEUED
    await made.drain(1)
    assert len(hop.sent) == 23


async def test_a_stop_sends_what_is_due() -> None:
    """Drain sends queue and summaries at once, and takes no more."""
    hop = Hop()
    made = notifier(hop, per_sender=1)
    for number in range(3):
        made.post(notice(number))
    assert await made.drain(1) == 0
    assert [body for _, _, body in hop.sent] == [b"Avis\r\n", b"2: MSSG-0001 MSSG-0002\r\n"]
    assert made.post(notice(9)) is Posted.CLOSED


async def test_a_stop_is_bounded() -> None:
    """A hop that hangs holds the stop no longer than it was given; what is lost is counted."""
    hop = Hop()
    hop.gate.clear()
    made = notifier(hop)
    for number in range(3):
        made.post(notice(number))
    start = asyncio.get_running_loop().time()
    assert await made.drain(0.1) == 2
    assert asyncio.get_running_loop().time() - start < 0.5


async def test_the_queue_and_the_senders_are_bounded() -> None:
    """What does not fit is lost, and said so; a message that was not told may be told later."""
    hop = Hop()
    made = Notifier(hop, summarise, NotifierSettings(queue=2, senders=1))
    assert [made.post(notice(n)) for n in range(3)] == [Posted.QUEUED, Posted.QUEUED, Posted.FULL]
    assert made.post(notice(4, b"autre@ehpad.test")) is Posted.FULL
    made.start()
    await until(lambda: len(hop.sent) == 2)
    assert made.post(notice(2)) is Posted.QUEUED
    await made.drain(1)


@pytest.mark.parametrize("body", [b"Avis\r\n", b"bug"])
async def test_a_lost_notice_loses_nothing_and_logs_no_address(body: bytes) -> None:
    """A refusal or a bug is one log line without address; the next notice goes out."""
    hop = Hop(HopReply(550, b"550 5.1.1 <" + AGENT + b"> inconnu\r\n"))
    with capture_logs() as lines:
        made = notifier(hop)
        made.post(notice(1, body=body))
        made.post(notice(2))
        await made.drain(1)
    assert [line["event"] for line in lines] == ["notice.lost", "notice.lost"]
    assert b"secret" not in str(lines).lower().encode()
    assert len(hop.sent) == (1 if body == b"bug" else 2)


async def test_through_the_real_door() -> None:
    """HopPool.submit is a Send: the notice arrives byte for byte, and a refusal is an answer."""
    async with FakeHop(script={"rcpt": [None, Say(b"550 5.1.1 non\r\n")]}) as server:
        hops = HopPool(settings(server.port), DnsResolver())
        codes: list[int] = []
        made = Notifier(hops.submit, summarise, told=lambda reference, reply: codes.append(reply.code))
        made.start()
        made.post(notice(1, body=b"Objet: avis\r\n\r\n.\r\n"))
        made.post(notice(2))
        await made.drain(2)
        await hops.close(1)
        assert codes == [250, 550]
        assert [(taken.mail, taken.body) for taken in server.taken] == [(b"MAIL FROM:<>", b"Objet: avis\r\n\r\n.\r\n")]
