"""The one-shot approval: one message passes, once, for that sender, those recipients or fewer, that content; nothing else does."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.core.detect.resent import CLIENTS, TEXT, outlook
from tests.e2e.rooms import ORDINARY, SENDER, House, house
from tests.fake_hop import FakeHop, Say, until

OTHER = "autre@messagerie-ordinaire.example"


async def send(guarded: House, body: bytes, *to: str, sender: str = SENDER) -> str:
    """The last word."""
    client = await guarded.client()
    try:
        await client.say(f"MAIL FROM:<{sender}> BODY=8BITMIME")
        for one in to or (ORDINARY,):
            await client.say(f"RCPT TO:<{one}>")
        await client.say("DATA")
        await client.send(body + b"\r\n.\r\n")
        return await client.reply()
    finally:
        client.drop()


async def command(guarded: House, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mss_guard", "exceptions", *arguments, "-c", str(guarded.folder / "mss-guard.yaml"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def refused(guarded: House, body: bytes, *to: str) -> str:
    """Sends, and returns the reference of the refusal."""
    said = await send(guarded, body, *to)
    found = re.match(r"550 5\.7\.1 (MSSG-\w{4}-\w{4}) ", said)
    assert found, said
    return found[1]


async def approved(guarded: House, body: bytes, *to: str) -> str:
    ref = await refused(guarded, body, *to)
    status, said = await command(guarded, "approve", ref, "--by", "Dr Duval", "--reason", "vérifié par téléphone")
    assert status == 0, said
    return ref


def told(guarded: House) -> list[tuple[str, str | None]]:
    return [(r["what"], r.get("why")) for r in guarded.records("exception")]


async def test_a_message_passes_once_from_whatever_client_it_comes_again(tmp_path: Path) -> None:
    """Approved as Outlook sent it; from each client it passes, the second time it is refused."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        for number, (name, client) in enumerate(CLIENTS.items(), 1):
            ref = await approved(guarded, outlook())
            said = await send(guarded, client())
            assert said.startswith("250 2.0.0 Ok: queued"), (name, said)
            assert len(hop.taken) == number
            assert (await send(guarded, client())).startswith("550 5.7.1"), name
            assert guarded.records("decision")[-2]["approved"] == ref
        status, said = await command(guarded, "approve", ref, "--by", "Dr Duval", "--reason", "encore une fois")
        assert (status, "a déjà servi" in said) == (1, True)


async def test_what_waits_is_not_approved_twice(tmp_path: Path) -> None:
    """The second approval says that one waits, and stands nowhere in the journal."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        ref = await approved(guarded, outlook())
        status, said = await command(guarded, "approve", ref, "--by", "Dr Duval", "--reason", "encore une fois")
        assert (status, "attend déjà" in said) == (1, True), said
        assert [what for what, _ in told(guarded)] == ["approved"]


async def test_only_that_message_passes(tmp_path: Path) -> None:
    """Another sender, another recipient, one more, another word: refused, and the approval waits; fewer recipients: it passes."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        await approved(guarded, outlook(), ORDINARY, OTHER)
        for how in (
            send(guarded, outlook(), sender="cadre@ehpad-les-tilleuls.fr"),
            send(guarded, outlook(), "tiers@messagerie-ordinaire.example"),
            send(guarded, outlook(), ORDINARY, OTHER, "tiers@messagerie-ordinaire.example"),
            send(guarded, outlook(TEXT.replace("lundi", "mardi"))),
        ):
            assert (await how).startswith("550 5.7.1")
        assert not hop.taken
        assert (await send(guarded, outlook(), OTHER)).startswith("250")
        assert (await command(guarded, "list"))[0] == 1
        await until(lambda: ("used", None) in told(guarded))
    assert told(guarded) == [("approved", None), ("not-matching", "content"), ("used", None)]


async def test_what_the_hop_does_not_take_gives_the_approval_back(tmp_path: Path) -> None:
    """451 or 550 to the dot, a full journal or a crash spend nothing."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        await approved(guarded, outlook())
        for answer in (b"451 4.3.0 plus tard\r\n", b"554 5.6.0 non\r\n"):
            hop.script = {"dot": Say(answer)}
            assert (await send(guarded, outlook())).startswith(answer[:3].decode())
        hop.script = {}
        assert (await send(guarded, outlook())).startswith("250")
    assert [what for what, _ in told(guarded)].count("given-back") == 2


async def test_two_at_once_are_one(tmp_path: Path) -> None:
    """The claim has one winner."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        await approved(guarded, outlook())
        said = await asyncio.gather(*(send(guarded, outlook()) for _ in range(4)))
        assert sorted(one[:3] for one in said) == ["250", "550", "550", "550"]


