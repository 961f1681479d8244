"""Documents that the tests make themselves: small, fictitious, by hand where a library would hide what matters."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP

PHRASE = "Madame Durand présente un diabète"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zipped(entries: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(text: str = PHRASE, **parts: str) -> bytes:
    body = "".join(f"<w:r><w:t>{piece}</w:t></w:r>" for piece in (text[:4], text[4:]))
    document = f'<?xml version="1.0"?><w:document xmlns:w="{_W}"><w:body><w:p>{body}</w:p></w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **dict(parts.items())})


def docx_with(name: str, text: str) -> bytes:
    part = f'<?xml version="1.0"?><w:x xmlns:w="{_W}"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:x>'
    return docx("rien", **{name: part})


_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(rows: list[list[str | float]], sheet: str = "Feuille1") -> bytes:
    """Strings go to the shared table; numbers get style 1, a date."""
    strings: list[str] = []
    lines = []
    for row in rows:
        cells = []
        for value in row:
            if isinstance(value, str):
                strings.append(value)
                cells.append(f'<c t="s"><v>{len(strings) - 1}</v></c>')
            else:
                cells.append(f'<c s="1"><v>{value}</v></c>')
        lines.append(f"<row>{''.join(cells)}</row>")
    shared = "".join(f"<si><t>{s}</t></si>" for s in strings)
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook xmlns="{_S}"><sheet name="{sheet}" state="hidden"/></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_S}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
            "xl/styles.xml": f'<s xmlns="{_S}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></s>',
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{shared}</sst>',
        }
    )


def pptx(text: str = PHRASE) -> bytes:
    runs = "".join(f"<a:r><a:t>{piece}</a:t></a:r>" for piece in (text[:6], text[6:]))
    slide = f'<p:sld xmlns:p="p" xmlns:a="a"><a:p>{runs}</a:p></p:sld>'
    return zipped({"[Content_Types].xml": "<Types/>", "ppt/slides/slide1.xml": slide})


def odf(text: str = PHRASE, kind: str = "text", manifest: str = "<m/>") -> bytes:
    content = f'<o:c xmlns:o="o" xmlns:text="t"><text:p>{text[:5]}<text:span>{text[5:]}</text:span></text:p></o:c>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", manifest)
    return out.getvalue()


def pdf(*pages: str, image: bool = False, title: str = "") -> bytes:
    """One Helvetica line for each page; an empty string makes a page that shows a full-page picture (or nothing)."""
    bodies: list[bytes] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    pixel = (
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
        b"stream\n\x80\nendstream"
    )
    bodies.append(pixel)
    kids = []
    for text in pages:
        drawn = b"q 595 0 0 842 0 0 cm /I Do Q" if image and not text else b""
        shown = text.encode("cp1252").replace(b"(", b"\\(").replace(b")", b"\\)")
        stream = b"BT /F 12 Tf 50 800 Td (" + shown + b") Tj ET" if text else drawn
        bodies.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        bodies.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>>>" % len(bodies)
        )
        kids.append(b"%d 0 R" % len(bodies))
    bodies[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    info = b""
    if title:
        bodies.append(b"<</Title(%s)>>" % title.encode("cp1252"))
        info = b"/Info %d 0 R" % len(bodies)
    return _pdf_file(bodies, info)


def _pdf_file(bodies: list[bytes], info: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + body + b"endobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R%s>>startxref\n%d\n%%%%EOF" % (len(bodies) + 1, info, table)
    return bytes(out)


def encrypted_pdf() -> bytes:
    """A PDF whose Encrypt dictionary no empty password opens."""
    plain = pdf("texte")
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>/ID[(aaaaaaaaaaaaaaaa)(aaaaaaaaaaaaaaaa)]" % (
        b"o" * 32,
        b"u" * 32,
    )
    return plain.replace(b"trailer<<", b"trailer<<" + lock)


def png(width: int, height: int, octets: int) -> bytes:
    """A PNG of these measures, filled up to a size with a text chunk."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)
    return data + _chunk(b"tEXt", b"x" * max(octets - len(data) - 24, 0)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encrypted_zip(name: str = "resultats.pdf") -> bytes:
    """A stored entry whose encryption flag is set, in the local header and in the directory."""
    raw = bytearray(zipped({name: b"secret" * 20}))
    raw[6] |= 1
    raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def mail(
    text: str = "Bonjour", html: str = "", attachments: Mapping[str, bytes] | None = None, **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"] = "Secrétariat <secretariat@tilleuls.example>"
    message["To"] = "Jean Martin <jean@ordinaire.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in (attachments or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes(policy=SMTP)
