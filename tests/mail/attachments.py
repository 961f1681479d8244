"""Attachments of the labelled mails, built from their `text` or `rows`; the same bytes at every run."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from struct import pack
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[str]]
_OFFICE = "http://schemas.openxmlformats.org"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OOXML = "application/vnd.openxmlformats-officedocument"

# ContentInfo { signedData, [0] { version 1, no digest, data, no signer } } (RFC 5652)
SIGNATURE = bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100")


def kind_of(part: Mapping[str, Any]) -> str:
    """`kind`, else what follows the last dot of the name."""
    return str(part.get("kind") or part["name"].rpartition(".")[2].lower())


def attach(message: EmailMessage, part: Mapping[str, Any]) -> None:
    """Adds one attachment; KeyError when its kind has no builder."""
    kind = kind_of(part)
    if kind == "eml":
        inner = EmailMessage(policy=SMTP)
        for name in ("from", "to", "subject", "date"):
            if part.get(name):
                inner[name] = part[name] if isinstance(part[name], str) else ", ".join(part[name])
        inner.set_content(part.get("text", ""))
        message.add_attachment(inner)
        return
    maintype, _, subtype = _TYPES[kind].partition("/")
    if maintype == "text":
        text = data_of(part).decode()
        message.add_attachment(text, subtype=subtype, charset="utf-8", cte="base64", filename=part["name"])
    else:
        message.add_attachment(data_of(part), maintype, subtype, filename=part["name"])


def data_of(part: Mapping[str, Any]) -> bytes:
    """The bytes of one attachment, whose kind is in the table below."""
    if kind_of(part) == "zip":
        return _zip({file["name"]: data_of(file) for file in part["files"]})
    return _BUILDERS[kind_of(part)](part.get("text", ""), part.get("rows") or [])


def _txt(text: str, rows: Rows) -> bytes:
    return (text + "".join("\t".join(row) + "\n" for row in rows)).encode()


def _csv(text: str, rows: Rows) -> bytes:
    """As a French Excel writes it: semicolons, CRLF, quotes where a cell needs them."""
    cells = [[f'"{cell}"' if re.search(r'[;"\n]', cell) else cell for cell in row] for row in rows]
    return (text + "".join(";".join(row) + "\r\n" for row in cells)).encode()


def _zip(entries: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 8, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _package(main: str, main_type: str, parts: Mapping[str, str], overrides: Mapping[str, str]) -> bytes:
    """An Open Packaging file (ECMA-376 part 2) with one main part."""
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{_OOXML}.{kind}+xml"/>' for name, kind in overrides.items()
    )
    return _zip({
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_OFFICE}/package/2006/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/{main_type}" Target="{main}"/></Relationships>',
        **parts,
    })  # fmt: skip


def _docx(text: str, rows: Rows) -> bytes:
    def paragraph(line: str) -> str:
        return f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'

    table = "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows)
    body = "".join(map(paragraph, text.splitlines())) + (f"<w:tbl>{table}</w:tbl>" if table else "")
    document = f'{_HEAD}<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main"><w:body>{body}<w:sectPr/></w:body></w:document>'
    return _package(
        "word/document.xml", "officeDocument", {"word/document.xml": document},
        {"word/document.xml": "wordprocessingml.document.main"},
    )  # fmt: skip


def _column(number: int) -> str:
    return chr(65 + number) if number < 26 else _column(number // 26 - 1) + chr(65 + number % 26)


def _xlsx(text: str, rows: Rows) -> bytes:
    """One sheet; a cell that is a number without a leading zero is stored as one, the rest in the shared table."""
    strings: dict[str, int] = {}
    lines = []
    for at, row in enumerate([*([line] for line in text.splitlines()), *rows], 1):
        cells = []
        for column, cell in enumerate(row):
            if re.fullmatch(r"(?:0|[1-9]\d{0,8})(?:\.\d+)?", cell):
                cells.append(f'<c r="{_column(column)}{at}"><v>{cell}</v></c>')
            elif cell:
                index = strings.setdefault(cell, len(strings))
                cells.append(f'<c r="{_column(column)}{at}" t="s"><v>{index}</v></c>')
        lines.append(f'<row r="{at}">{"".join(cells)}</row>')
    main, office = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
    shared = "".join(f'<si><t xml:space="preserve">{escape(string)}</t></si>' for string in strings)
    return _package("xl/workbook.xml", "officeDocument", {
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Feuil1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{_HEAD}<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'{_HEAD}<sst xmlns="{main}">{shared}</sst>',
    }, {
        "xl/workbook.xml": "spreadsheetml.sheet.main",
        "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
        "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
    })  # fmt: skip


def _odt(text: str, rows: Rows) -> bytes:
    lines = [*text.splitlines(), *("\t".join(row) for row in rows)]
    body = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    return _zip({
        "mimetype": _TYPES["odt"],
        "content.xml": f'{_HEAD}<office:document-content xmlns:office="{urn}:office:1.0" xmlns:text="{urn}:text:1.0" '
        f'office:version="1.3"><office:body><office:text>{body}</office:text></office:body></office:document-content>',
        "META-INF/manifest.xml": f'{_HEAD}<manifest:manifest xmlns:manifest="{urn}:manifest:1.0" manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_TYPES["odt"]}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    })  # fmt: skip


def _rtf(text: str, rows: Rows) -> bytes:
    def coded(line: str) -> str:
        return "".join(c if ord(c) < 128 and c not in "\\{}" else f"\\u{ord(c)}?" for c in line)

    lines = [*text.splitlines(), *("\t".join(row) for row in rows)]
    return (
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Calibri;}}\n" + "\\par\n".join(map(coded, lines)) + "\\par}"
    ).encode()


def _pdf(text: str, rows: Rows) -> bytes:
    """Helvetica with a text layer, 50 lines a page (ISO 32000-1); the cells of a row are set apart by columns."""
    lines: list[list[tuple[int, str]]] = []
    for line in text.splitlines():
        lines += [[(50, piece)] for piece in wrap(line, 95) or [""]]
    for row in rows:
        width = 500 // max(len(row), 1)
        lines.append([(50 + width * at, cell) for at, cell in enumerate(row)])
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    bodies.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    kids = []
    for start in range(0, max(len(lines), 1), 50):
        shown = b"".join(
            b"BT /F 10 Tf %d %d Td (%s) Tj ET\n" % (x, 790 - 15 * at, _escaped(piece))
            for at, cells in enumerate(lines[start : start + 50])
            for x, piece in cells
        )
        bodies.append(b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown))
        bodies.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>"
            % len(bodies)
        )
        kids.append(b"%d 0 R" % len(bodies))
    bodies[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1) + table + tail


def _escaped(line: str) -> bytes:
    return re.sub(rb"([\\()])", rb"\\\1", line.encode("cp1252", "replace"))


def _ics(text: str, rows: Rows) -> bytes:
    """An invitation (RFC 5545): the first line is its summary, the second its place, the rest its description."""
    summary, place, *rest = [*text.splitlines(), "", ""]
    described = "\\n".join(rest).strip("\\n")
    start = 8 + sha256(text.encode()).digest()[0] % 9
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT",
        f"UID:{sha256(text.encode()).hexdigest()[:32]}", f"DTSTART;TZID=Europe/Paris:20260212T{start:02}0000", f"SUMMARY:{summary}",
        f"LOCATION:{place}", f"DESCRIPTION:{described}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def logo(name: str) -> bytes:
    """A small PNG of coloured bands, which shows nothing."""
    tint = sha256(name.encode()).digest()
    line = b"".join(bytes([tint[x // 20], 128, tint[x // 40]]) for x in range(160))
    pixels = zlib.compress((b"\0" + line) * 48)
    chunks = ((b"IHDR", pack(">IIBBBBB", 160, 48, 8, 2, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + name_ + data + pack(">I", zlib.crc32(name_ + data)) for name_, data in chunks
    )


_TYPES = {
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "docx": f"{_OOXML}.wordprocessingml.document",
    "xlsx": f"{_OOXML}.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "pdf": "application/pdf",
    "png": "image/png",
    "zip": "application/zip",
}
_BUILDERS: dict[str, Callable[[str, Rows], bytes]] = {
    "txt": _txt,
    "csv": _csv,
    "html": _txt,
    "ics": _ics,
    "vcf": _txt,
    "docx": _docx,
    "xlsx": _xlsx,
    "odt": _odt,
    "rtf": _rtf,
    "pdf": _pdf,
    "png": lambda text, _rows: logo(text),
}
