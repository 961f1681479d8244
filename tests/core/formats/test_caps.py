"""Places behind a cap or off the usual path: each is read, or the message says that it is not all."""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from mss_guard.core import formats, mime
from mss_guard.core.formats import carving, pdf, sheets
from mss_guard.core.mime import walk
from mss_guard.core.model import Content, Why
from tests.core.formats import build
from tests.core.formats.test_certain import CDA
from tests.core.formats.test_formats import RTF, tar

P = build.PHRASE
HEX = build.zipped({"cr.txt": P})
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

formats.warm()


def seen(content: Content) -> bool:
    return P in " ".join(" ".join(t.text for t in content.texts).split())


def told(content: Content) -> bool:
    """P was read, or a place says that not all was."""
    return seen(content) or any(p.why for p in content.places)


def uu(data: bytes, name: str = "cr.txt") -> bytes:
    lines = b"".join(binascii.b2a_uu(data[n : n + 45]) for n in range(0, len(data), 45))
    return b"begin 644 %s\n" % name.encode() + lines + b"`\nend\n"


def mail_of(parts: list[str]) -> Content:
    body = "".join(f"--x\r\n{part}\r\n" for part in parts)
    return formats.read(mime.parse(f"Content-Type: multipart/mixed; boundary=x\r\n\r\n{body}--x--\r\n".encode()))


# --- mail -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("small", range(walk.MAX_PARTS - 4, walk.MAX_PARTS + 2))
def test_a_message_behind_a_thousand_parts_is_not_passed_over(small: int):
    """A nested message at the edge of the cap on parts is read or declared."""
    content = mail_of(["\r\nx"] * small + [f"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n{P}"])
    assert told(content)


UU_BODIES = {
    "before": P.encode() + b"\n" + uu(b"rien"),
    "after": uu(b"rien") + P.encode() + b"\n",
    "beside": uu(b"rien").replace(b"\n`", P.encode() + b"\n`"),
    "inside": uu(b"rien").replace(b"`\n", P.encode() + b"\n`\n"),
    "second block": uu(build.png(9, 9, 99), "a.png") + uu(P.encode()),
    "behind a blank line": uu(b"rien").replace(b"`\nend", b"\n" + uu(P.encode()).partition(b"\n")[2].rstrip()),
    "without end": uu(b"rien").replace(b"end\n", b"") + P.encode(),
}


@pytest.mark.parametrize("case", UU_BODIES)
def test_text_around_a_uuencoded_body_is_kept(case: str):
    """A body declared as uuencoded that holds more than one block is read as text, or called ambiguous."""
    assert told(formats.read(mime.parse(b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + UU_BODIES[case])))


def test_plain_uuencoded_bodies_stay_plain():
    """One block as encoders write it decodes without a reason, whatever the writing of its last line."""
    for block in (uu(P.encode() * 9), uu(P.encode()).replace(b"`", b" "), uu(P.encode()).replace(b"\n", b"\r\n")):
        content = formats.read(mime.parse(b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + block))
        assert seen(content)
        assert [p.why for p in content.places] == [None]


def test_uuencoded_blocks_over_the_cap_are_declared():
    """The block after the last one that is decoded leaves a reason; blocks in wide characters are decoded."""
    blocks = uu(b"rien") * carving.MAX_CARVED + uu(P.encode())
    assert Why.TOO_MANY in {p.why for p in formats.read_document(b"Bonjour\n" + blocks).places}
    assert seen(formats.read_document(("Bonjour\n" + uu(P.encode()).decode()).encode("utf-16")))


@pytest.mark.parametrize("word", ["multipart/dupont-marie-vih-positif", "message/dupont", "multipart/mixed"])
def test_a_type_is_never_a_word_of_the_message(word: str):
    """The type of an odd container comes from a list of known ones."""
    raw = f"Content-Type: {word}; boundary=x\r\nContent-Type: {word}; boundary=y\r\n\r\n--x\r\n\r\na\r\n--x--\r\n"
    for document in (raw, f"Content-Type: message/rfc822\r\n\r\n{raw}"):
        assert not any("dupont" in p.type for p in formats.read(mime.parse(document.encode())).places)
    odf = formats.read_document(build.odf(kind="dupont-marie"))
    assert odf.places[0].type == "application/vnd.oasis.opendocument"
    assert seen(odf)


# --- PDF --------------------------------------------------------------------------------------------------------------


