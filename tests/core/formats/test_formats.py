"""The readers: each format gives its text, each bound and lock its reason, each certain format its marker."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mss_guard.core import formats, mime
from mss_guard.core.model import Content, How, State, Where, Why
from tests.core.formats import build
from tests.core.formats.build import PHRASE
from tests.readers import cfb

formats.warm()

RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator x}"
    rb"Madame Durand pr\'e9sente un\u160?diab\uc1\u232?te\par fin}"
)
HTML = (
    "<style>p{}</style><p>Madame <b>Du</b>rand pr&eacute;sente<br>"
    'un <span style="display:none">diab&egrave;te</span></p>'
)


def text_of(content: Content, where: Where | None = None) -> str:
    joined = "\n".join(t.text for t in content.texts if where is None or t.where is where)
    return " ".join(joined.split())


def only(content: Content) -> tuple[State, Why | None]:
    return content.places[0].state, content.places[0].why


def tar(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "text": (PHRASE.encode(), "text/plain"),
    "text-cp1252": (PHRASE.encode("cp1252"), "text/plain"),
    "text-utf16": (PHRASE.encode("utf-16"), "text/plain"),
    "csv": (f"NOM;DIAGNOSTIC\n{PHRASE};x\n".encode(), "text/plain"),
    "html": (HTML.encode(), "text/html"),
    "xml": (f"<?xml version='1.0'?><a><b>{PHRASE}</b></a>".encode(), "application/xml"),
    "xml-latin": (f"<?xml version='1.0' encoding='iso-8859-1'?><a>{PHRASE}</a>".encode("latin-1"), "application/xml"),
    "rtf": (RTF, "application/rtf"),
    "pdf": (build.pdf(PHRASE), "application/pdf"),
    "docx": (build.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (build.xlsx([[PHRASE]]), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": (build.pptx(), "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "odt": (build.odf(), "application/vnd.oasis.opendocument.text"),
    "ods": (build.odf(kind="spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
    "odp": (build.odf(kind="presentation"), "application/vnd.oasis.opendocument.presentation"),
    "eml": (build.mail(PHRASE), "message/rfc822"),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_format_gives_its_text_and_its_true_type(kind: str):
    """A document of each format, under a name and a type that lie, is read and called what it is."""
    data, media = DOCUMENTS[kind]
    content = formats.read(mime.parse(build.mail(attachments={"photo.jpg": data})))
    assert PHRASE in text_of(content)
    assert content.places[1].type == media
    assert content.places[1].state is State.READ
    assert content.places[1].name == "photo.jpg"


PACKINGS = {
    "zip": lambda d: build.zipped({"a.bin": d}),
    "zip in zip": lambda d: build.zipped({"b.bin": build.zipped({"a.bin": d})}),
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "tar": lambda d: tar("a.bin", d),
    "tar.gz": lambda d: gzip.compress(tar("a.bin", d)),
    "eml": lambda d: build.mail(attachments={"a.bin": d}),
    "eml in zip": lambda d: build.zipped({"m": build.mail(attachments={"a.bin": d})}),
    "zip behind bytes": lambda d: b"\x00\x01\x02\x7f" * 600 + build.zipped({"a.bin": d}),
    "base64 in text": lambda d: b"voici :\n" + base64.encodebytes(d + b" " * 60),
    "base64 in json": lambda d: b'{"data": "' + base64.b64encode(d + b" " * 60) + b'"}',
    "data uri": lambda d: b'<html><a href="data:application/x;base64,' + base64.b64encode(d) + b'">x</a></html>',
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("kind", ["pdf", "docx", "text", "rtf"])
def test_what_is_packed_is_found(packing: str, kind: str):
    """A document inside each container, under any name, is read; its place names the way to it."""
    content = formats.read_document(PACKINGS[packing](DOCUMENTS[kind][0]), "x.txt")
    assert PHRASE in text_of(content)
    assert all(p.state is State.READ for p in content.places)


def test_places_are_numbers_and_kinds_and_names_stay_inside():
    """A place inside a container is "2/1:zip"; its name is the whole path and a text of its own."""
    inner = build.zipped({"dossier/cr_durand.txt": "x"})
    content = formats.read(mime.parse(build.mail(attachments={"envoi.zip": inner})))
    place = content.places[2]
    assert (place.part, place.how, place.name) == ("2/1:zip", How.CONTAINER, "envoi.zip/dossier/cr_durand.txt")
    assert "cr_durand" in text_of(content, Where.NAME)


OOXML_PARTS = [
    "word/header1.xml",
    "word/footer2.xml",
    "word/footnotes.xml",
    "word/comments.xml",
    "word/glossary/document.xml",
]


@pytest.mark.parametrize("part", OOXML_PARTS)
def test_every_part_of_a_word_document_is_read(part: str):
    """Headers, footers, notes, comments and glossaries are text like the body."""
    assert PHRASE in text_of(formats.read_document(build.docx_with(part, PHRASE)))


def test_word_text_is_joined_in_a_paragraph_and_parted_between():
    """Runs of a paragraph grow together, paragraphs do not; deleted and alternative texts and properties are read."""
    body = (
        '<w:d xmlns:w="w" xmlns:wp="wp"><w:p><w:r><w:t>dia</w:t></w:r><w:r><w:t>bète</w:t></w:r></w:p>'
        "<w:p><w:r><w:t>suite</w:t>"
        "<w:br/><w:t>fin</w:t></w:r><w:del><w:r><w:delText>supprimé</w:delText></w:r></w:del>"
        '<wp:docPr descr="radio du genou"/></w:p></w:d>'
    )
    core = "<c><dc:title xmlns:dc='d'>Titre caché</dc:title><k>mot</k></c>"
    content = formats.read_document(build.docx("", **{"word/document.xml": body, "docProps/core.xml": core}))
    text = "\n".join(t.text for t in content.texts)
    assert "diabète\n" in text
    assert "suite\nfin" in text
    assert all(word in text for word in ("supprimé", "radio du genou", "Titre caché\n"))


def test_sheets_are_read_by_rows():
    """Cells of a row stand on one line, a date is shown as one, a hidden sheet's name is text."""
    content = formats.read_document(build.xlsx([["NOM", "NE LE"], ["Durand", 12345]], sheet="Résidents Tilleuls"))
    text = content.texts[-1].text
    assert "Durand\t18/10/1933" in text
    assert "Résidents Tilleuls" in text


