"""Connections of the front: caps, time limits, shutdown, and what never reaches a log."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import logging.config
import socket
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs

from mss_guard.edge.smtp_server.settings import client_address, within
from tests.edge.smtp_fakes import REFUSED, SMALL, Client, FakeHop, FakeJudge, House, hop_says, house


async def test_connections_are_capped_in_all_and_per_client() -> None:
    """One too many is told 421 4.7.0, and a place that is left can be taken again."""
    for limits in (dataclasses.replace(SMALL, connections=2), dataclasses.replace(SMALL, per_client=2)):
        async with house(limits) as h:
            first, _second = await h.client(), await h.client()
            third = await h.connect()
            assert (await third.reply()).startswith("421 4.7.0")
            assert await third.closed()
            await first.say("QUIT")
            assert await first.closed()
            await asyncio.sleep(0.02)
            assert (await h.client()) is not None
            assert h.front.said["421 4.7.0"] == 1


async def test_only_allowed_networks_get_in() -> None:
    """Another client is told 554 5.7.1 and costs no session."""
    async with house(allow=(ip_network("192.0.2.0/24"),)) as h:
        client = await h.connect()
        assert (await client.reply()).startswith("554 5.7.1")
        assert await client.closed()
        assert h.front.room.connections == 0


@pytest.mark.parametrize(
    ("peer", "network", "inside"),
    [
        ("192.0.2.7", "192.0.2.0/24", True),
        ("::ffff:192.0.2.7", "192.0.2.0/24", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("fe80::1%eth0", "fe80::/10", True),
        ("2001:db8::1", "0.0.0.0/0", False),
    ],
)
def test_networks(peer: str, network: str, inside: bool) -> None:
    """An IPv4 client of a dual-stack socket is an IPv4 client; a zone is not part of the address."""
    assert within(client_address(peer), (ip_network(network),)) is inside


async def test_a_client_that_speaks_before_the_greeting_is_sent_away() -> None:
    """Octets before the 220 mean a client that does not listen."""
    async with house() as h:
        early = socket.create_connection(
            ("127.0.0.1", h.front.port)
        )  # blocking: the octets come before the loop's turn
        early.sendall(b"EHLO x\r\n")
        client = Client(*await asyncio.open_connection(sock=early))
        assert (await client.reply()).startswith("554 5.5.0")
        assert await client.closed()


async def test_a_client_that_does_not_wait_for_the_354_is_sent_away() -> None:
    """Octets behind DATA before the 354 are out of step: 554 and the end, and nothing of them is a message."""
    async with house() as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>")
        await client.send(b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n")
        assert (await client.reply()).startswith("554 5.5.0")
        await h.settled()
        assert (h.hop.last.abandoned, h.judge.seen) == (1, [])


async def test_commands_sent_together_are_answered_in_order() -> None:
    """PIPELINING is not offered, but MAIL and RCPT sent together do no harm."""
    async with house() as h:
        client = await h.client()
        await client.send(b"MAIL FROM:<a@t.fr>\r\nRCPT TO:<b@x.fr>\r\nRSET\r\nNOOP\r\n")
        assert [(await client.reply())[:9] for _ in range(4)] == ["250 2.1.0", "250 2.1.5", "250 2.0.0", "250 2.0.0"]


async def test_silence_ends_with_421() -> None:
    """A command that does not come in time, and a message that stops in the middle: 421 4.4.2, the hop is left."""
    async with house(dataclasses.replace(SMALL, command_timeout=0.1)) as h:
        client = await h.client()
        await client.say("MAIL FROM:<a@t.fr>")
        assert (await client.reply()).startswith("421 4.4.2")
        assert await client.closed()
        await h.settled()
        assert h.hop.last.abandoned == 1
    async with house(dataclasses.replace(SMALL, data_idle_timeout=0.1)) as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        await client.send(b"Subject: x\r\n")
        assert (await client.reply()).startswith("421 4.4.2")
        await h.settled()
        assert h.hop.last.abandoned == 1
        assert h.front.room.free == SMALL.bytes_in_flight


async def test_a_slow_upload_is_not_silence_but_not_for_ever() -> None:
    """Every octet renews the idle limit; the limit on the whole upload ends a drip."""
    async with house(dataclasses.replace(SMALL, data_idle_timeout=0.15, command_timeout=0.15)) as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        for _ in range(6):
            await client.send(b"x")
            await asyncio.sleep(0.06)
        assert (await client.say("\r\n.")).startswith("250")
    async with house(dataclasses.replace(SMALL, data_timeout=0.2)) as h:
        client = await h.client()
        await client.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        for _ in range(3):
            await client.send(b"x")
            await asyncio.sleep(0.03)
        assert (await client.reply()).startswith("421 4.4.2")


async def test_time_limits_of_the_client_do_not_run_while_we_work() -> None:
    """A slow judge and a slow hop are not the client's silence."""
    wait = asyncio.Event()
    limits = dataclasses.replace(SMALL, command_timeout=0.1, data_idle_timeout=0.1, data_timeout=0.1)
    async with house(limits, judge=FakeJudge(verdict=wait)) as h:
        client = await h.client()
        asyncio.get_running_loop().call_later(0.3, wait.set)
        message = asyncio.create_task(client.message())
        await asyncio.sleep(0.25)
        h.judge.verdict = None
        assert not message.done()
        assert (await message).startswith("250")


