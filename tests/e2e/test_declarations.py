"""`confirm`: resent with its reference and OK in the subject, the same message passes once; nothing certain, forged, altered or late does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mss_guard.core.model import Level, Measure, Why
from tests.core.detect.resent import CLIENTS, TEXT, gmail, outlook
from tests.e2e.rooms import ORDINARY, SENDER, House, house
from tests.e2e.test_approvals import OTHER, command, refused, send
from tests.fake_hop import FakeHop, Say, until

CONFIRM = {Level.CERTAIN: Measure.REFUSE, Level.LIKELY: Measure.CONFIRM, Level.POSSIBLE: Measure.NOTE}


def confirming(guarded: House, **changes: Any) -> None:
    held = guarded.service.judgement.state
    unreadable = {**held.knowledge.settings.unreadable, Why.DAMAGED: Measure.CONFIRM}  # the invented PDF is one
    given: dict[str, Any] = {
        "unreadable": unreadable,
        "levels": CONFIRM,
        "confirm": "sender",
        "refusal": "reject+notice",
        **changes,
    }
    settings = replace(held.knowledge.settings, **given)
    guarded.service.judgement.state = replace(held, knowledge=replace(held.knowledge, settings=settings))


def declared(body: bytes, ref: str) -> bytes:
    return re.sub(rb"Subject: [^\r\n]*", b"Subject: Point " + ref.encode() + b" OK", body, count=1)


def why(guarded: House) -> str | None:
    return [r.get("why") for r in guarded.records("exception") if r["what"] == "declaration-refused"][-1]


async def test_a_declared_message_passes_once_from_whatever_client(tmp_path: Path) -> None:
    """Five clients, five a day; the decision names the reference, and the DPO's list counts them by rule."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        confirming(guarded)
        for name, client in CLIENTS.items():
            ref = await refused(guarded, outlook())
            assert (await send(guarded, declared(client(), ref))).startswith("250 2.0.0 Ok: queued"), name
            assert guarded.records("decision")[-1]["declared"] == ref
            assert (await send(guarded, declared(client(), ref))).startswith("550 5.7.1"), name
            assert why(guarded) == "replayed"
        sixth = await refused(guarded, outlook())
        assert (await send(guarded, declared(outlook(), sixth))).startswith("550 5.7.1")
        assert why(guarded) == "too-many"
        status, said = await command(guarded, "declared")
        assert (status, said.count("MSSG-")) == (0, 5), said
        letters = [one.body for one in hop.taken if one.mail == b"MAIL FROM:<>"]
        assert letters
        assert all(b" OK" in one for one in letters)


async def test_what_a_declaration_does_not_cover(tmp_path: Path) -> None:
    """Forged, somebody else's, other recipients, other words, late: refused and on record; fewer recipients and a lost answer are not."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        confirming(guarded, refusal="reject")
        ref = await refused(guarded, outlook(), ORDINARY, OTHER)
        tries = {
            "unknown": send(guarded, declared(outlook(), "MSSG-2222-2222")),
            "recipients": send(guarded, declared(outlook(), ref), "tiers@messagerie-ordinaire.example"),
            "content": send(guarded, declared(outlook(TEXT.replace("lundi", "mardi")), ref)),
        }
        for expected, how in tries.items():
            assert (await how).startswith("550 5.7.1"), expected
            assert why(guarded) == expected
        assert (await send(guarded, declared(outlook(), ref), sender="cadre@ehpad-les-tilleuls.fr")).startswith(
            "550 5.7.1"
        )
        assert why(guarded) == "unknown"
        hop.script = {"dot": Say(b"451 4.3.0 plus tard\r\n")}
        assert (await send(guarded, declared(gmail(), ref), OTHER)).startswith("451")
        hop.script = {}
        assert (await send(guarded, declared(gmail(), ref), OTHER)).startswith("250")
        late = await refused(guarded, outlook())
        guarded.service.judgement._clock = lambda: datetime.now(UTC) + timedelta(hours=25)
        assert (await send(guarded, declared(outlook(), late))).startswith("550 5.7.1")
        assert why(guarded) == "expired"


async def test_a_certainty_is_not_for_the_sender_to_declare_away(tmp_path: Path) -> None:
    """HL7, whatever the settings say; nor under `off` or `approver`, where nothing is offered."""
    hl7 = (
        b"From: x@y.example\r\nSubject: essai\r\n\r\nMSH|^~\\&|LABO|CH|DPI|CH|20260302||ORU^R01|1|P|2.5\r\nPID|1||123||ZYXWVUT^Anne||19380312|F\r\n"
        b"OBR|1|||GLY\r\nOBX|1|NM|GLY^Glycemie||8.2|mmol/L\r\n"
    )
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        confirming(guarded, levels=dict.fromkeys(CONFIRM, Measure.CONFIRM))
        ref = await refused(guarded, hl7)
        assert guarded.records("decision")[-1]["level"] == "certain"
        assert (await send(guarded, declared(hl7, ref))).startswith("550 5.7.1")
        for setting in ("off", "approver"):
            confirming(guarded, confirm=setting)
            ref = await refused(guarded, outlook())
            assert (await send(guarded, declared(outlook(), ref))).startswith("550 5.7.1")
            assert why(guarded) == "unknown"
        await until(lambda: hop.taken)
        letters = [one.body for one in hop.taken if one.mail == b"MAIL FROM:<>"]
        assert all(SENDER.encode() in one and b" OK" not in one for one in letters)
        assert not [one for one in hop.taken if one.mail != b"MAIL FROM:<>"]
