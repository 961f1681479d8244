"""A next hop that is down, refuses, hangs or dies, seen by the clients of the whole guard: never a 2xx that the hop did not give."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.rooms import MENU, ORDINARY, SECURE, SENDER, House, house
from tests.fake_hop import Act, Close, FakeHop, Hang, Reset, Say, Stall, free_port

BEFORE = ("connect", "banner", "ehlo")
STAGES = (*BEFORE, "mail", "rcpt", "data", "dot")
FAILURES: dict[str, Act] = {
    "hangs": Hang(),
    "resets": Reset(),
    "closes": Close(),
    "says half a line and dies": Close(b"250 2.0"),
    "is down for the day": Close(b"421 4.3.2 ferme\r\n"),
    "refuses for now": Say(b"450 4.2.0 plus tard\r\n"),
    "refuses for good": Say(b"554 5.7.1 non\r\n"),
    "talks nonsense": Say(b"\xff\xfe\x00 HTTP/1.1 200 OK\r\n"),
    "says the impossible": Say(b"199 2.0.0 bien sur\r\n"),
}
PASSED_ON = {"421 4.3.2 ferme", "450 4.2.0 plus tard", "554 5.7.1 non"}
"""What the hop itself said to MAIL, RCPT, DATA or the dot is handed on."""


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_hop_that_fails_at_any_stage_never_becomes_a_yes(tmp_path: Path, mode: str) -> None:
    """7 stages × 9 failures: the transaction ends in the hop's own refusal or in a 451 of ours, in time, and the hop has no mail."""
    port = free_port()
    async with FakeHop(port=port) as hop, house(tmp_path, port) as guarded:
        assert (await guarded.attempt(mode))[-1].startswith("250 2.0.0 Ok: queued")
        wrong = []
        for stage in STAGES:
            for name, act in FAILURES.items():
                hop.drop_all()
                hop.script = {stage: act}
                before = len(hop.taken)
                async with asyncio.timeout(6):
                    heard = await guarded.attempt(mode)
                last = heard[-1]
                handed_on = last in PASSED_ON and stage not in BEFORE
                if not (handed_on or last.startswith("451 4.")) or len(hop.taken) != before:
                    wrong.append((stage, name, heard))
        assert not wrong
        hop.script = {}
        hop.drop_all()
        assert (await guarded.attempt(mode))[-1].startswith("250 2.0.0 Ok: queued")


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_hop_that_is_down(tmp_path: Path, mode: str) -> None:
    """Nobody listens there from the start: MAIL is answered 451 4.4.1; once it is up, mail flows without a restart."""
    port = free_port()
    async with house(tmp_path, port) as guarded:
        assert (await guarded.attempt(mode))[-1].startswith("451 4.4.1")
        async with FakeHop(port=port):
            for _ in range(20):
                heard = await guarded.attempt(mode)
                if heard[-1].startswith("250"):
                    break
                await asyncio.sleep(0.1)
            assert heard[-1].startswith("250 2.0.0 Ok: queued")


@pytest.mark.parametrize("mode", ["smtp", "lmtp"])
async def test_a_hop_that_dies_while_we_inspect_costs_nothing(tmp_path: Path, mode: str) -> None:
    """Every connection dies between our 354 and our verdict: the transaction is replayed on a new one, and the mail arrives once."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        client = await guarded.client(mode)
        for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ORDINARY}>", f"RCPT TO:<{SECURE}>", "DATA"):
            assert (await client.say(line))[0] in "23"
        await client.send(MENU)
        hop.drop_all()
        await client.send(b".\r\n")
        answers = [await client.reply() for _ in range(2 if mode == "lmtp" else 1)]
        assert all(answer.startswith("250 2.0.0 Ok: queued") for answer in answers)
        assert len(hop.taken) == 1
        assert hop.taken[0].body.endswith(MENU)
        assert len(hop.taken[0].rcpts) == 2


async def test_a_hop_that_dies_while_we_inspect_and_stays_dead(tmp_path: Path) -> None:
    """No replay is possible: 451, not 550, and not lost: the same message passes when the hop is back."""
    port = free_port()
    async with house(tmp_path, port) as guarded:
        async with FakeHop(port=port) as hop:
            await guarded.service.hops.refresh()
            client = await guarded.client()
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ORDINARY}>", "DATA"):
                assert (await client.say(line))[0] in "23"
            await hop.stop()
            await client.send(MENU + b".\r\n")
            assert (await client.reply()).startswith("451 4.4.")
            assert not hop.taken
        async with FakeHop(port=port) as hop:
            assert (await guarded.attempt("smtp"))[-1].startswith("250 2.0.0 Ok: queued")
            assert len(hop.taken) == 1


async def test_an_answer_that_never_comes_is_unknown_in_the_journal(tmp_path: Path) -> None:
    """Our dot is out and the hop is silent: 451 4.4.2, and the outcome says that nobody knows."""
    async with FakeHop(script={"dot": Hang()}) as hop, house(tmp_path, hop.port) as guarded:
        assert (await guarded.attempt("smtp"))[-1].startswith("451 4.4.2")
        folder = guarded.folder
    assert [r["outcome"] for r in House(guarded.service, folder).records("outcome")] == ["unknown"]


async def test_a_hop_that_stops_reading_is_left_without_our_dot(tmp_path: Path) -> None:
    """The body does not leave in time: 451 4.4.5, the connection is dropped, and the hop has half a message and no dot."""
    async with (
        FakeHop(script={"body": Stall()}) as hop,
        house(tmp_path, hop.port, limits={"dot_timeout": 1.5}) as guarded,
    ):
        heard = await guarded.attempt("smtp", MENU + b"Le menu de la semaine est au tableau.\r\n" * 400_000)
        assert heard[-1].startswith("451 4.4.5")
        assert not hop.taken
