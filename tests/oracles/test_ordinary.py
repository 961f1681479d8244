"""Ordinary mail passes: no client's way of writing is called ambiguous or unreadable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.model import Content, State
from tests.oracles import cases, habits, ordinary, programs
from tests.oracles.clients import CLIENTS, Client, write
from tests.oracles.letters import LETTERS


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    formats.warm()


def read(raw: bytes) -> Content:
    return formats.read(mime.parse(raw))


def odd(content: Content) -> list[tuple[str, str]]:
    """Places that are not read, pictures left out: there is no OCR here."""
    return [(p.part, p.why.value) for p in content.places if p.why and not p.type.startswith("image/")]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_client_is_read_whole(client: Client) -> None:
    """Each letter is read without a doubt, and each of its files is a place under its own name."""
    for number, letter in enumerate(LETTERS, 1):
        content = read(write(client, letter, number))
        assert odd(content) == [], letter.title
        names = {name for place in content.places for name in place.name.split(" | ")}
        assert {file.name for file in letter.files} <= names, letter.title
        first = letter.text.partition("\n")[0]
        assert any(first in text.text for text in content.texts), letter.title


@pytest.mark.parametrize(("habit", "raw"), list(habits.made()), ids=[name for name, _ in habits.made()])
def test_habits_of_software_are_no_ambiguity(habit: str, raw: bytes) -> None:
    """What strays from the RFCs and is read alike by all is read."""
    assert odd(read(raw)) == []


@pytest.mark.skipif(bool(programs.missing()), reason=f"missing: {programs.missing()}")
def test_every_program_is_read_whole(tmp_path: Path) -> None:
    """What swaks, s-nail, openssl and Python write is read without a doubt."""
    doubts = {name: odd(read(raw)) for name, raw in programs.made(tmp_path)}
    assert {name: doubt for name, doubt in doubts.items() if doubt} == {}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_a_detached_signature_is_opaque() -> None:
    """A .p7s holds certificates and no content: nothing to read, nothing inside."""
    (seal,) = [place for place in read(cases.signed()).places if "pkcs7" in place.type]
    assert (seal.type, seal.state) == ("application/pkcs7-signature", State.OPAQUE)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_what_stands_inside_a_signature_is_a_message(tmp_path: Path) -> None:
    """An opaque signature holds a MIME entity: its files are places under their own names."""
    raw = programs.signature(write(CLIENTS[0], LETTERS[3], 2), tmp_path, "-nodetach")
    assert any(place.name.endswith("/facture-2026-118.pdf") for place in read(raw).places)


def test_broken_messages_are_named_with_a_reason() -> None:
    """Nothing is set apart from the ordinary messages without the fact that sets it apart."""
    assert all(reason for reason in ordinary.BROKEN.values())
