"""Notices between their rooms: the boxes of the directory, the listed name that was meant, advice; and what never keeps one from going."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json
import os
from datetime import UTC, datetime

import pytest
import structlog

from mss_guard import addressbook, errands, judgement
from mss_guard.core.model import Assessment, Category, Finding, HopReply, Level
from tests.cli.kit import configure
from tests.edge.test_directory import build, extraction, house, person
from tests.test_app_judgement import Inspector, Journal, submission

DOCTOR = "mdupont@cabinet-dupont.fr"
BOX = "marie.dupont@medecin.mssante.fr"
LINE = person(BOX, "DUPONT", "Marie", "Médecin", "CABINET DU DR DUPONT", "44000", "NANTES")


def health(*named):
    found = Finding("document.prescription", "T", "1", 1, Category.CARE, "own", Level.CERTAIN)
    return Assessment(Level.CERTAIN, 1.0, True, (found,), (), named=named)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A configuration whose list holds the doctor's domain too."""
    loaded = errands.read_for_scan(configure(tmp_path_factory.mktemp("notices"))).state
    space = loaded.knowledge.space
    known = dataclasses.replace(space, domains=space.domains | {"medecin.mssante.fr", "ehpad-les-lilas.mssante.fr"})
    settings = dataclasses.replace(loaded.knowledge.settings, refusal="reject+notice")
    return dataclasses.replace(loaded, knowledge=dataclasses.replace(loaded.knowledge, space=known, settings=settings))


def index(folder, *lines):
    build(extraction(folder, list(lines)), folder / "annuaire.db", accept_shrunken=True)
    return addressbook.AddressBook(folder / "annuaire.db")


async def told(state, answer, *to, book=None, data=b"Subject: x\r\n\r\ny\r\n", replies=None):
    """The text of the notice that these recipients bring their sender, and the journal beside it."""
    journal, posted = Journal(), []
    judge = judgement.Judgement(state, Inspector(answer), journal, posted.append, lambda: datetime.now(UTC), book=book)
    ruling = await judge.judge(submission(*to, data=data))
    await ruling.finish(replies)
    assert len(posted) <= 1
    if not posted:
        return None, journal
    message = email.message_from_bytes(posted[0].body, policy=email.policy.default)
    return message.get_body(("plain",)).get_content(), journal


async def test_a_box_is_proposed_by_the_name_that_staff_wrote(state, tmp_path):
    """The display name finds the doctor in the directory: her box, to be checked, with the date of the data; the journal knows nothing of it."""
    book = index(tmp_path, LINE)
    text, journal = await told(state, health((DOCTOR, "Dr Marie DUPONT")), DOCTOR, book=book)
    assert f"- {BOX} (Médecin, NANTES)" in text
    assert "À VÉRIFIER (annuaire du 26 août 2026, hors liste rouge)" in text
    assert "DUPONT" not in text
    assert "MARIE" not in json.dumps([fields for *_, fields in journal.records], default=str).upper()
    book.close()


async def test_nothing_is_proposed_when_unsure(state, tmp_path):
    """A name without a title at a consumer's address, an insurer, a structure nobody knows: no box."""
    book = index(tmp_path, LINE)
    for to, name in (
        ("marie.dupont@gmail.com", "Marie Dupont"),
        ("marie.dupont@nantes-mutuelle.fr", "Dr Marie Dupont"),
        ("a@inconnu.fr", ""),
    ):
        text, _ = await told(state, health((to, name)), to, book=book)
        assert "mssante.fr (" not in text
    book.close()


async def test_the_index_is_opened_anew_when_its_file_is_replaced(state, tmp_path):
    """A new index serves the next notice; one that is gone or broken leaves the notice without boxes."""
    book = addressbook.AddressBook(tmp_path / "annuaire.db")
    asked = health((DOCTOR, "Dr Marie DUPONT"))
    assert BOX not in (await told(state, asked, DOCTOR, book=book))[0]
    index(tmp_path, LINE)
    assert BOX in (await told(state, asked, DOCTOR, book=book))[0]
    index(tmp_path, house("accueil@x.mssante.fr", "", "EHPAD X", "44000", "NANTES"))
    assert BOX not in (await told(state, asked, DOCTOR, book=book))[0]
    (tmp_path / "annuaire.db").write_bytes(b"SQLite format 3\x00" + os.urandom(4096))
    assert "Message non transmis" in (await told(state, asked, DOCTOR, book=book))[0]
    (tmp_path / "annuaire.db").unlink()
    assert "Message non transmis" in (await told(state, asked, DOCTOR, book=book))[0]
    book.close()


