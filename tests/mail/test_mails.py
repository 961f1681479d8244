"""The labelled mails load, are labelled with known words, are as many as README.md and the issue promise, and no two are alike."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes
from email.policy import default
from itertools import combinations
from pathlib import Path

import pytest

import tests.mail as corpus
from mss_guard.core import formats
from tests.mail import Mail, attachments, mails, message
from tests.mail.own import grams, own_text

ALIKE = 0.40

# set → (health label, fewest mails)
PROMISED: dict[str, dict[str, int]] = {
    "courts": {"yes": 210},
    "lettres": {"yes": 30},
    "formulaires": {"yes": 72, "no": 34},
    "ordinaire": {"no": 110},
    "voisins": {"no": 136},
    "gris": {"grey": 60},
}


@pytest.fixture(scope="module")
def every() -> list[Mail]:
    return list(mails())


def test_ids_are_unique(every: list[Mail]):
    assert [name for name, count in Counter(mail.id for mail in every).items() if count > 1] == []


def test_no_file_is_longer_than_a_sitting(every: list[Mail]):
    sizes = Counter(mail.file for mail in every)
    assert {name: size for name, size in sizes.items() if size > corpus.LARGEST_FILE} == {}


def test_a_mail_without_health_has_no_category_and_the_others_have_one(every: list[Mail]):
    assert [mail.id for mail in every if (mail.health == "no") != (mail.category == "none")] == []
    assert [mail.id for mail in every if len(mail.why) < 10] == []


@pytest.mark.parametrize("name", PROMISED)
def test_a_set_holds_as_many_as_promised_in_two_equal_halves(name: str):
    found = Counter((mail.health, mail.split) for mail in mails(name))
    for health, fewest in PROMISED[name].items():
        halves = [found[health, split] for split in corpus.SPLITS]
        assert sum(halves) >= fewest, (health, halves)
        assert max(halves) - min(halves) <= max(2, sum(halves) // 10), (health, halves)


def test_no_two_mails_are_alike(every: list[Mail]):
    """An index from 5-gram to the mails that hold it: only pairs that share one are compared."""
    holders: dict[tuple[str, ...], list[int]] = {}
    held = [grams(mail.own) for mail in every]
    for at, own in enumerate(held):
        for gram in own:
            holders.setdefault(gram, []).append(at)
    shared = Counter(pair for some in holders.values() if len(some) > 1 for pair in combinations(some, 2))
    alike = [
        (every[a].id, every[b].id, round(count / smaller, 2))
        for (a, b), count in shared.items()
        if count > ALIKE * (smaller := min(len(held[a]), len(held[b])))
    ]
    assert alike == []


def test_the_raw_message_says_what_the_yaml_says(every: list[Mail]):
    for mail in every:
        message = message_from_bytes(mail.raw, policy=default)
        assert message["From"], mail.id
        assert message["Date"].datetime.year >= 2025, mail.id
        assert mail.raw.count(b"\n") == mail.raw.count(b"\r\n"), mail.id
        assert not [part.defects for part in message.walk() if part.defects], mail.id
        words = [str(part.get_content()) for part in message.walk() if part.get_content_type() == "text/plain"]
        if mail.own.strip() and (first := mail.own.split()[0]) not in str(message["Subject"]):
            attached = [
                part for part in message.walk() if part.get_filename() or part.get_content_type() == "message/rfc822"
            ]
            html = [part for part in message.walk() if part.get_content_type() == "text/html"]
            assert attached or html or any(first in text for text in words), mail.id


ENTRY = """\
mails:
- id: {id}
  health: {health}
  category: care
  why: une infirmière écrit au médecin
  from: ide@tilleuls.example
  to: [medecin@cabinet.example]
  subject: Mme Vasseur
  {more}
  text: |
    Élévation de la température — merci de passer.