def test_embedded_documents_are_places():
    """A workbook inside a Word document is read as a place of its own."""
    content = formats.read_document(build.docx("x", **{"word/embeddings/a.xlsx": build.xlsx([[PHRASE]])}))
    assert PHRASE in text_of(content)
    assert [p.part for p in content.places] == ["1", "1/3:office"]


def test_html_breaks_at_blocks_only():
    """Block tags part words, inline tags do not; hidden and alternative texts and templates are read, style is not."""
    html = (
        "<style>secret{}</style><div>un</div><p>de<b>ux</b></p>trois<br>quatre"
        "<table><tr><td>a</td><td>b</td></tr></table>"
        '<img alt="photo de Mme D"><span hidden>caché</span><template>modèle</template>&#233;t&eacute;<!-- x -->'
    )
    lines = formats.read_document(b"<html>" + html.encode() + b"</html>").texts[0].text.split("\n")
    assert lines[:6] == ["un", "deux", "trois", "quatre", "a", "b"]
    assert {"photo de Mme D"} <= set(lines)
    assert all(word in " ".join(lines) for word in ("caché", "modèle", "été"))
    assert "secret" not in " ".join(lines)


def test_rtf_reads_what_word_shows_and_what_it_hides():
    """Headers, text boxes, footnotes, annotations and unknown destinations are text; tables of fonts are not."""
    data = (
        rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Police;}}{\header ent\'eate}{\footnote note}{\*\annotation avis}"
        rb"{\shp{\*\shpinst{\shptxt bo\'eete}}}{\*\inconnu reste}\u8364\'80 {\pict\pngblip 89504e47}\bin4 \\\\{{ fin}"
    )
    text = text_of(formats.read_document(data))
    assert all(word in text for word in ("entête", "note", "avis", "boîte", "reste", "€", "fin"))
    assert "Police" not in text
    assert "8950" not in text