def pdf_with(page: bytes = b"", catalog: bytes = b"", *more: bytes) -> bytes:
    """A PDF of one page; `more` are objects 4 and on."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s>>" % page,
        *more,
    ]
    return build._pdf_file(bodies, b"")


def stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (head, len(data), data)


def note(strings: bytes, count: int = 0) -> bytes:
    """A page entry with `count` empty notes, then one of these strings."""
    empty = b"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>"
    return b"/Annots[%s<</Type/Annot/Subtype/Text/Rect[0 0 9 9]%s>>]" % (empty * count, strings)


SAID = P.encode("cp1252")
RICH = "<body xmlns='http://www.w3.org/1999/xhtml'><p>Madame <b>Du</b>rand présente un diabète</p></body>".encode(
    "cp1252"
)
FILED = b"/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS %s>>]"
XFA = f"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><f><a>{P}</a></f></xdp:xdp>".encode()


def outline(count: int, *, deep: bool = False) -> bytes:
    """A PDF with this many bookmarks, one below or inside the other; the last one says P."""
    items = []
    for n in range(count):
        title = SAID if n == count - 1 else b"x"
        link = (
            b""
            if n == count - 1
            else b"/First %d 0 R/Last %d 0 R/Count 1" % (n + 6, n + 6)
            if deep
            else b"/Next %d 0 R" % (n + 6)
        )
        items.append(b"<</Title(%s)/Parent 4 0 R%s>>" % (title, link))
    return pdf_with(
        b"", b"/Outlines 4 0 R", b"<</Type/Outlines/First 5 0 R/Last %d 0 R/Count 1>>" % (count + 4), *items
    )


PDFS: dict[str, tuple[bytes, bool]] = {
    "note": (pdf_with(note(b"/Contents(%s)" % SAID)), True),
    "last note": (pdf_with(note(b"/Contents(%s)" % SAID, pdf.MAX_ANNOTATIONS - 1)), True),
    "a note too many": (pdf_with(note(b"/Contents(%s)" % SAID, pdf.MAX_ANNOTATIONS)), False),
    "rich note": (pdf_with(note(b"/RC(%s)" % RICH)), True),
    "rich stream": (pdf_with(note(b"/RC 4 0 R"), b"", stream(RICH)), True),
    "long string": (pdf_with(note(b"/Contents(%s %s)" % (SAID, b"x" * 500_000))), False),
    "file of a note": (
        pdf_with(FILED % b"4 0 R", b"", b"<</Type/Filespec/F(cr.txt)/EF<</F 5 0 R>>>>", stream(P.encode())),
        True,
    ),
    "file elsewhere": (pdf_with(FILED % b"<</Type/Filespec/F(cr.txt)>>"), False),
    "form": (pdf_with(b"", b"/AcroForm<</Fields[]/XFA 4 0 R>>", stream(XFA)), True),
    "form in packets": (
        pdf_with(b"", b"/AcroForm<</Fields[]/XFA[(a)4 0 R(b)5 0 R]>>", stream(XFA[:50]), stream(XFA[50:])),
        True,
    ),
    "bookmarks": (outline(pdf.MAX_OUTLINE), True),
    "a bookmark too many": (outline(pdf.MAX_OUTLINE + 1), False),
    "bookmarks in bookmarks": (outline(12, deep=True), True),
    "a bookmark too deep": (outline(21, deep=True), False),
    "title like a date": (build.pdf("Bonjour", title=f"D:{P}"), True),
}


@pytest.mark.parametrize("case", PDFS)
def test_a_pdf_is_read_beyond_its_pages(case: str):
    """Notes, files, forms and bookmarks are read, and a cap among them is told, whatever else of it was seen."""
    data, whole = PDFS[case]
    content = formats.read_document(data)
    assert seen(content) or not whole
    assert whole is (Why.PARTIAL not in {p.why for p in content.places})


def test_a_file_in_both_places_is_read_once():
    """A file of the name tree that an annotation shows too is one place."""
    spec = b"<</Type/Filespec/F(cr.txt)/EF<</F 5 0 R>>>>"
    names = b"/Names<</EmbeddedFiles<</Names[(cr.txt)4 0 R]>>>>"
    content = formats.read_document(pdf_with(FILED % b"4 0 R", names, spec, stream(P.encode())))
    assert [p.part for p in content.places] == ["1", "1/1:pdf"]


# --- RTF --------------------------------------------------------------------------------------------------------------

ZIP_HEX = HEX.hex().encode()
RTFS = {
    "bin": b"{\\rtf1{\\object{\\*\\objdata\\bin%d %s}}}" % (len(HEX), HEX),
    "bin after digits": b"{\\rtf1{\\object{\\*\\objdata %s\\bin%d %s}}}" % (ZIP_HEX[:20], len(HEX) - 10, HEX[10:]),
    "bin anywhere": b"{\\rtf1 a\\bin%d %s}" % (len(HEX), HEX),
    "bin past the end": b"{\\rtf1{\\*\\objdata\\bin999999 %s}}" % HEX,
    "text past the end": b"{\\rtf1 a\\bin999999 " + P.encode("cp1252") + b"}",
    "no end": b"{\\rtf1{\\*\\objdata " + ZIP_HEX,
    "noise among digits": b"{\\rtf1{\\*\\objdata zz " + ZIP_HEX + b"}}",
    "words in a picture": b"{\\rtf1{\\pict{\\*\\picprop{\\sp{\\sn wzDescription}{\\sv " + P.encode("cp1252") + b"}}}}}",
}


@pytest.mark.parametrize("case", RTFS)
def test_octets_of_rtf_objects_are_read(case: str):
    """Objects in octets, cut objects and words inside objects are read or declared."""
    assert told(formats.read_document(RTFS[case]))


def test_octets_past_the_end_are_damage():
    """A length of octets that the file does not have is named; a file without one is not."""
    assert Why.DAMAGED in {p.why for p in formats.read_document(RTFS["bin past the end"]).places}
    assert [p.why for p in formats.read_document(RTF).places] == [None]
    assert seen(formats.read_document(RTFS["bin"]))


# --- office -----------------------------------------------------------------------------------------------------------

PACKED_CDA = CDA.format(f"<nonXMLBody><text representation='B64'>{base64.b64encode(HEX).decode()}</text></nonXMLBody>")
THEME = f"<a:theme xmlns:a='a'><a:t>{P}</a:t></a:theme>"
OFF_THE_PATH = {
    "word/cr.rels": P,
    "word/_rels/cr.rels": P,
    "word/_rels/document.xml.rels": f"<Relationships><Relationship/>{P}</Relationships>",
    "word/mimetype": P,
    "mimetype": P,
    "vbaProject.bin": P,
    "word/vbaProject.bin": P,
    "word/theme/cr.txt": P,
    "word/theme/cr.xml": THEME,
    "word/theme/theme1.xml": THEME,
    "word/settings.xml": THEME,
    "dossiers/theme/cr.xml": PACKED_CDA,
    "word/cr.xml": PACKED_CDA,
    "customXml/item1.xml": PACKED_CDA,
    "dossiers/settings.xml": f"<x>{P}</x>",
}


@pytest.mark.parametrize("name", OFF_THE_PATH)
def test_nothing_in_an_office_file_is_passed_over(name: str):
    """Relations, settings, themes and folders of no use to the document are read, and a CDA among them is marked."""
    content = formats.read_document(build.docx("rien", **{name: OFF_THE_PATH[name]}))
    assert seen(content)
    assert [m.format for m in content.markers] == (["cda"] if "ClinicalDocument" in OFF_THE_PATH[name] else [])


def test_ordinary_settings_add_nothing():
    """Settings as office software writes them make no place, no reason and no text."""
    parts = {
        "_rels/.rels": "<Relationships xmlns='r'><Relationship Id='rId1' Target='word/document.xml'/></Relationships>",
        "word/theme/theme1.xml": "<a:theme xmlns:a='a' name='Office'><a:font typeface='Arial'/></a:theme>",
        "word/settings.xml": "<w:settings xmlns:w='w'><w:zoom w:percent='100'/></w:settings>",
        "word/vbaProject.bin": "",
    }
    content = formats.read_document(build.docx(P, **parts))
    assert [t.text.strip() for t in content.texts if t.text.strip() != "word/vbaProject.bin"] == [P]
    assert not any(p.why for p in content.places)


def test_a_sheet_of_empty_cells_is_partial(monkeypatch: pytest.MonkeyPatch):
    """Cells that hold nothing reach the cap without text; what stands behind them is told to be unread."""
    monkeypatch.setattr(sheets, "MAX_TEXT", 500)
    content = formats.read_document(build.xlsx([["début"], [""] * 600, [P]]))
    assert content.places[0].why is Why.PARTIAL
    assert any("début" in t.text for t in content.texts)


# --- archives ---------------------------------------------------------------------------------------------------------


def local(name: bytes, data: bytes) -> bytes:
    """A stored entry without its line in the directory."""
    return (
        struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, zlib.crc32(data), len(data), len(data), len(name), 0)
        + name
        + data
    )


def in_extra(raw: bytes, hidden: bytes) -> bytes:
    """`raw`, a zip of one entry, with `hidden` in the extra field of its local header."""
    name_length = struct.unpack_from("<H", raw, 26)[0]
    at = 30 + name_length
    grown = raw[:28] + struct.pack("<H", len(hidden)) + raw[30:at] + hidden + raw[at:]
    end = grown.rfind(b"PK\x05\x06")
    start = struct.unpack_from("<L", grown, end + 16)[0] + len(hidden)
    return grown[: end + 16] + struct.pack("<L", start) + grown[end + 20 :]


def behind_a_stream() -> bytes:
    """An entry whose packed octets go on after its deflate stream."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = pack.compress(b"rien") + pack.flush() + P.encode()
    head = struct.pack("<5H3L2H", 20, 0, 8, 0, 0, zlib.crc32(b"rien"), len(packed), 4, 1, 0)
    entry = b"PK\x03\x04" + head + b"a" + packed
    line = b"PK\x01\x02\x14\x00" + head + struct.pack("<3H2L", 0, 0, 0, 0, 0) + b"a"
    return entry + line + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(line), len(entry), 0)


