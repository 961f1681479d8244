"""A fault of ours is told within seconds, mail flows again after one command, and both sides count the same messages."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mss_guard import vigil
from tests.e2e.rooms import MENU, House, house
from tests.fake_hop import FakeHop, Taken, until

MODULE = "tests.e2e.told_inspection"
PEOPLE = "support@ehpad-les-tilleuls.fr", "dpo@ehpad-les-tilleuls.fr"
DEAD = b"X-Do: signal SIGKILL\r\n" + MENU
SOON = 5.0  # seconds within which whoever looks after the guard must have been told


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vigil, "PACE", 0.1)


def letters(hop: FakeHop) -> list[tuple[str, str, str]]:
    """(to, subject, text) of what the guard wrote of itself (the journal's witness writes too)."""
    return [_letter(one) for one in hop.taken if b"Message-ID: <guet." in one.body]


def _letter(taken: Taken) -> tuple[str, str, str]:
    message = email.message_from_bytes(taken.body, policy=email.policy.default)
    return str(message["To"]), str(message["Subject"]), message.get_content()


def mails(hop: FakeHop) -> int:
    """Messages of others that the hop took."""
    return sum(not one.mail.startswith(b"MAIL FROM:<>") for one in hop.taken)


async def command(guarded: House, *arguments: str) -> tuple[int, str]:
    """`mss-guard bypass …` as an administrator calls it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mss_guard", "bypass", *arguments, "-c", str(guarded.folder / "mss-guard.yaml"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def with_dpo(guarded: House) -> None:
    """A DPO beside the contact, as a reload would bring it."""
    held = guarded.service._loaded
    dpo = held.settings.structure.dpo.model_copy(update={"email": PEOPLE[1]})
    structure = held.settings.structure.model_copy(update={"dpo": dpo})
    settings = held.settings.model_copy(update={"structure": structure})
    guarded.service._loaded = type(held)(settings, *(getattr(held, n) for n in held.__slots__[1:]))  # type: ignore[attr-defined]


def counted(guarded: House, hop: FakeHop) -> tuple[int, int, int]:
    """Uninspected messages: by the journal's decisions, by its outcomes, by the hop beyond what was inspected."""
    decisions = [r for r in guarded.records("decision") if r.get("uninspected") in ("bypass", "fault")]
    relayed = {r["ref"] for r in guarded.records("outcome") if r["outcome"] == "relayed"}
    inspected = {r["ref"] for r in guarded.records("decision") if r.get("uninspected") not in ("bypass", "fault")}
    return len(decisions), len({d["ref"] for d in decisions} & relayed), mails(hop) - len(inspected & relayed)


async def test_dead_workers_are_told_and_one_command_lets_mail_flow(tmp_path: Path) -> None:
    """The contact within seconds; contact and DPO of the bypass at its start and end; row 6 still holds; then mail is inspected again."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        with_dpo(guarded)
        started = time.monotonic()
        assert (await guarded.attempt(body=DEAD))[-1].startswith("451 4.3.0")
        await until(lambda: letters(hop), within=SOON)
        took = time.monotonic() - started
        to, subject, text = letters(hop)[0]
        assert (to, took < SOON) == (PEOPLE[0], True)
        assert "courrier en attente" in subject
        assert "mss-guard bypass on --for 2h" in text

        status, said = await command(guarded, "on", "--for", "1h", "--by", "M. Duval", "--reason", "travailleurs morts")
        assert (status, "pris en compte" in said) == (0, True), said
        for _ in range(3):
            assert (await guarded.attempt(body=DEAD))[-1].startswith("250")
        await until(lambda: len(letters(hop)) >= 3)
        assert {to for to, subject, _ in letters(hop) if "SANS EXAMEN" in subject} == set(PEOPLE)
        await until(lambda: counted(guarded, hop) == (3, 3, 3))

        status, said = await command(guarded, "status")
        assert (status, "uninspected: 3" in said, "M. Duval" in said) == (0, True, True), said
        assert (await command(guarded, "off"))[0] == 0
        assert (await command(guarded, "status"))[0] == 1
        assert (await guarded.attempt(body=DEAD))[-1].startswith("451 4.3.0")
        assert (await guarded.attempt())[-1].startswith("250")
        await until(lambda: sum("de nouveau examiné" in subject for _, subject, _ in letters(hop)) == 2)
    assert [(r["what"], r["uninspected"]) for r in guarded.records("bypass")] == [("on", 0), ("off", 3)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB where the journal will stand."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    place = tmp_path / "journal"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(place)], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


async def test_a_full_journal_is_told_and_the_reserve_lets_mail_flow(tmp_path: Path, small_disk: Path) -> None:
    """No message passes without its record even then: the bypass gives the records room that was kept for them."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        await until(lambda: (small_disk / ".reserve").exists())
        with (small_disk / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        started = time.monotonic()
        while (await guarded.attempt())[-1].startswith("250"):  # what still fits into the last block
            assert time.monotonic() - started < 20
        started = time.monotonic()
        await until(lambda: letters(hop), within=SOON)
        assert time.monotonic() - started < SOON
        assert "le journal ne peut pas être écrit" in letters(hop)[0][2]
        before = mails(hop)
        assert (await guarded.attempt())[-1].startswith("451 4.3.0")
        status, said = await command(guarded, "on", "--for", "1h", "--reason", "disque plein")
        assert status == 0, said
        for _ in range(5):
            assert (await guarded.attempt())[-1].startswith("250")
        assert mails(hop) == before + 5
        await until(lambda: counted(guarded, hop) == (5, 5, 5))


async def test_an_old_list_is_told_and_the_last_good_one_serves(tmp_path: Path) -> None:
    """Health mail to a listed domain waits while the list is too old; one command, and it flows by the last good list."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        _age(guarded)
        started = time.monotonic()
        assert (await _secure(guarded))[-1].startswith("451 4.3.0")
        await until(lambda: letters(hop), within=SOON)
        assert time.monotonic() - started < SOON
        assert "liste blanche" in letters(hop)[0][1]
        status, said = await command(guarded, "on", "--for", "1h", "--reason", "liste trop ancienne")
        assert status == 0, said
        assert (await _secure(guarded))[-1].startswith("250")
        await until(lambda: counted(guarded, hop)[:2] == (1, 1))
        # rows 1 to 6 hold: a secure box still does not write to an ordinary address
        assert (await _secure(guarded, to="qui@messagerie-ordinaire.example"))[-1].startswith("550 5.7.1")


def _age(guarded: House) -> None:
    from dataclasses import replace

    held = guarded.service.judgement.state
    space = held.knowledge.space
    assert space.confirmed_at is not None
    old = replace(held.knowledge, space=replace(space, confirmed_at=space.confirmed_at - timedelta(days=40)))
    guarded.service.judgement.state = replace(held, knowledge=old)


async def _secure(guarded: House, to: str = "accueil@ch-valombreuse.mssante.fr") -> list[str]:
    """A secure box of the structure writes: whether it may hangs on the list."""
    client = await guarded.client()
    try:
        heard = [
            await client.say(line)
            for line in ("MAIL FROM:<accueil@ehpad-les-tilleuls.mssante.fr>", f"RCPT TO:<{to}>", "DATA")
        ]
        await client.send(MENU + b".\r\n")
        return [*heard, await client.reply()]
    finally:
        client.drop()


async def test_relay_traced_lets_mail_through_after_its_time(tmp_path: Path) -> None:
    """`fault: relay-traced`: deferred at first, relayed and written down as uninspected once the fault has lasted; a success closes it."""
    async with FakeHop() as hop, house(tmp_path, hop.port, inspection=MODULE) as guarded:
        _traced(guarded, timedelta(seconds=1))
        assert (await guarded.attempt(body=DEAD))[-1].startswith("451 4.3.0")
        await asyncio.sleep(1.1)
        assert (await guarded.attempt(body=DEAD))[-1].startswith("250")
        assert (await guarded.attempt())[-1].startswith("250")
        assert (await guarded.attempt(body=DEAD))[-1].startswith("451 4.3.0")
    told = [(r["action"], r.get("uninspected")) for r in guarded.records("decision")]
    assert told == [("defer", None), ("relay", "fault"), ("relay", None), ("defer", None)]


def _traced(guarded: House, after: timedelta) -> None:
    from dataclasses import replace

    held = guarded.service.judgement.state
    settings = replace(held.knowledge.settings, fault="relay-traced", fault_after=after)
    guarded.service.judgement.state = replace(held, knowledge=replace(held.knowledge, settings=settings))