def test_pdf_reads_pages_properties_and_says_which_have_no_text():
    """Page text and title are read; a page that is a picture makes the document no-text, an empty page does not."""
    assert "Dossier de Mme D" in text_of(formats.read_document(build.pdf("un", "deux", title="Dossier de Mme D")))
    assert only(formats.read_document(build.pdf("un", "", image=True))) == (State.UNREADABLE, Why.NO_TEXT)
    assert only(formats.read_document(build.pdf("un", ""))) == (State.READ, None)
    assert only(formats.read_document(build.pdf(*["page"] * 501))) == (State.UNREADABLE, Why.PARTIAL)


def cms(kind: int, content: bytes = b"") -> bytes:
    body = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" + bytes([kind]) + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80"
    body += b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
    if content:
        size = struct.pack(">H", len(content))
        body += b"\xa0\x80\x24\x80\x04\x82" + size + content
    return b"\x30\x80" + body + b"\x00" * 40


def word(flags: int = 0, version: int = 0xC1) -> bytes:
    """The beginning of a WordDocument stream: its magic, version and flags; the rest is a run of text."""
    head = struct.pack("<HH6xH", 0xA5EC, version, flags)
    return head.ljust(600, b"\0") + b"\r\nMadame Durand va bien\r\n"


LOCKED = {
    "zip": build.encrypted_zip(),
    "pdf": build.encrypted_pdf(),
    "ooxml": cfb.write({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}),
    "doc": cfb.write({"WordDocument": word(0x0100)}),
    "xls": cfb.write({"Workbook": b"\x09\x08\x04\x00\0\0\0\0\x2f\x00\x02\x00\0\0"}),
    "odt": build.odf(manifest="<m:file-entry xmlns:m='m'><m:encryption-data/></m:file-entry>"),
    "smime": cms(3),
    "pgp armour": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
    "pgp binary": b"\x85\x01\x0c\x03" + bytes(range(256)),
    "pgp in a text": b"Bonjour\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
}


@pytest.mark.parametrize("kind", LOCKED)
def test_what_is_locked_is_called_encrypted(kind: str):
    """Encrypted documents of each family are unreadable for that reason, never passed over."""
    content = formats.read_document(LOCKED[kind])
    assert Why.ENCRYPTED in {p.why for p in content.places}


def test_names_in_a_locked_zip_are_read():
    """An encrypted entry still shows its name."""
    assert "resultats_durand" in text_of(formats.read_document(build.encrypted_zip("resultats_durand.pdf")))


def test_multipart_encrypted_is_encrypted():
    """RFC 1847 multipart/encrypted is a place that is encrypted."""
    part = b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--"
    raw = b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n" + part
    assert formats.read(mime.parse(raw)).places[0].why is Why.ENCRYPTED


def test_opaque_signed_mail_is_opened():
    """S/MIME signed-data holds its message in the clear; a detached signature is opaque."""
    content = formats.read_document(cms(2, b"Content-Type: text/plain\r\nSubject: x\r\n\r\n" + PHRASE.encode()))
    assert PHRASE in text_of(content)
    assert only(formats.read_document(cms(2))) == (State.OPAQUE, None)


def test_older_word_files_are_partly_read():
    """Runs of text of a Word 95 file are read and the place says that this may not be all."""
    content = formats.read_document(cfb.write({"WordDocument": word(version=0x65)}))
    assert "Madame Durand va bien" in text_of(content)
    assert only(content) == (State.UNREADABLE, Why.PARTIAL)


