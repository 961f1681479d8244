"""The spine: raw bytes and knowledge in, an Assessment out."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from mss_guard.core import inspection
from mss_guard.core.model import Level, Mode
from mss_guard.core.strict_yaml import Mistakes
from mss_guard.core.wire import Request
from tests.core.detect.kit import PACK, WORDS, rule
from tests.core.formats import build

GIR = rule("local.gir", "keywords: {any: [gir]}").replace("[un, deux, trois]", "[gir un, le gir, gir 2]")


def loaded(**options: object) -> inspection.InspectionKnowledge:
    return inspection.load(inspection.pack({"pack.yaml": PACK}, WORDS, **options))  # type: ignore[arg-type]


def message(body: str, subject: str = "Bonjour") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@ehpad.example", "b@ville.example", subject
    mail.set_content(body)
    return mail.as_bytes()


def test_a_message_goes_through_in_one_line() -> None:
    """Bytes of a mail with care and a person are health data; places come back without names."""
    result = inspection.inspect(
        message("Pansement refait, escarre au talon, Lantus et Doliprane donnés.", "Chute de Mme Durand"),
        Request(),
        loaded(),
    )
    assert result.health
    assert result.findings[0].place == "own"
    assert all(p.name == "" for p in result.places)


def test_names_of_envelope_recipients_alone_come_out() -> None:
    """The display name of who really receives the mail, for the local directory; not the sender's, not a bystander's."""
    mail = message("Bonjour").replace(
        b"To: b@ville.example", b'To: "Dr Marie Dupont" <B@ville.example>, Paul Autre <p@ville.example>'
    )
    result = inspection.inspect(mail, Request(recipients=("b@ville.example",)), loaded())
    assert result.named == (("b@ville.example", "Dr Marie Dupont"),)
    assert "Dupont" not in repr(result)


def test_a_finding_in_a_pdf_names_its_page() -> None:
    """From 1, whatever the folding of the pages before it makes longer or shorter; 0 in what has no pages."""
    held = build.pdf("Page œuvrée n° 1", "Mme Durand : pansement refait, escarre, Lantus, Doliprane.", "fin")
    mail = EmailMessage()
    mail["Subject"] = "x"
    mail.set_content("ci-joint")
    mail.add_attachment(held, maintype="application", subtype="pdf", filename="a.pdf")
    found = inspection.inspect(mail.as_bytes(), Request(), loaded()).findings
    assert {f.page for f in found if f.place == "attachment 1"} == {2}
    assert [p.attachment for p in inspection.inspect(mail.as_bytes(), Request(), loaded()).places] == [0, 1]
    plain = inspection.inspect(message("Mme Durand : pansement refait, Lantus, Doliprane."), Request(), loaded())
    assert {f.page for f in plain.findings} == {0}


def test_a_document_is_looked_at_as_an_attachment() -> None:
    """A file judged by itself: its text and its name."""
    request = Request(kind="document", name="mme_durand.txt")
    result = inspection.inspect(b"La patiente : pansement, escarre, Lantus, Doliprane, TA 14/8.", request, loaded())
    assert [f.place for f in result.findings] == ["attachment 1"]


def test_text_is_shown_only_to_who_asks_twice() -> None:
    """`show_text` without `explain` shows nothing."""
    raw = message("Mme Durand : pansement, escarre, Lantus, Doliprane")
    assert not inspection.inspect(raw, Request(show_text=True), loaded()).findings[0].shown
    assert "escarre" in inspection.inspect(raw, Request(explain=True, show_text=True), loaded()).findings[0].shown


def test_equal_knowledge_has_an_equal_version() -> None:
    """The version is a digest of all that was loaded, whatever the order it came in."""
    one = inspection.pack({"a": "version: 1", "b": "version: 1"}, WORDS, disable=["x", "y"])
    other = inspection.pack({"b": "version: 1", "a": "version: 1"}, WORDS, disable=["y", "x"])
    assert one == other
    assert json.loads(one)["thresholds"] is None
    assert loaded().version != loaded(own_domains=["ehpad.example"]).version


def test_a_structure_changes_what_is_loaded() -> None:
    """Local rules, disabled ones, families and thresholds all come with the payload."""
    assert "local.gir" in loaded(local={"gir.yaml": "version: 1\nrules:\n" + GIR}).ruleset.entries
    assert "who.nom" not in loaded(disable=["who.nom"]).ruleset.entries
    assert loaded(families={"who": Mode.OBSERVE}).ruleset.modes["who.nom"] is Mode.OBSERVE
    strict = loaded(thresholds={"likely": 90, "certain": 99})
    assert (
        inspection.inspect(message("Mme Durand : pansement, escarre, Lantus, Doliprane"), Request(), strict).level
        is Level.POSSIBLE
    )
    with pytest.raises(Mistakes, match="seuils refusés"):
        loaded(thresholds={"likely": -9})


def test_a_rule_whose_own_examples_fail_does_not_load() -> None:
    """With `examples`, each wrong example is a mistake with its line."""
    wrong = inspection.pack({"pack.yaml": "version: 1\nrules:\n" + rule("local.gir", "keywords: {any: [gir]}")}, WORDS)
    assert len(inspection.selftest(inspection.load(wrong))) == 3
    with pytest.raises(
        Mistakes, match=r"pack\.yaml:7:11: local\.gir : l'exemple « match » n° 1 devrait déclencher la règle"
    ):
        inspection.load(wrong, examples=True)
    right = inspection.pack({"pack.yaml": "version: 1\nrules:\n" + GIR}, WORDS)
    assert inspection.load(right, examples=True).ruleset.entries.keys() == {"local.gir"}