SMALL = build.zipped({"a.txt": "rien"})
HIDDEN = local(b"cr.txt", P.encode())
ARCHIVES: dict[str, Callable[[], bytes]] = {
    "tar after tar": lambda: tar("a.txt", b"rien") + tar("cr.txt", P.encode()),
    "text after tar": lambda: tar("a.txt", b"rien") + P.encode(),
    "text in the last block": lambda: tar("a.txt", b"rien")[:1024] + P.encode(),
    "entry before": lambda: HIDDEN + SMALL,
    "zip before": lambda: HEX + SMALL,
    "entry before a document": lambda: HIDDEN + build.docx("rien"),
    "entry after": lambda: SMALL + HIDDEN,
    "entry before an empty one": lambda: HIDDEN + b"PK\x05\x06" + bytes(18),
    "entry in an extra field": lambda: in_extra(SMALL, HIDDEN),
    "behind a stream": behind_a_stream,
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_what_an_archive_does_not_list_is_told(case: str):
    """An archive in front of, behind or between the entries that one reader sees is ambiguous."""
    content = formats.read_document(ARCHIVES[case]())
    assert Why.AMBIGUOUS in {p.why for p in content.places}


def stored_zip_in_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.zip", HEX)
        archive.writestr("b.docx", build.docx())
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"MZ" + bytes(50) + HEX,
        b"\x01\x02\x00\x00" * 99 + b"PK\x03\x04" + b"\xff" * 99 + HEX,
        b"PK00" + HEX,
        stored_zip_in_zip(),
        tar("cr.txt", P.encode()),
    ],
    ids=["program", "prefix with the signature", "one piece of a split one", "stored zip", "tar"],
)
def test_honest_archives_stay_plain(data: bytes):
    """Prefixes, zips stored in zips and the zeros behind a tar are not ambiguous."""
    assert Why.AMBIGUOUS not in {p.why for p in formats.read_document(data).places}


LETTER = "Compte rendu de Mme Jeanne Durand, née le 12/03/1938 : décompensation cardiaque. ".encode()


@pytest.mark.parametrize("padding", [0, 8_000], ids=["short", "longer than the first look"])
@pytest.mark.parametrize("where", ["before", "inside", "comment"])
def test_a_zip_behind_a_text_hides_neither(padding: int, where: str):
    """The words before an archive, inside it and in its comment are all read, however long the text is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("note.txt", LETTER if where == "inside" else b"le menu")
        archive.comment = LETTER if where == "comment" else b""
    text = (LETTER if where == "before" else b"") + b"le menu de la semaine\n" * (padding // 22 + 1)
    content = formats.read_document(text + buffer.getvalue(), "menu.txt")
    assert any("Jeanne Durand" in t.text for t in content.texts)