OPAQUE = {
    "mp4": b"\0\0\0\x18ftypmp42" + os.urandom(400),
    "wav": b"RIFF\x00\x01\x00\x00WAVEfmt " + bytes(300),
    "mp3": b"ID3\x03\0\0\0\0" + bytes(300),
    "font": b"\x00\x01\x00\x00\x00\x0c" + bytes(300),
    "program": b"MZ\x90\x00" + bytes(300),
    "drawing": b"AC1032" + bytes(300),
    "small picture": build.png(800, 800, 5_000),
    "narrow picture": build.png(1200, 90, 60_000),
    "key": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n",
    "unknown": bytes(range(1, 256)) * 3 + b"\0" * 50,
}


@pytest.mark.parametrize("kind", OPAQUE)
def test_what_holds_nothing_to_read_is_opaque(kind: str):
    """Sound, video, fonts, programs, drawings, keys, small pictures and unknown binaries are opaque."""
    assert only(formats.read_document(OPAQUE[kind])) == (State.OPAQUE, None)


def test_runs_of_an_unknown_binary_are_read():
    """Printable runs of an unknown binary are text, in ASCII and in UTF-16."""
    data = b"\x00\x02\x01" * 100 + b"Madame Durand\x00\x01" + "chambre 12".encode("utf-16-le") + b"\x00\x01" * 40
    text = text_of(formats.read_document(data))
    assert "Madame Durand" in text
    assert "chambre 12" in text


def test_pictures_shown_in_the_html_are_opaque_and_pages_are_not():
    """A large picture is no-text unless the HTML shows it."""
    page = build.png(1000, 1400, 80_000)
    raw = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n"
        b'--b\r\nContent-Type: text/html\r\n\r\n<p>x<img src="cid:un@x">'
        b"\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <%s>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--"
    )
    shown = formats.read(mime.parse(raw % (b"un@x", base64.encodebytes(page)))).places[1]
    apart = formats.read(mime.parse(raw % (b"deux@x", base64.encodebytes(page)))).places[1]
    assert (shown.state, shown.inline) == (State.OPAQUE, True)
    assert (apart.state, apart.why, apart.inline) == (State.UNREADABLE, Why.NO_TEXT, False)


def overlapping() -> bytes:
    """Two directory entries that share one local file."""
    raw = build.zipped({"a": os.urandom(50), "b": os.urandom(50)})
    second = raw.rfind(b"PK\x01\x02")
    return raw[: second + 42] + b"\0\0\0\0" + raw[second + 46 :]


def bomb(levels: int) -> bytes:
    data = bytes(50_000_000)
    for _ in range(levels):
        data = build.zipped({"x": data})
    return data


def nested(levels: int) -> bytes:
    data = PHRASE.encode()
    for _ in range(levels):
        data = build.zipped({"x": data})
    return data


BOUNDS = {
    "overlap": (overlapping(), Why.DAMAGED),
    "ratio": (bomb(1), Why.TOO_LARGE),
    "gzip bomb": (gzip.compress(bytes(50_000_000)), Why.TOO_LARGE),
    "zlib bomb": (zlib.compress(bytes(50_000_000)), Why.TOO_LARGE),
    "depth": (nested(6), Why.TOO_DEEP),
    "entries": (build.zipped({str(n): b"" for n in range(1_501)}), Why.TOO_MANY),
    "cut zip": (build.docx()[:-30], Why.DAMAGED),
    "cut entry": (
        build.zipped({"a": PHRASE * 100}).replace(b"\x78", b"\x00")[:60] + build.zipped({"a": PHRASE * 9})[60:],
        Why.DAMAGED,
    ),
    "cut pdf": (b"%PDF-1.4\n1 0 obj", Why.DAMAGED),
    "entities": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "lol">]><a>&x;</a>', Why.DAMAGED),
    "deep xml": (b"<?xml version='1.0'?>" + b"<a>" * 5_000, Why.DAMAGED),
    "deep html": (b"<html>" + b"<div>" * 20_000, Why.TOO_DEEP),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(100), Why.DAMAGED),
    "yenc": (b"=ybegin line=128 size=10 name=a\nabc\n=yend\n", Why.AMBIGUOUS),
}


