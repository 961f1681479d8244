"""The words that cross between front and worker: they travel whole, and nothing else gets in."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import wire
from mss_guard.core.model import (
    Assessment,
    Category,
    Evidence,
    Finding,
    How,
    Level,
    Mode,
    Place,
    State,
    Why,
)

ASKED = wire.Request(recipients=("b@ordinaire.example",), explain=True, show_text=True)
PLAIN = wire.Request(recipients=("b@ordinaire.example",))

FULL = Assessment(
    level=Level.CERTAIN,
    score=0.97,
    health=True,
    findings=(
        Finding(
            rule="document.compte-rendu-hospitalisation",
            title="Compte rendu d'hospitalisation",
            part="2/1:zip/1:pdf",
            count=3,
            category=Category.CARE,
            place="attachment 2",
            level=Level.CERTAIN,
            mode=Mode.WARN,
            score=2.5,
            shown="M. Exemple, né le …\nservice B",
            page=3,
        ),
    ),
    places=(
        Place("1.1", "text/plain", "text/plain", How.MIME, State.READ, size=12, unlocked=True, attachment=2),
        Place(
            "2/1:zip", "application/zip", "application/zip", How.CONTAINER, State.UNREADABLE, Why.ENCRYPTED, 9, "é.zip"
        ),
        Place("3", "image/svg+xml", "", How.CARVED, State.OPAQUE, inline=True),
    ),
    quoted_only=True,
    message_id="<a@b>",
    date="2026-01-05T10:00:00+01:00",
    automatic=True,
    evidence=(Evidence("1.1", "own", 0, 450, (("what.medicaments", 1.5),), (("who.nir", 4.0),), (), 5.5),),
    nearly=("who.civility-name",),
    named=(("b@ordinaire.example", "Dr Témoin"),),
    whom=("une personne nommée",),
    what=("des médicaments", "des doses"),
)
EMPTY = Assessment(level=Level.NONE, score=0.0, health=False, findings=(), places=())


def _bare(assessment: Assessment) -> Assessment:
    return replace(
        assessment,
        findings=tuple(replace(f, shown="") for f in assessment.findings),
        places=tuple(replace(p, name="") for p in assessment.places),
    )


@pytest.mark.parametrize("assessment", [FULL, EMPTY, wire.unreadable(Why.TIMEOUT)])
def test_an_assessment_comes_back_as_it_was(assessment: Assessment) -> None:
    """What was asked for with its text arrives equal in every field."""
    assert wire.decode_assessment(wire.encode_assessment(assessment, ASKED), ASKED) == assessment


def test_names_and_matched_text_stay_behind_unless_asked_for() -> None:
    """Without show_text an answer holds neither, whatever the inspection left in it."""
    data = wire.encode_assessment(FULL, PLAIN)
    assert b"Exemple" not in data
    assert "é.zip".encode() not in data
    assert wire.decode_assessment(data, PLAIN) == _bare(FULL)


def test_every_field_of_the_words_travels() -> None:
    """A field added to the model and forgotten here would be lost in silence."""
    for record in wire.RECORDS:
        assert list(record.fields) == [field.name for field in fields(record.made)]


@pytest.mark.parametrize(
    "request_",
    [
        PLAIN,
        ASKED,
        wire.Request(kind="document", name="Été.docx"),
        wire.Request(recipients=tuple(f"a{n}@x.example" for n in range(1000))),
    ],
)
def test_a_request_comes_back_as_it_was(request_: wire.Request) -> None:
    """The front's question reaches the worker equal in every field."""
    assert wire.decode_request(wire.encode_request(request_)) == request_


def test_a_file_name_that_is_not_utf8_is_spelled_out() -> None:
    """A name from the file system with a lone surrogate does not stop the question."""
    name = b"caf\xe9\x1b.pdf".decode("utf-8", "surrogateescape")
    assert wire.decode_request(wire.encode_request(wire.Request(name=name))).name == "caf\\udce9\ufffd.pdf"


def _changed(path: tuple[int, ...], value: object) -> bytes:
    tree = json.loads(wire.encode_assessment(FULL, ASKED))
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return json.dumps(tree).encode()


