"""`refusal: bounce` and `mixed: split`: the sender's report goes first; without it nothing is relayed and nothing is promised."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rooms import ORDINARY, SECURE, SENDER, House, house
from tests.fake_hop import FakeHop, Reset, Say, Taken

HEALTH = (
    b"From: ide@ehpad-les-tilleuls.fr\r\nTo: x@y.example\r\nSubject: Compte rendu de Mme Zyxwvut\r\nDate: Mon, 02 Mar 2026 14:32:00 +0100\r\n"
    b"Message-ID: <m1@tilleuls.test>\r\n\r\nSuite de la consultation de Mme Zyxwvut, n\xc3\xa9e le 12/03/1938 : diab\xc3\xa8te de type 2, "
    b"traitement par insuline, HbA1c 8,2 %. NIR 2 38 03 75 116 001 06.\r\n"
)


def set_policy(guarded: House, **changes: Any) -> None:
    held = guarded.service.judgement.state
    settings = replace(held.knowledge.settings, **changes)
    guarded.service.judgement.state = replace(held, knowledge=replace(held.knowledge, settings=settings))


async def send(
    guarded: House,
    *to: str,
    mode: str = "smtp",
    sender: str = SENDER,
    body: bytes = HEALTH,
    options: str = "",
) -> list[str]:
    """The last words: one over smtp, one a recipient over lmtp."""
    client = await guarded.client(mode)
    try:
        await client.say(f"MAIL FROM:<{sender}> BODY=8BITMIME")
        for one in to:
            assert (await client.say(f"RCPT TO:<{one}>{options}")).startswith("250")
        await client.say("DATA")
        await client.send(body + b".\r\n")
        return [await client.reply() for _ in (to if mode == "lmtp" else [1])]
    finally:
        client.drop()


def reports(hop: FakeHop) -> list[Taken]:
    return [one for one in hop.taken if one.mail == b"MAIL FROM:<>"]


def originals(hop: FakeHop) -> list[Taken]:
    return [one for one in hop.taken if one.mail != b"MAIL FROM:<>"]


async def test_split_tells_the_sender_first_then_relays_to_the_permitted(tmp_path: Path) -> None:
    """One connection: the report, then the replay; the client hears the hop's own last word, and the sender gets one mail."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, mixed="split")
        (said,) = await send(guarded, SECURE, ORDINARY)
        assert said.startswith("250 2.0.0 Ok: queued as 0002")
        told, relayed = hop.taken
        assert (told.rcpts, relayed.rcpts) == ((f"RCPT TO:<{SENDER}>".encode(),), (f"RCPT TO:<{SECURE}>".encode(),))
        assert told.connection == relayed.connection
        assert relayed.body.endswith(HEALTH)
        _is_report_of(told, ORDINARY)
        assert SECURE.encode() not in told.body.replace(b"=\r\n", b"").partition(b"message/delivery-status")[2]
    assert [(r["outcome"]) for r in guarded.records("outcome")] == ["partly-relayed"]
    assert [(r["outcome"], r["notice"], r["recipients"]) for r in guarded.records("notice")] == [("sent", "dsn", 1)]


