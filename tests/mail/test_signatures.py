"""The signature-only and structure-name-only mails: as many as promised, all different, the same ones at every run."""

from __future__ import annotations

import pytest

from tests.mail import mails, signatures

FEWEST = 520


def test_they_are_as_many_as_promised_and_no_two_say_the_same():
    texts = [str(entry["text"]) for entry in signatures.entries()]
    assert len({" ".join(text.split()).casefold() for text in texts}) == len(texts) >= FEWEST


def test_every_block_courtesy_foot_and_structure_is_used():
    said = "\n".join(str(entry["text"]) for entry in signatures.entries())
    for name in ("blocs", "pieds", "formules", "structures"):
        pieces = (signatures.HERE / f"{name}.txt").read_text(encoding="utf-8").strip()
        parts = pieces.split("\n\n") if name in ("blocs", "pieds") else pieces.splitlines()
        assert len(set(parts)) == len(parts), name
        assert [part for part in parts if part.replace("|", "\n\n") not in said] == [], name


def test_they_load_as_messages_only_when_they_are_named():
    loaded = list(mails("signatures"))
    assert {(mail.health, mail.category, mail.set, mail.split) for mail in loaded} == {
        ("no", "none", "signatures", "mesure")
    }
    assert len({mail.raw for mail in loaded}) == len(loaded)
    assert not any(mail.set == "signatures" for mail in mails())
    assert list(mails("signatures", split="reglage")) == []


@pytest.mark.parametrize("number", [1, 112, 300, 700])
def test_an_entry_is_the_same_at_every_run(number: int):
    first, second = (list(signatures.entries())[number] for _ in range(2))
    assert first == second
