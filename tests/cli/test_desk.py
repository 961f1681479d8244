"""What `scan` says of a message, for each envelope and each answer of the worker; the worker is played here."""

import dataclasses

import pytest

from mss_guard import errands
from mss_guard.cli.scanning import Desk, looks_like_message
from mss_guard.core.model import Assessment, Category, Fault, Finding, Level
from tests.cli.kit import configure

NOTHING = Assessment(Level.NONE, 0.0, False, (), ())
FOUND = Assessment(
    Level.LIKELY, 0.8, True, (Finding("evidence.care", "Titre", "1", 1, Category.CARE, "own", Level.LIKELY),), ()
)
OUTSIDE = "b@messagerie-ordinaire.example"
OWN = "ide@ehpad-les-tilleuls.fr"
SECURE = "a@ehpad-les-tilleuls.mssante.fr"


class Worker:
    """Answers what it was told, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, request, raw, budget):
        self.asked.append((request, raw))
        return self.answers.pop(0)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return errands.read_for_scan(configure(tmp_path_factory.mktemp("desk"), extra="limits: {size: 1MB}\n"))


@pytest.fixture
def message(tmp_path):
    file = tmp_path / "a.eml"
    file.write_bytes(b"Subject: menu\r\n\r\nBonjour\r\n")
    return str(file)


def look(loaded, name, *answers, sender=None, to=(), explain=False, show_text=False):
    worker = Worker(*answers)
    line, status = Desk(loaded, worker, sender, tuple(to), explain, show_text).look(name)
    return line, status, worker


@pytest.mark.parametrize(
    ("sender", "to", "action", "reason"),
    [
        ("", "postmaster", "relay", None),
        ("", SECURE, "relay", None),
        (OWN, SECURE, "refuse", "secure-box"),
        (None, SECURE, "refuse", "secure-box"),
        ("x@ehpad-les-tilleuls.mssante.fr", "v@materiel-medical.example", "refuse", "commercial-partner"),
        ("x@ehpad-les-tilleuls.mssante.fr", OUTSIDE, "refuse", "secure-box"),
        (OWN, "b@ordinaire.fr.", "refuse", "malformed-address"),
        (OWN, "", "refuse", "malformed-address"),
        (OWN, "123@patient.mssante.fr", "refuse", "citizen-address"),
        (OWN, OUTSIDE, "relay", None),
    ],
)
def test_the_envelope_counts(loaded, message, sender, to, action, reason):
    """`--from ''` is the null sender; without `--from` it is somebody of the structure."""
    line, status, _ = look(loaded, message, NOTHING, sender=sender, to=[to])
    assert (line["decision"]["action"], line["decision"]["reason"]) == (action, reason)
    assert status == (0 if action == "relay" else 1)


def test_one_entry_for_each_to_in_order(loaded, message):
    """Recipients come back as given: order, case and duplicates."""
    given = [OUTSIDE, "Accueil@CH-Valombreuse.MSSante.fr", OUTSIDE]
    line, _, _ = look(loaded, message, FOUND, to=given)
    assert [r["address"] for r in line["decision"]["recipients"]] == given
    assert [r["action"] for r in line["decision"]["recipients"]] == ["refuse", "relay", "refuse"]


def test_observing_says_what_enforcing_would_do(loaded, message):
    """In `observe` every action is relay; `would` beside it holds the rest, and the reason stays."""
    knowledge = loaded.state.knowledge
    settings = dataclasses.replace(knowledge.settings, mode="observe")
    state = dataclasses.replace(loaded.state, knowledge=dataclasses.replace(knowledge, settings=settings))
    line, _, _ = look(dataclasses.replace(loaded, state=state), message, FOUND, to=[OUTSIDE])
    decision = line["decision"]
    assert (decision["action"], decision["would"], decision["reason"]) == ("relay", "refuse", "health-data")
    assert "code" not in decision
    one = decision["recipients"][0]
    assert (one["action"], one["would"], one["reason"]) == ("relay", "refuse", "health-data")


@pytest.mark.parametrize(("found", "status"), [(NOTHING, 0), (FOUND, 1), (Fault.BUSY, 75), (Fault.OVERRUN, 75)])
def test_the_status_of_a_file(loaded, message, found, status):
    """0 nothing, 1 found, 75 when the inspection could not be made: that says nothing of the file."""
    line, told, _ = look(loaded, message, found)
    assert told == status
    assert ("error" in line) == isinstance(found, Fault)


def test_what_kills_the_worker_is_tried_twice(loaded, message):
    """As over SMTP: the first death is no verdict, the second answer is."""
    _, status, worker = look(loaded, message, Fault.DIED, NOTHING)
    assert (status, len(worker.asked)) == (0, 2)


def test_more_than_the_limit_is_too_large_and_is_not_read_whole(loaded):
    """A file that never ends gets its answer: unreadable, too large, and refused to an ordinary address."""
    line, status, worker = look(loaded, "/dev/zero", to=[OUTSIDE])
    assert [u["why"] for u in line["unreadable"]] == ["too-large"]
    assert (line["decision"]["action"], line["decision"]["reason"], status) == ("refuse", "unreadable", 1)
    assert worker.asked == []


def test_the_worker_is_told_what_the_file_is(loaded, message, tmp_path):
    """A message has no name; a document is an attachment with its name and without its folders."""
    asked = look(loaded, message, NOTHING, to=[OUTSIDE.upper()])[2].asked[0][0]
    assert (asked.kind, asked.name, asked.recipients) == ("message", "", (OUTSIDE,))
    document = tmp_path / "bilan.pdf"
    document.write_bytes(b"%PDF-")
    asked = look(loaded, str(document), NOTHING)[2].asked[0][0]
    assert (asked.kind, asked.name) == ("document", "bilan.pdf")


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("a.eml", b"", True),
        ("A.EML", b"anything", True),
        ("a.pdf", b"Subject: x\r\n\r\n", False),
        ("-", b"Received: from a\r\n\tby b\r\n", True),
        ("-", b"Subject: x\n\n", True),
        ("-", b"%PDF-1.4\n", False),
        ("-", b"Ch\xc3\xa8re madame : bonjour\n", False),
        ("-", b"", False),
    ],
)
def test_what_is_taken_for_a_message(name, raw, expected):
    """By its name; on standard input, where there is none, by its first line."""
    assert looks_like_message(name, raw) is expected