"""


def written(tmp_path: Path, more: str = "cc: []", health: str = "yes", ident: str = "essai-001") -> list[Mail]:
    path = tmp_path / "essais" / "soins-reglage.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(ENTRY.format(id=ident, health=health, more=more), encoding="utf-8")
    return list(corpus._of_file(path))


@pytest.mark.parametrize(
    ("more", "health", "said"),
    [
        ("cc: []", "maybe", "soins-reglage.yaml: essai-001: not a health label: maybe"),
        ("colour: red", "yes", "unknown keys: colour"),
        ("signature: ide", "yes", "no such signature: ide"),
        ("attachments: [{name: a.doc}]", "yes", "KeyError 'doc'"),
        ("attachments: [{text: a}]", "yes", "KeyError 'name'"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, more: str, health: str, said: str):
    with pytest.raises(ValueError) as fault:
        written(tmp_path, more, health)
    assert said in str(fault.value)


def test_the_same_entry_is_the_same_message_at_every_run(tmp_path: Path):
    more = "attachments: [{name: a.docx, text: x}, {name: b.xlsx, rows: [[x]]}, {name: c.pdf, text: x}, {name: d.p7s}]"
    (first,), _ = written(tmp_path, more), corpus._of_file.cache_clear()
    (second,) = written(tmp_path, more)
    assert first.raw == second.raw


@pytest.mark.parametrize("client", ["outlook", "thunderbird", "gmail", "zimbra", "ios", "roundcube"])
def test_a_client_writes_its_own_way_and_the_words_survive(tmp_path: Path, client: str):
    for number in range(4):
        corpus._of_file.cache_clear()
        (mail,) = written(tmp_path, f"client: {client}\n  html: true", ident=f"essai-{number}")
        message = message_from_bytes(mail.raw, policy=default)
        kinds = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        assert set(kinds) == {"text/plain", "text/html"}
        assert all("Élévation de la température — merci" in text for text in kinds.values())


def test_html_breaks_where_the_author_did_and_not_where_the_file_wraps():
    long = "mot " * 26 + "fin"
    html = message._twin(f"{long}\nsuite.\n\nAutre ligne\n> cité\n", "gmail", "utf-8", 0)
    assert f"<div>{long} suite.</div>" in html
    assert '<div>Autre ligne</div>\n<blockquote type="cite">\n<div>cité</div>\n</blockquote>' in html


def test_a_logo_is_shown_by_the_html_and_mime_version_stands_once(tmp_path: Path):
    more = "attachments: [{name: logo.png, kind: png-logo}, {name: a.pdf, text: x}, {name: smime.p7s}]"
    (mail,) = written(tmp_path, more)
    message = message_from_bytes(mail.raw, policy=default)
    shown = [part.get_content() for part in message.walk() if part.get_content_type() == "text/html"]
    (name,) = [part["Content-ID"].strip("<>") for part in message.walk() if part["Content-ID"]]
    assert message.get_content_type() == "multipart/signed"
    assert f"cid:{name}" in shown[0]
    assert mail.raw.count(b"MIME-Version:") == 1


@pytest.mark.parametrize("kind", ["txt", "csv", "html", "ics", "vcf", "docx", "xlsx", "odt", "rtf", "pdf"])
def test_an_attachment_holds_its_words_and_rows_for_whoever_opens_it(kind: str):
    part = {"name": f"a.{kind}", "text": "Été (Vasseur)\n", "rows": [["Monique", "ch. 12"]]}
    rows = ["Monique", "ch. 12"] if kind != "ics" else []
    content = formats.read_document(attachments.data_of(part), part["name"])
    text = "\n".join(piece.text for piece in content.texts)
    assert [word for word in ["Été (Vasseur)", *rows] if word not in text] == []


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Vu.\n\nLe 12/01/2026 à 09:12, Dr Durand a écrit :\n> Elle tousse.\n", "Vu.\n"),
        ("Vu.\n\nDe : Dr Durand\nEnvoyé : lundi\nElle tousse.\n", "Vu.\n"),
        ("Vu.\n-----Message d'origine-----\nElle tousse.\n", "Vu."),
        ("Le médecin a écrit : repos.\n", "Le médecin a écrit : repos."),
    ],
)
def test_a_quotation_is_not_what_the_author_wrote(text: str, own: str):
    assert own_text({"text": text}) == own