def _is_report_of(taken: Taken, *refused: str) -> None:
    """RFC 3464, without a word of the message."""
    for word in (b"Zyxwvut", b"diab", b"insuline", b"Compte rendu", b"116 001"):
        assert word not in taken.body
    message = email.message_from_bytes(taken.body, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    assert message["Auto-Submitted"] == "auto-replied"
    human, status, headers = message.iter_parts()
    assert human.get_content_type() == "multipart/alternative"
    assert "MSSG-" in human.get_body(("plain",)).get_content()
    _, *each = status.get_payload()
    assert [one["Final-Recipient"] for one in each] == [f"rfc822; {name}" for name in refused]
    assert all(one["Status"] == "5.7.1" and one["Action"] == "failed" for one in each)
    assert headers.get_content_type() == "text/rfc822-headers"
    assert headers.get_content().splitlines() == [
        "Date: Mon, 02 Mar 2026 14:32:00 +0100",
        "Message-ID: <m1@tilleuls.test>",
    ]


@pytest.mark.parametrize("mixed", ["refuse-all", "split"])
async def test_bounce_over_smtp_answers_250_once_the_report_is_taken(tmp_path: Path, mixed: str) -> None:
    """All refused: one report, one 250 of ours, and the hop saw nothing else."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, refusal="bounce", mixed=mixed)
        (said,) = await send(guarded, ORDINARY)
        assert said.startswith("250 2.0.0 MSSG-")
        (told,) = hop.taken
        _is_report_of(told, ORDINARY)
    assert [r["outcome"] for r in guarded.records("outcome")] == ["bounced"]


async def test_bounce_without_split_reports_everybody(tmp_path: Path) -> None:
    """`refuse-all`: the permitted one receives nothing, so the report names him too."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, refusal="bounce")
        (said,) = await send(guarded, SECURE, ORDINARY)
        assert said.startswith("250 2.0.0 MSSG-")
        assert not originals(hop)
        _is_report_of(reports(hop)[0], SECURE, ORDINARY)


async def test_bounce_over_lmtp_answers_each(tmp_path: Path) -> None:
    """The permitted hears the hop, the refused our 250 after the report; the report names the refused alone."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, refusal="bounce")
        first, second = await send(guarded, SECURE, ORDINARY, mode="lmtp")
        assert first.startswith("250 2.0.0 Ok: queued")
        assert second.startswith("250 2.0.0 MSSG-")
        told, relayed = hop.taken
        _is_report_of(told, ORDINARY)
        assert relayed.rcpts == (f"RCPT TO:<{SECURE}>".encode(),)


REFUSALS: dict[str, dict[str, Any]] = {
    "mail": {"mail": [None, Say(b"451 4.3.0 plus tard\r\n")]},
    "rcpt": {"rcpt": [None, None, Say(b"550 5.1.1 inconnu\r\n")]},
    "data": {"data": Say(b"451 4.3.0 non\r\n")},
    "dot": {"dot": Say(b"554 5.7.1 pas de cela ici\r\n")},
    "lost after our dot": {"dot": Reset()},
    "rset": {"rset": Reset(), "ehlo": [None, Say(b"421 4.3.2 fini\r\n")]},
}


async def test_a_report_that_is_not_taken_leaves_a_plain_refusal(tmp_path: Path) -> None:
    """Whatever the hop says instead of 2xx: nothing is relayed, and the client hears 550."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        for changes in ({"mixed": "split"}, {"refusal": "bounce", "mixed": "refuse-all"}):
            set_policy(guarded, **changes)
            for stage, script in REFUSALS.items():
                hop.script = {name: list(act) if isinstance(act, list) else act for name, act in script.items()}
                (said,) = await send(guarded, SECURE, ORDINARY)
                assert said.startswith("550 5.7.1 MSSG-"), (stage, changes, said)
                assert not originals(hop), (stage, changes)
    assert {r["outcome"] for r in guarded.records("outcome")} == {"refused"}


async def test_a_report_that_is_not_taken_over_lmtp_leaves_the_permitted_alone(tmp_path: Path) -> None:
    """One answer each: the refused hears 550, and the permitted receives as under `reject`."""
    async with (
        FakeHop(script={"rcpt": [None, None, Say(b"550 5.1.1 inconnu\r\n")]}) as hop,
        house(tmp_path, hop.port) as guarded,
    ):
        set_policy(guarded, refusal="bounce")
        first, second = await send(guarded, SECURE, ORDINARY, mode="lmtp")
        assert (first[:3], second[:3]) == ("250", "550")
        assert [one.rcpts for one in hop.taken] == [(f"RCPT TO:<{SECURE}>".encode(),)]


STRANGE: dict[str, dict[str, Any]] = {
    "null sender": {"sender": ""},
    "foreign sender": {"sender": "qui@ailleurs.example"},
    "a list": {"body": b"List-Id: <x.y>\r\n" + HEALTH},
    "automatic": {"body": b"Auto-Submitted: auto-generated\r\n" + HEALTH},
    "no report wanted": {"options": " NOTIFY=NEVER"},
    "only success": {"options": " NOTIFY=SUCCESS"},
}


async def test_where_no_report_may_be_sent_it_is_a_plain_refusal(tmp_path: Path) -> None:
    """Nothing of ours to strangers, lists, automatic mail, the null sender, nor to who said NOTIFY without FAILURE."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        for changes in ({"mixed": "split", "refusal": "reject"}, {"refusal": "bounce", "mixed": "refuse-all"}):
            set_policy(guarded, **changes)
            for who, how in STRANGE.items():
                (said,) = await send(guarded, SECURE, ORDINARY, **how)
                assert said.startswith("550 5.7.1 MSSG-"), (who, changes, said)
                assert not hop.taken, (who, changes)


async def test_a_sender_has_so_many_reports_an_hour(tmp_path: Path) -> None:
    """Beyond the cap of the notices a bounce is a plain refusal."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, refusal="bounce")
        said = [(await send(guarded, ORDINARY, body=HEALTH.replace(b"<m1@", b"<m%d@" % n)))[0][:3] for n in range(22)]
        assert said == ["250"] * 20 + ["550"] * 2


async def test_who_loses_our_answer_is_not_told_twice(tmp_path: Path) -> None:
    """The permitted's hop says 451: the client comes again with the same bytes; the report is not repeated, the message goes."""
    async with (
        FakeHop(script={"dot": [None, Say(b"451 4.3.0 plus tard\r\n")]}) as hop,
        house(tmp_path, hop.port) as guarded,
    ):
        set_policy(guarded, mixed="split")
        assert (await send(guarded, SECURE, ORDINARY))[0].startswith("451 4.3.0 plus tard")
        assert (await send(guarded, SECURE, ORDINARY))[0].startswith("250 2.0.0 Ok: queued")
        assert (len(reports(hop)), len(originals(hop))) == (1, 1)


async def test_the_report_is_judged_clean(tmp_path: Path) -> None:
    """It has no pass: put before the guard itself, nothing is found in it."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        set_policy(guarded, refusal="bounce")
        await send(guarded, ORDINARY)
        body = reports(hop)[0].body
        (said,) = await send(guarded, ORDINARY, body=body)
        assert said.startswith("250 2.0.0 Ok: queued"), said
    assert [r["level"] for r in guarded.records("decision")][-1] == "none"
