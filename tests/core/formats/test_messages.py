"""What a message's heads tell: subject, names, marks, and the facts policy and notices need."""

from __future__ import annotations

import base64

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.model import Content, Where, Why
from tests.core.formats import build


def read(raw: bytes) -> Content:
    return formats.read(mime.parse(raw))


def test_heads_are_text():
    """Subject and display names are decoded texts of part 0; addresses are left out of them."""
    content = read(build.mail("x", Subject="Résultats de Mme Durand"))
    found = {(t.part, t.where, t.text) for t in content.texts}
    assert ("0", Where.SUBJECT, "Résultats de Mme Durand") in found
    assert ("0", Where.HEADER, "Secrétariat") in found
    assert not any("@" in t.text for t in content.texts)


def test_bodies_and_attachments_are_told_apart():
    """Text shown by the client is body; a named part is an attachment."""
    content = read(build.mail("corps", "<p>corps</p>", {"a.txt": b"joint"}))
    assert [(t.part, t.where, t.text.strip()) for t in content.texts if t.where is not Where.HEADER] == [
        ("1.1", Where.BODY, "corps"),
        ("1.2", Where.BODY, "corps"),
        ("2", Where.NAME, "a.txt"),
        ("2", Where.ATTACHMENT, "joint"),
    ]


def test_nested_messages_are_numbered():
    """Texts know which message they belong to, in message/rfc822 parts and in .eml files alike."""
    inner = build.mail("dedans", Subject="sujet interne")
    part = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ndehors\r\n"
    part += b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    for raw in (part + inner + b"\r\n--b--", build.mail("dehors", attachments={"x.bin": inner})):
        numbered = {t.text.strip(): t.message for t in read(raw).texts}
        assert (numbered["dehors"], numbered["dedans"], numbered["sujet interne"]) == (0, 1, 1)


def test_a_mailbox_is_read_message_by_message():
    """Every message of an mbox file is read."""
    one = b"From a@b Mon Jan  1 00:00:00 2024\r\n" + build.mail("premier")
    two = b"From a@b Mon Jan  1 00:00:00 2024\r\n" + build.mail("second")
    texts = [t.text.strip() for t in read(build.mail("x", attachments={"m": one + two})).texts]
    assert {"premier", "second"} <= set(texts)


MARKS = [
    ({"X_MSS_INS": "O"}, "mss-header"),
    ({"X_MSS_CODECDA": "11502-2"}, "mss-header"),
    ({"X_MSS_MES": "FIN"}, "mss-header"),
    ({"Subject": "XDM/1.0/DDM+CR MARTIN Paul 01/01/1950"}, "mss-subject"),
    ({"Subject": "[Annule et remplace] XDM/1.0/DDM+CR"}, "mss-subject"),
    ({"Subject": "[FIN]"}, "mss-subject"),
    ({"X_MSS_NIL": "LOGICIEL1"}, None),
    ({"Subject": "[FIN] des travaux"}, None),
]


@pytest.mark.parametrize(("fields", "marker"), MARKS)
@pytest.mark.parametrize("spelling", ["-", "_"])
def test_marks_of_mssante_mail(fields: dict[str, str], marker: str | None, spelling: str):
    """The headers and subjects of patient mail are markers in both spellings; the product reference alone is none."""
    raw = build.mail("x", **fields)
    if spelling == "_":
        for name in fields:
            raw = raw.replace(name.replace("_", "-").encode() + b":", name.encode() + b":")
    assert [m.format for m in read(raw).markers] == ([marker] if marker else [])


AUTOMATIC = [
    ("Auto-Submitted: auto-replied", True),
    ("Auto-Submitted: no", False),
    ("Precedence: bulk", True),
    ("Precedence: first-class", False),
    ("List-Unsubscribe: <mailto:x@y>", True),
    ("Subject: x", False),
]


@pytest.mark.parametrize(("header", "automatic"), AUTOMATIC)
def test_automatic_mail(header: str, automatic: bool):
    """Mail written by a program or sent through a list is automatic."""
    assert read(header.encode() + b"\r\n\r\nx").automatic is automatic


def test_facts_of_the_outer_message():
    """Message-ID, date and author come out clean, or empty when they are odd."""
    raw = b"From: Jean <Jean.Martin@Exemple.FR>\r\nMessage-ID: <1@x>\r\nDate: Tue, 12 Mar 2024 10:00:00 +0100\r\n\r\nx"
    content = read(raw)
    assert (content.message_id, content.date, content.author) == (
        "<1@x>",
        "2024-03-12T10:00:00+01:00",
        "jean.martin@exemple.fr",
    )
    odd = read(b"From: personne\r\nMessage-ID: \xe9\r\nDate: hier\r\n\r\nx")
    assert (odd.message_id, odd.date, odd.author) == ("", "", "")


def test_a_doubt_stays_one_whatever_the_part_holds():
    """An ambiguous part that is a page without words, or a text too long to keep, is ambiguous: policy takes the other
    reasons more lightly."""
    page = base64.encodebytes(build.png(1240, 1754, 90_000))
    head = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: x-odd\r\n\r\n"
    assert next(p.why for p in read(head + page).places) is Why.AMBIGUOUS
    clean = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert [p.why for p in read(clean + page).places] == [Why.NO_TEXT]