def test_html_quotations_are_marked_line_by_line():
    """Lines of a blockquote begin with ">", nested ones with more; what stands below it does not; marks cannot be forged."""
    html = (
        "<p>Bonjour</p>Le 3 mars, A a écrit :<blockquote type=cite><p>un</p>deux<br>trois"
        "<BLOCKQUOTE>avant</BLOCKQUOTE><!-- </blockquote> -->encore</blockquote>à <b>moi</b>\ufdd0<p>fin</blockquote>"
    )
    lines = formats.read_document(f"<html>{html}</html>".encode()).texts[0].text.split("\n")
    quoted = ["> un", "> deux", "> trois", ">> avant", "> encore"]
    assert lines == ["Bonjour", "Le 3 mars, A a écrit :", *quoted, "à moi", "fin"]


@pytest.mark.parametrize("junk", ["<", "</", "< ", "<blockquote ", "<blockquote>x</blockquote>"])
def test_megabytes_of_broken_tags_cost_what_their_length_costs(junk: str):
    """Broken or endless tags in a part declared as HTML are read in linear time."""
    head = b"Subject: x\r\nContent-Type: text/html\r\n\r\n"

    def seconds(size: int) -> float:
        message = mime.parse(head + (junk * (size // len(junk))).encode())
        before = time.process_time()
        formats.read(message)
        return time.process_time() - before

    assert seconds(1_000_000) < 2.0


@pytest.mark.parametrize("case", BOUNDS)
def test_each_bound_names_its_reason(case: str):
    """Bombs, cuts and what no reader opens end as an unreadable place with its reason."""
    data, why = BOUNDS[case]
    content = formats.read_document(data)
    assert why in {p.why for p in content.places}


def test_a_broken_entry_does_not_hide_the_others():
    """One damaged entry is named and the rest of the archive is read."""
    raw = bytearray(build.zipped({"a": os.urandom(200), "b": PHRASE}))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        first = archive.infolist()[0]
    raw[first.header_offset : first.header_offset + 4] = b"XXXX"
    content = formats.read_document(bytes(raw))
    assert PHRASE in text_of(content)
    assert [p.why for p in content.places] == [None, Why.DAMAGED, None]


@settings(max_examples=150, deadline=5000)
@given(st.sampled_from(sorted(DOCUMENTS)), st.integers(0, 10_000), st.binary(max_size=12), st.booleans())
def test_readers_end_on_any_bytes(kind: str, at: int, junk: bytes, cut: bool):
    """Documents with bytes cut or overwritten anywhere give a Content and never raise."""
    data = DOCUMENTS[kind][0]
    at %= len(data)
    damaged = data[:at] + junk + (b"" if cut else data[at + len(junk) :])
    assert formats.read_document(damaged).places or not damaged.strip()


CONFINED = """
import resource, sys
from mss_guard.core import formats, mime
from tests.core.formats import build
from tests.core.formats.test_formats import DOCUMENTS, PACKINGS
formats.warm()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
for kind, (data, _) in DOCUMENTS.items():
    for packed in (data, PACKINGS["zip"](data), PACKINGS["gzip"](data)):
        content = formats.read_document(packed)
        assert build.PHRASE in " ".join(" ".join(t.text for t in content.texts).split()), kind
formats.read_document(bytes(range(256)) * 9)
mime.decode_text(b"abc", "iso-2022-jp"), mime.decode_text(b"abc", "inconnu")
"""


def test_readers_work_without_files():
    """After warm() every reader works in a process that can open nothing."""
    done = subprocess.run(
        [sys.executable, "-c", CONFINED],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