LEVEL, SCORE, HEALTH, FINDINGS, PLACES, QUOTED, MESSAGE_ID, DATE = range(8)
EVIDENCE, NEARLY, NAMED = 9, 10, 11
LIES = {
    "a name for who is no recipient": ((NAMED,), [["c@ordinaire.example", "Dr Témoin"]]),
    "a name without end": ((NAMED,), [["b@ordinaire.example", "D" * 81]]),
    "more names than are asked": ((NAMED,), [["b@ordinaire.example", "D"]] * 21),
    "an unknown level": ((LEVEL,), "sure"),
    "a level that is a number": ((LEVEL,), 3),
    "a score over 1": ((SCORE,), 1.01),
    "a score that is true": ((SCORE,), True),
    "a score that is text": ((SCORE,), "0.5"),
    "a flag that is 1": ((HEALTH,), 1),
    "health at level none": ((LEVEL,), "none"),
    "findings that are null": ((FINDINGS,), None),
    "a finding that is an object": ((FINDINGS, 0), {"rule": "x"}),
    "a finding too short": ((FINDINGS, 0), ["a.b"]),
    "a rule id with a space": ((FINDINGS, 0, 0), "Jean Dupont"),
    "a rule id with a line end": ((FINDINGS, 0, 0), "a.b\n"),
    "a title with ESC": ((FINDINGS, 0, 1), "a\x1b[2J"),
    "a title with a lone surrogate": ((FINDINGS, 0, 1), "\ud800"),
    "a title without end": ((FINDINGS, 0, 1), "x" * 301),
    "a part that is a name": ((FINDINGS, 0, 2), "CR_DUPONT.pdf"),
    "a part that ends in a line end": ((PLACES, 0, 0), "1\n"),
    "a part in other digits": ((PLACES, 0, 0), "١"),
    "an endless part": ((PLACES, 0, 0), "/".join(["1:zip"] * 100)),
    "a negative count": ((FINDINGS, 0, 3), -1),
    "a count that is real": ((FINDINGS, 0, 3), 1.0),
    "a huge count": ((FINDINGS, 0, 3), 10**30),
    "an unknown category": ((FINDINGS, 0, 4), "soin"),
    "a place in words": ((FINDINGS, 0, 5), "Dupont"),
    "a media type with a space": ((PLACES, 0, 1), "text/plain; name=Dupont"),
    "an unreadable place without a reason": ((PLACES, 1, 5), None),
    "a Message-ID of 251 characters": ((MESSAGE_ID,), "x" * 251),
    "a Message-ID with CR": ((MESSAGE_ID,), "<a@b>\r\nX: y"),
    "a date in words": ((DATE,), "lundi"),
    "a weight that is null": ((EVIDENCE, 0, 4, 0), ["a.b", None]),
    "a weight of three": ((EVIDENCE, 0, 4, 0), ["a.b", 1, 2]),
    "a nearly that is text": ((NEARLY, 0), "né le 1er mai"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_fit_is_refused(lie: str) -> None:
    """Each field is checked by itself; one that does not fit spoils the whole answer."""
    with pytest.raises(wire.WireError):
        wire.decode_assessment(_changed(*LIES[lie]), ASKED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"\x80\x04\x95",
        b"[" * 200_000,
        b"NaN",
        b'"\xff"',
        b"9" * 10_000,
        b'["none",NaN,false,[],[],false,"","",false,[],[]]',
        b'["none",0,false,[],[],false,"","",false,[],[]]' + b" " * wire.MAX_ASSESSMENT,
    ],
)
def test_what_is_not_an_assessment_is_refused(data: bytes) -> None:
    """Neither other bytes, nor other JSON, nor JSON built to exhaust the reader is an answer."""
    with pytest.raises(wire.WireError):
        wire.decode_assessment(data, PLAIN)


@pytest.mark.parametrize("field", ["names", "matched text"])
def test_text_that_nobody_asked_for_is_refused(field: str) -> None:
    """A worker that sends names or matched text unasked is not believed in anything."""
    spoken = FULL if field == "names" else replace(FULL, places=())
    with pytest.raises(wire.WireError, match="nobody asked"):
        wire.decode_assessment(wire.encode_assessment(spoken, ASKED), PLAIN)


def test_an_error_names_the_field_and_never_its_value() -> None:
    """What is written down about a bad answer quotes nothing of it."""
    with pytest.raises(wire.WireError) as error:
        wire.decode_assessment(_changed((FINDINGS, 0, 0), "Jean Dupont"), ASKED)
    assert "Finding.rule" in str(error.value)
    assert "Dupont" not in str(error.value)


def test_too_much_is_shortened_and_says_so() -> None:
    """Over the bound the gravest findings and the unreadable places stay, and the cut is itself a place."""
    place = FULL.places[0]
    many = replace(
        FULL,
        findings=(*(replace(FULL.findings[0], title="é" * 300, level=Level.POSSIBLE),) * 3000, *FULL.findings),
        places=(*(replace(place, part=f"1.{n}", declared="x/" + "y" * 100) for n in range(5000)), FULL.places[1]),
    )
    data = wire.encode_assessment(many, ASKED)
    kept = wire.decode_assessment(data, ASKED)
    assert len(data) <= wire.MAX_ASSESSMENT
    assert (kept.places[0].part, kept.places[0].why) == ("0", Why.TOO_MANY)
    assert kept.places[1].why is Why.ENCRYPTED
    assert kept.findings[0].level is Level.CERTAIN
    assert (kept.level, kept.score, kept.health) == (many.level, many.score, many.health)


def test_the_shortest_form_always_fits() -> None:
    """Longest strings everywhere still make a form under the bound."""
    long = "/".join(["123456:abcdefghijklmnopqrstuvwxyz"] * 11)
    finding = replace(
        FULL.findings[0], rule="r" * 128, title="\U0001f600" * 300, part="1.1.1.1", shown="\U0001f600" * 4000
    )
    places = [replace(FULL.places[1], part=long, declared="d/" + "x" * 120, type="t/" + "y" * 120) for _ in range(3000)]
    most = replace(FULL, findings=(finding,) * 5000, places=tuple(places))
    assert len(wire.encode_assessment(most, ASKED)) <= wire.MAX_ASSESSMENT


PARTS = {
    "2/1:zip": "2/1:zip",
    "23/6:application/epub": "23/6",
    "1/2:Dupont Jean": "1/2",
    "/".join(["1:zip"] * 100): "/".join(["1"] * 100),
    "Dupont": "0",
    "": "0",
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_numbers_and_kinds_or_numbers_alone(part: str) -> None:
    """A kind taken from the content is left out, never a reason to fail."""
    odd = replace(EMPTY, places=(replace(FULL.places[0], part=part),))
    assert wire.decode_assessment(wire.encode_assessment(odd, PLAIN), PLAIN).places[0].part == PARTS[part]


ANYTHING = st.text(st.characters(codec=None), max_size=500)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING, st.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_the_sender_wrote_the_answer_is_accepted(
    part: str, declared: str, name: str, title: str, message_id: str, date: str, show: bool
) -> None:
    """No text in a message makes the worker's answer one that the front refuses."""
    request = replace(PLAIN, show_text=show)
    wild = replace(
        FULL,
        findings=(replace(FULL.findings[0], part=part, title=title, shown=name),),
        places=(replace(FULL.places[1], part=part, declared=declared, type=declared, name=name),),
        evidence=(replace(FULL.evidence[0], part=part),),
        message_id=message_id,
        date=date,
    )
    assert wire.decode_assessment(wire.encode_assessment(wild, request), request).level is wild.level


def test_what_the_sender_declared_is_left_out_when_it_is_no_media_type() -> None:
    """A Content-Type with a name in it does not leave the worker."""
    odd = replace(EMPTY, places=(replace(FULL.places[0], declared="text/plain; name=Dupont Jean"),))
    assert wire.decode_assessment(wire.encode_assessment(odd, PLAIN), PLAIN).places[0].declared == ""