async def test_forged_replayed_expired_and_altered_files_open_nothing(tmp_path: Path) -> None:
    """Each is put aside, and stands in the journal with its why; the document stays in the house."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        place = tmp_path / "state" / "passes"
        ref = await approved(guarded, outlook())
        good = (place / f"{ref}.json").read_bytes()
        body: dict[str, Any] = json.loads(good)
        (place / f"{ref}.json").unlink()

        async def tried(content: bytes, name: str = ref) -> str | None:
            (place / f"{name}.json").write_bytes(content)
            assert (await send(guarded, outlook())).startswith("550 5.7.1")
            assert not list(place.glob("*.json"))
            await until(lambda: guarded.records("exception")[-1]["what"] == "spoilt")
            return told(guarded)[-1][1]

        assert await tried(b"{}") == "forged"
        later = (datetime.now(UTC) + timedelta(days=300)).isoformat()
        assert await tried(json.dumps({**body, "until": later}).encode()) == "forged"
        assert await tried(json.dumps({**body, "recipients": [*body["recipients"], "x:y"]}).encode()) == "forged"
        assert await tried(good, "MSSG-2222-2222") == "forged"
        assert not hop.taken
        (place / f"{ref}.json").write_bytes(good)
        assert (await send(guarded, outlook())).startswith("250")
        assert await tried(good) == "replayed"
        second = await refused(guarded, outlook())
        assert (await command(guarded, "approve", second, "--by", "Dr Duval", "--reason", "bref", "--for", "1s"))[
            0
        ] == 0
        await asyncio.sleep(1.1)
        assert await tried((place / f"{second}.json").read_bytes(), second) == "expired"


async def test_what_cannot_be_approved(tmp_path: Path) -> None:
    """An unknown reference, a message that was not refused, a refusal for the addresses, evidence that the digest does not cover."""
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        await send(guarded, b"Subject: menu\r\n\r\nLe menu.\r\n")
        fine = guarded.records("decision")[-1]["ref"]
        box = re.search(
            r"MSSG-\w{4}-\w{4}", await send(guarded, outlook(), sender="accueil@ehpad-les-tilleuls.mssante.fr")
        )
        subject = await refused(
            guarded,
            f"Subject: {TEXT[:200]}\r\n\r\nVoir objet.".replace("\n\n", " ").encode().replace(b"Voir", b"\r\n\r\nVoir"),
        )
        assert box is not None
        for ref in ("MSSG-2222-2222", fine, box[0], subject):
            status, said = await command(guarded, "approve", ref, "--by", "Dr Duval", "--reason", "essai")
            assert status == 1, (ref, said)
        assert not (tmp_path / "state" / "passes").exists()


async def test_a_dated_exception_is_taken_up_counted_and_revoked(tmp_path: Path) -> None:
    """Added by command, in force with the next look at the lists, its hits counted; revoked, the message is refused again."""
    note = outlook(TEXT)
    plain = (
        b"Subject: Point\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + TEXT.replace("\n", "\r\n").encode()
    )
    until_day = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    about = (
        "--from",
        SENDER,
        "--to",
        "messagerie-ordinaire.example",
        "--until",
        until_day,
        "--by",
        "Dr Duval",
        "--reason",
        "essai encadré",
    )
    async with FakeHop() as hop, house(tmp_path, hop.port) as guarded:
        ref = await refused(guarded, plain)
        word = ("--by", "Dr Duval", "--reason", "aucune donnée de santé")
        assert (await command(guarded, "false-positive", "MSSG-2222-2222", *word))[0] == 1
        assert (await command(guarded, "false-positive", ref, *word))[0] == 0
        assert guarded.records("exception")[-1]["ref"] == ref
        assert (await command(guarded, "add", *about, "--level", "certain"))[0] == 2
        status, said = await command(guarded, "add", *about)
        assert status == 0, said
        name = said.split()[0]
        assert await guarded.service._relist()
        assert (await send(guarded, plain)).startswith("250")
        assert guarded.records("decision")[-1]["exceptions"] == [name]
        await refused(guarded, note)  # its PDF cannot be read
        status, said = await command(guarded, "list", "--json")
        assert (status, json.loads(said)["hits"], json.loads(said)["remove"]) == (0, 1, False)
        assert (await command(guarded, "revoke", name, "--by", "Dr Duval", "--reason", "fin de l'essai"))[0] == 0
        assert await guarded.service._relist()
        await refused(guarded, plain)
    assert [what for what, _ in told(guarded)] == ["false-positive", "added", "removed"]