async def test_too_many_mistakes_end_the_session() -> None:
    """Mistakes in the protocol are counted, and so are commands that lead nowhere; useful work forgives both."""
    async with house(dataclasses.replace(SMALL, errors=2, idle_commands=3)) as h:
        client = await h.client()
        assert [line[:3] for line in await client.talk("FOO", "FOO", "FOO")] == ["500", "500", "421"]
        client = await h.client()
        assert [line[:3] for line in await client.talk("NOOP", "NOOP", "NOOP")] == ["250", "250", "421"]
        client = await h.client()
        await client.talk("FOO", "FOO")
        assert (await client.message()).startswith("250")
        assert [line[:3] for line in await client.talk("FOO", "FOO", "NOOP")] == ["500", "500", "250"]


async def test_a_command_line_without_end_is_not_read_for_ever() -> None:
    """More than the buffer without a line end: 500 and the end."""
    async with house() as h:
        client = await h.client()
        try:
            await client.send(b"x" * 400_000)
            said = await client.reply()
        except ConnectionError:
            said = ""
        assert said[:3] in {"500", ""}


async def test_quit_in_a_transaction_gives_the_hop_up() -> None:
    """QUIT is answered 221 and the hop is left."""
    async with house() as h:
        client = await h.client()
        await client.say("MAIL FROM:<a@t.fr>")
        assert (await client.say("QUIT")).startswith("221 2.0.0")
        assert await client.closed()
        await h.settled()
        assert h.hop.last.abandoned == 1


async def test_drain_ends_idle_sessions_and_finishes_messages() -> None:
    """SIGTERM: nobody new, 421 to the idle, the hop's word to those in DATA, in judgement or in delivery."""
    wait = asyncio.Event()
    async with house(hop=FakeHop(dot_answer=wait)) as h:
        idle, begun, uploading, delivering = [await h.client() for _ in range(4)]
        await begun.say("MAIL FROM:<a@t.fr>")
        await uploading.talk("MAIL FROM:<a@t.fr>", "RCPT TO:<b@x.fr>", "DATA")
        answer = asyncio.create_task(delivering.message())
        while not any(t.kept for t in h.hop.opened):
            await asyncio.sleep(0.005)
        port = h.front.port
        draining = asyncio.create_task(h.front.drain(5))
        assert (await idle.reply()).startswith("421 4.3.2")
        assert (await begun.reply()).startswith("421 4.3.2")
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        await uploading.send(b"x\r\n.\r\n")
        assert not draining.done()
        wait.set()
        assert (await answer).startswith("250 2.0.0 late")
        assert (await uploading.reply()).startswith("250 2.0.0 late")
        assert (await uploading.reply()).startswith("421 4.3.2")
        assert await draining
        assert len(h.judge.finished) == 2


async def test_drain_says_when_time_was_not_enough_and_cuts_nothing() -> None:
    """A delivery that takes longer than the drain goes on."""
    wait = asyncio.Event()
    async with house(hop=FakeHop(dot_answer=wait)) as h:
        client = await h.client()
        answer = asyncio.create_task(client.message())
        while not (h.hop.opened and h.hop.last.kept):
            await asyncio.sleep(0.005)
        assert not await h.front.drain(0.05)
        h.front.close()
        wait.set()
        assert await h.front.drain(2)
        assert len(h.hop.delivered) == len(h.judge.finished) == 1
        with pytest.raises((ConnectionError, AssertionError)):
            assert await answer


async def _worst_day(h: House) -> None:
    """Everything that could tempt a log: mails, refusals, faults, nonsense, a dying client."""
    client = await h.client()
    await client.message(b"Subject: canari-sujet\r\n\r\ncanari-corps\r\n.\r\n", to=("canari-dest@patient.mssante.fr",))
    h.judge.verdict = REFUSED
    await client.message(b"canari-corps\r\n.\r\n", to=("canari-dest@patient.mssante.fr",))
    h.judge.verdict = RuntimeError("canari-corps")
    await client.message(b"canari-corps\n\r\n.\r\n")
    h.hop.rcpt_answer = OSError("canari-dest")
    await client.talk("MAIL FROM:<canari-exp@t.fr>", "RCPT TO:<canari-dest@x.fr>", "RSET")
    h.hop.rcpt_answer = hop_says("550 5.1.1 <canari-dest@x.fr>: unknown")
    await client.talk(
        "MAIL FROM:<canari-exp@t.fr>", "RCPT TO:<canari-dest@x.fr>", "canari-commande", b"canari-dest\xff"
    )
    client.drop()
    await asyncio.sleep(0.02)
    await h.settled()


async def test_no_log_line_holds_text_or_address(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """With every logger at DEBUG and aiosmtpd's own logger woken up, no canary is in any log or on any stream."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"mail.log": {"level": "DEBUG", "propagate": True}},
        }
    )
    asyncio.get_running_loop().set_debug(True)
    try:
        with caplog.at_level(logging.DEBUG), capture_logs() as logs:
            async with house() as h:
                await _worst_day(h)
    finally:
        asyncio.get_running_loop().set_debug(False)
    streams = capfd.readouterr()
    assert "canari" not in caplog.text + str(logs) + streams.out + streams.err
    assert not [record for record in caplog.records if record.name == "mail.log"]
    assert {entry["event"] for entry in logs} == {"front.fault", "front.deferred", "front.refused"}


async def test_values_that_pass_do_not_show_what_they_hold() -> None:
    """A Submission or Ruling that falls into a log by accident shows no text, no address."""
    async with house() as h:
        await (await h.client()).message(b"canari-corps\r\n.\r\n", to=("canari-dest@x.fr",))
        assert "canari" not in repr(h.judge.seen[0])
        assert "tilleuls" not in repr(h.judge.seen[0])