class _Broken:
    def propose(self, asked, knowledge, now, nearby):
        raise OSError(5, f"Input/output error about {asked.local_part}")


async def test_a_failing_directory_never_fails_a_notice(state):
    """Whatever it raises the notice goes out, and the log names the failure without its words."""
    with structlog.testing.capture_logs() as logs:
        text, _ = await told(state, health(), DOCTOR, book=_Broken())
    assert "Message non transmis" in text
    assert [(line["event"], line["error"]) for line in logs if "error" in line] == [("notice.no-boxes", "OSError")]
    assert "mdupont" not in str(logs)


async def test_many_recipients_cost_three_questions(state, tmp_path):
    """The directory is asked for three recipients at the most, whatever their number."""
    asked = []

    class Counting(addressbook.AddressBook):
        def propose(self, who, *rest):
            asked.append(who.domain)
            return super().propose(who, *rest)

    index(tmp_path, LINE)
    book = Counting(tmp_path / "annuaire.db")
    text, _ = await told(state, health(), *(f"accueil@ehpad-{n}.fr" for n in range(40)), book=book)
    assert "accueil@ehpad-4.fr et 35 autres" in text
    assert len(asked) == 3
    book.close()


async def test_the_listed_name_that_was_meant(state):
    """The ordinary domain whose owner has a MSSanté one is asked about, and never retyped as a whole address."""
    text, _ = await told(state, health(), "secretariat@ehpad-les-lilas.fr")
    assert "Vouliez-vous dire …@ehpad-les-lilas.mssante.fr ?" in text
    assert "secretariat@ehpad-les-lilas.mssante.fr" not in text


@pytest.mark.parametrize(("size", "says"), [(25_000_001, True), (25_000_000, False)])
async def test_a_citizen_would_not_receive_it(state, size, says):
    """Relayed to Mon espace santé beyond 25 MB: the sender is told that it will come back, by no address."""
    text, journal = await told(
        state, Assessment(Level.NONE, 0.0, False, (), ()), "277076322082910@patient.mssante.fr",
        data=b"Subject: x\r\n\r\n".ljust(size, b"y"), replies=[HopReply(250, b"250 2.0.0 ok\r\n")],
    )  # fmt: skip
    assert journal.records[-1][2]["outcome"] == "relayed"
    assert (text is not None) is says
    assert not says or "Message transmis, mais trop lourd" in text
    assert not says or ("une adresse patient" in text and "2770763" not in text)


async def test_a_worker_puts_no_words_into_a_notice(state):
    """What a finding is about is said in words of the rules alone, whatever a worker taken over by a message answers."""
    found = Finding("evidence.care", "T", "1", 1, Category.CARE, "own", Level.CERTAIN)
    honest = Assessment(Level.CERTAIN, 1.0, True, (found,), (), what=("des soins",), whom=("une personne nommée",))
    text, _ = await told(state, honest, DOCTOR)
    assert "des données de santé (quoi : des soins ; de qui : une personne nommée)." in text
    lying = dataclasses.replace(honest, what=("Mme Durand a chuté",), whom=("Mme Durand",))
    text, _ = await told(state, lying, DOCTOR)
    assert "semble contenir des données de santé." in text
    assert "Durand" not in text


async def test_each_kind_of_recipient_has_its_own_road(state):
    """A doctor and a daughter in one mail: one notice, both roads, each by its domain."""
    text, _ = await told(state, health(), DOCTOR, "sylvie@gmail.com")
    assert "- Un professionnel (cabinet-dupont.fr) : à son adresse MSSanté" in text
    assert "- Un proche (gmail.com) : téléphonez" in text
    assert "GRADeS" not in text
