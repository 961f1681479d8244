"""What is written to be shown to a person and missed by a reader: labels that lie, first words that look like a
signature, markup that only one client shows."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from mss_guard.core import formats, inspection, mime
from mss_guard.core.formats import html, kinds
from mss_guard.core.model import Level, State
from mss_guard.core.wire import Request
from mss_guard.edge import library

formats.warm()

SUMMARY = (
    "Compte rendu de sortie. Madame Marie Durand, née le 12/03/1941, chambre 12, a été hospitalisée pour une"
    " décompensation cardiaque. Traitement de sortie : Lasilix 40 mg, Kardegic 75 mg, Lantus 12 unités. Diabète de"
    " type 2, escarre au talon gauche, pansement à refaire tous les deux jours."
)
EVEN = SUMMARY.encode() + b" " * (len(SUMMARY.encode()) % 2)
ASCII = EVEN.decode().replace("é", "e").replace("à", "a").replace("è", "e").encode()
ASCII += b" " * (len(ASCII) % 2)
CDA = (
    '<?xml version="1.0" encoding="{}"?><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole>'
    "<id extension='1'/></patientRole></recordTarget><title>" + ASCII.decode() + "</title></ClinicalDocument>"
)


@pytest.fixture(scope="module")
def pack() -> inspection.InspectionKnowledge:
    shelf = library.read(())
    return inspection.load(inspection.pack(shelf.rules, shelf.words))


def part(data: bytes, content_type: str, extra: str = "") -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n{extra}\r\n"
    return head.encode() + base64.encodebytes(data)


def mail(data: bytes, content_type: str) -> bytes:
    return b"From: a@ehpad.example\r\nSubject: Bonjour\r\nMIME-Version: 1.0\r\n" + part(data, content_type)


def attached(data: bytes, content_type: str, name: str) -> bytes:
    inner = part(data, content_type, f'Content-Disposition: attachment; filename="{name}"\r\n')
    text = b"--x\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--x\r\n"
    head = b"From: a@ehpad.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    return head + text + inner + b"\r\n--x--\r\n"


def caught(raw: bytes, pack: inspection.InspectionKnowledge) -> bool:
    seen = inspection.inspect(raw, Request(), pack)
    silent = not any(p.state is State.UNREADABLE for p in seen.places)
    return seen.level.rank >= Level.LIKELY.rank or not silent


WIDE = ("utf-16", "utf-16le", "utf-16be", "utf-32", "cp500", "cp037", "cp1140", "utf-7", "gbk", "koi8-r")
META = "<html><head><meta charset={}></head><body><p>{}</p></body></html>"

LABELS = {
    **{f"ascii as {c}": mail(ASCII, f"text/plain; charset={c}") for c in WIDE},
    **{f"utf-8 as {c}": mail(EVEN, f"text/plain; charset={c}") for c in WIDE},
    **{f"latin as {c}": mail(ASCII + b"\xe9 ", f"text/plain; charset={c}") for c in WIDE},
    **{f"meta {c}": mail(META.format(c, SUMMARY).encode() + b" ", "text/html") for c in WIDE},
    **{f"xml {c}": attached(CDA.format(c).encode(), "application/xml", "cr.xml") for c in WIDE},
    "a mark before ascii": mail(b"\xff\xfe" + ASCII, "text/plain; charset=utf-8"),
    "the wrong mark": mail(b"\xff\xfe" + SUMMARY.encode("utf-16-be"), "text/plain"),
    "utf-16 under the mark of utf-32": mail(b"\xff\xfe\0\0" + SUMMARY.encode("utf-16-le"), "text/plain"),
    "the other order": mail(SUMMARY.encode("utf-16-be"), "text/plain; charset=utf-16le"),
    "wide, then narrow": mail(("Bonjour " * 600).encode("utf-16-le") + EVEN, "text/plain"),
    "one NUL": mail(ASCII + b" \0", "text/plain; charset=utf-16"),
    "half EBCDIC": mail(("bonjour " * 60).encode("cp500") + EVEN, "text/plain; charset=cp500"),
    "plus before each word": mail(b" ".join(b"+" + w + b"-" for w in ASCII.split()), "text/plain; charset=utf-7"),
    "honest EBCDIC": mail(ASCII.decode().encode("cp500"), "text/plain; charset=cp500"),
    "honest utf-32": mail(SUMMARY.encode("utf-32-le"), "text/plain; charset=utf-32le"),
    "honest utf-7": mail(SUMMARY.encode("utf-7"), "text/plain; charset=utf-7"),
}


@pytest.mark.parametrize("label", LABELS)
def test_a_charset_label_does_not_hide_text(label: str, pack: inspection.InspectionKnowledge) -> None:
    """Whatever the label says, text that stands in the bytes is found."""
    assert caught(LABELS[label], pack)


@pytest.mark.parametrize("charset", WIDE)
def test_a_declared_encoding_does_not_hide_a_cda(charset: str) -> None:
    """A CDA in plain bytes keeps its marker under any declared encoding."""
    content = formats.read(mime.parse(attached(CDA.format(charset).encode(), "application/xml", "cr.xml")))
    assert "cda" in {m.format for m in content.markers}


@pytest.mark.parametrize("charset", ["cp500", "utf-16"])
def test_one_latin_letter_does_not_hide_a_cda(charset: str) -> None:
    """Bytes that are not UTF-8 either are still read as what most of them are, first."""
    raw = CDA.format(charset).replace("Madame", "Mariée").encode("cp1252") + b" "
    for data in (raw, raw + b" "):
        content = formats.read(mime.parse(attached(data, "application/xml", "cr.xml")))
        assert "cda" in {m.format for m in content.markers}


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_a_wide_cda_without_a_mark_is_one(charset: str) -> None:
    """UTF-16 of either order is read as XML though its first octet may be NUL."""
    content = formats.read_document(CDA.format("utf-16").encode(charset), "cr.xml")
    assert "cda" in {m.format for m in content.markers}


def test_honest_labels_are_believed() -> None:
    """Foreign scripts and wide encodings without a mark are read as their senders meant them."""
    for text, charset in (
        ("漢字文章内容", "utf-16-le"), ("漢字文章内容", "gbk"), ("Привет мир", "utf-16-be"), ("bonjour", "utf-32-le"),
        ("Bonjour à tous", "cp500"), ("été", "utf-7"), ("日本語", "iso2022_jp"), ("漢字文章内容", "utf-7"),
    ):  # fmt: skip
        assert mime.decode_text(text.encode(charset), charset).split("\n")[0] == text


FIRST_WORDS = ("OTTO", "RIFF", "RIFX", "AC10", "GIF89a", "OggS", "fLaC", "8BPS", "wOFF", "MThd", "ID3", "MZ", "ttcf")


@pytest.mark.parametrize("word", FIRST_WORDS)
def test_text_that_begins_like_a_signature_is_text(word: str, pack: inspection.InspectionKnowledge) -> None:
    """A body, a text file, a file of unknown type and a CSV are read although a signature begins them."""
    text = f"{word} {SUMMARY}".encode()
    assert caught(mail(text, "text/plain; charset=utf-8"), pack)
    assert caught(attached(text, "text/plain", "cr.txt"), pack)
    assert caught(attached(text, "application/octet-stream", "cr.bin"), pack)
    assert caught(attached(f"{word};CR\n1;{SUMMARY}\n".encode("cp1252"), "text/csv", "cr.csv"), pack)
    assert caught(attached(f"{word}\0\0\x01 {SUMMARY}".encode(), "text/plain", "cr.txt"), pack)


REAL = {
    "font/otf": b"OTTO\x00\x0c\x00\x80\x00\x03\x00\x40CFF " + bytes(range(256)),
    "image/gif": b"GIF89a\x10\x00\x10\x00\xf0\x00\x00" + bytes(range(256)),
    "audio/wav": b"RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + bytes(range(256)),
    "image/webp": b"RIFF\x24\x08\x00\x00WEBPVP8 \x18\x00\x00\x00" + bytes(range(256)),
    "image/vnd.dwg": b"AC1015\x00\x00\x00\x00\x06\x01" + bytes(range(256)),
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(range(256)),
}


@pytest.mark.parametrize("kind", REAL)
def test_real_fonts_and_pictures_stay_what_they_are(kind: str) -> None:
    """Binary behind a signature is opaque, whatever it is declared as."""
    assert kinds.sniff(REAL[kind]).type == kind
    for declared in ("application/octet-stream", "text/plain"):
        places = formats.read(mime.parse(attached(REAL[kind], declared, "x"))).places
        assert [p.state for p in places if p.type == kind] == [State.OPAQUE]


MARKUP = {
    "mso": f"<html><body><!--[if mso]>{SUMMARY}<![endif]--></body></html>",
    "mso, spaced": f"<html><body><!--[if (gte mso 9)|(IE)]><p>{SUMMARY}</p><![endif] --></body></html>",
    "mso, never ended": f"<html><body><!--[if mso]>{SUMMARY}--></body></html>",
    "revealed": f"<html><body><!--[if !mso]><!-->{SUMMARY}<!--<![endif]--></body></html>",
    "behind an island": f"<html><!--[if mso]><xml><o:x/></xml>{SUMMARY}<![endif]--></html>",
    "data, percent": f'<html><a href="data:text/plain,{quote(SUMMARY)}">x</a></html>',
    "data, blanks": f'<html><iframe src="data:text/plain;charset=utf-8,{SUMMARY}"></iframe></html>',
    "data, no type": f"<html><a href='data:,{quote(SUMMARY)}'>x</a></html>",
    "data, no quotes": f"<html><a href=data:text/plain,{quote(SUMMARY)}>x</a></html>",
    "data, capitals": f'<html><a href="Data:text/html,%3Cp%3E{quote(SUMMARY)}">x</a></html>',
}


@pytest.mark.parametrize("kind", MARKUP)
def test_markup_that_one_client_shows_is_read(kind: str, pack: inspection.InspectionKnowledge) -> None:
    """Conditional comments and data: addresses hold text like any other."""
    assert caught(mail(MARKUP[kind].encode(), "text/html; charset=utf-8"), pack)


def test_only_conditional_comments_are_text() -> None:
    """An ordinary comment, an office island and a style sheet within a conditional comment are shown by nobody."""
    markup = (
        "<html><!-- caché --><!--[if gte mso 9]><xml><w:View>Normal</w:View></xml><style>p{}</style><![endif]-->"
        "<body>avant <!--[if !mso]><!--><b>vu</b><!--<![endif]--><!-- caché --> après</body></html>"
    )
    assert html.text(markup).split() == ["avant", "vu", "après"]


def test_a_conditional_comment_does_not_break_a_word() -> None:
    """Who does not use Outlook sees the words around the comment as one: both readings are kept."""
    words = html.text("<html><p>diab<!--[if mso]>zz<![endif]-->ète</p></html>").split()
    assert words == ["diabète", "diabzzète"]
