"""Forty and more secrets, each in its own corner of a message, and the search for them wherever the guard writes."""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.header import Header

from mss_guard.core.identifiers import ins_ok
from tests.e2e.documents import examples

OUTSIDE = "b@messagerie-ordinaire.example"
CARE = "Mme Durand, née le 12/03/1938, chambre 12, a chuté : fracture du col du fémur, morphine 10 mg matin et soir, pansement refait."
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Canary:
    """One secret and the message that holds it. `to`: the recipient when the address itself is the secret."""

    corner: str
    secret: str
    message: bytes
    to: str = OUTSIDE


def secret(number: int) -> str:
    """A word that stands nowhere else, with an accent so that each encoding writes it differently."""
    letters = "".join(chr(ord("a") + (number * 7919 + i * 104729) % 26) for i in range(5))
    return f"Zy{letters}éx{'bcdfghjklm'[number % 10]}{'npqrstvwxz'[number // 10 % 10]}ouk"


def message(
    number: int,
    *,
    subject: str = "Suite",
    text: str = "",
    headers: str = "",
    part: str = "",
    data: bytes = b"",
    kind: str = "text/plain",
) -> bytes:
    """A message with health data, so that it is refused with a notice; `part` and `data` make its attachment."""
    head = [
        f"From: Poste {number} <poste{number}@ehpad-les-tilleuls.fr>",
        f"To: <{OUTSIDE}>",
        f"Message-ID: <m{number}@ehpad-les-tilleuls.fr>",
    ]
    head += [
        f"Subject: {subject}",
        "Date: Mon, 23 Nov 2026 08:00:00 +0100",
        "MIME-Version: 1.0",
        *filter(None, [headers]),
    ]
    body = f"{CARE}\r\n{text}\r\n"
    if not part:
        head += [f"Content-Type: {kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
        return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
    encoded = base64.encodebytes(data).decode().replace("\n", "\r\n")
    return (
        "\r\n".join(head) + '\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
        f"--b\r\n{part}\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}--b--\r\n"
    ).encode()


def attached(number: int, kind: str, name: str, data: bytes) -> bytes:
    """A message with one attachment."""
    return message(
        number, part=f'Content-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"', data=data
    )


def _encoded_word(word: str) -> str:
    return Header(word, "utf-8").encode()


def _pdf_info(word: str) -> bytes:
    info = b"/Root 1 0 R /Info << /Title (%s) /Author (%s) >>" % ((word.encode("latin-1"),) * 2)
    return bytes(examples.pdf("Feuille")).replace(b"/Root 1 0 R", info)


def _with(archive: bytes, name: str, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return bytes(examples.pack({**{n: opened.read(n) for n in opened.namelist()}, name: data}))


def _points(kind: str, target: str) -> bytes:
    """A relationships part with one relationship."""
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
    return f'<Relationships xmlns="{space}"><Relationship Id="r1" Type="{office}" Target="{target}"/></Relationships>'.encode()


def _sheet(name: str, cell: str) -> bytes:
    """A workbook of one sheet with one cell."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    types += f'<Override PartName="/xl/workbook.xml" ContentType="{XLSX}.main+xml"/></Types>'
    book = f'<workbook xmlns="{space}" xmlns:r="{related}"><sheets><sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>'
    row = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{cell}</t></is></c></row>'
    return bytes(
        examples.pack(
            {
                "[Content_Types].xml": types.encode(),
                "_rels/.rels": _points("officeDocument", "xl/workbook.xml"),
                "xl/workbook.xml": book.encode(),
                "xl/_rels/workbook.xml.rels": _points("worksheet", "worksheets/sheet1.xml"),
                "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{row}</sheetData></worksheet>'.encode(),
            }
        )
    )


def _zip(name: str, data: bytes = b"Feuille") -> bytes:
    return bytes(examples.pack({name: data}))


def _core(word: str) -> bytes:
    return f'<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>{word}</dc:title><dc:creator>{word}</dc:creator></cp:coreProperties>'.encode()


def _nested(word: str) -> bytes:
    return f"From: {word} <a@b.example>\r\nSubject: {word}\r\n\r\n{word}\r\n".encode()


CORNERS: dict[str, Callable[[int, str], bytes]] = {
    "text": lambda n, w: message(n, text=f"Bien à vous, {w}"),
    "subject": lambda n, w: message(n, subject=w),
    "encoded subject": lambda n, w: message(n, subject=_encoded_word(f"Mme {w}")),
    "subject of quoted mail": lambda n, w: message(
        n, text=f"-----Message d'origine-----\r\nDe : {w}\r\nObjet : {w}\r\n\r\n> {w}"
    ),
    "signature": lambda n, w: message(n, text=f"-- \r\n{w}\r\nCadre de santé"),
    "display name from": lambda n, w: message(n, headers=f'Sender: "{w}" <x@ehpad-les-tilleuls.fr>'),
    "display name to": lambda n, w: message(n, headers=f"Cc: {_encoded_word(w)} <c@messagerie-ordinaire.example>"),
    "display name of the recipient": lambda n, w: message(n, headers=f"Cc: {_encoded_word(f'Dr {w}')} <{OUTSIDE}>"),
    "reply-to": lambda n, w: message(n, headers=f"Reply-To: {w} <r@ehpad-les-tilleuls.fr>"),
    "own header": lambda n, w: message(n, headers=f"X-Patient: {w}"),
    "folded header": lambda n, w: message(n, headers=f"X-Dossier: a\r\n\t{w}\r\n b"),
    "header that is none": lambda n, w: message(n, headers=f"{w} sans deux-points"),
    "list header": lambda n, w: message(n, headers=f"Comments: {w}"),
    "html": lambda n, w: message(n, text=f"<p>{w[:4]}<b>{w[4:]}</b></p>", kind="text/html"),
    "html title": lambda n, w: message(n, text=f"<title>{w}</title>", kind="text/html"),
    "html comment": lambda n, w: message(n, text=f"<!-- {w} --><p>x</p>", kind="text/html"),
    "html alt": lambda n, w: message(n, text=f'<img alt="{w}" src="cid:{w}">', kind="text/html"),
    "file name": lambda n, w: attached(n, "text/plain", f"{w}.txt", b"Feuille"),
    "file name, RFC 2231": lambda n, w: message(
        n,
        part=f"Content-Type: text/plain\r\nContent-Disposition: attachment; filename*=utf-8''{urllib.parse.quote(w)}.txt",
        data=b"Feuille",
    ),
    "name of the part": lambda n, w: message(n, part=f'Content-Type: text/plain; name="{w}.txt"', data=b"Feuille"),
    "charset of the part": lambda n, w: message(n, part=f'Content-Type: text/plain; charset="{w}"', data=b"Feuille"),
    "type of the part": lambda n, w: message(n, part=f"Content-Type: application/{w}", data=b"Feuille"),
    "description of the part": lambda n, w: message(
        n, part=f"Content-Type: text/plain\r\nContent-Description: {w}", data=b"x"
    ),
    "id of the part": lambda n, w: message(n, part=f"Content-Type: text/plain\r\nContent-ID: <{w}>", data=b"x"),
    "name in an archive": lambda n, w: attached(n, "application/zip", "a.zip", _zip(f"{w}.txt")),
    "folder in an archive": lambda n, w: attached(n, "application/zip", "a.zip", _zip(f"{w}/a.txt")),
    "name in an archive in an archive": lambda n, w: attached(
        n, "application/zip", "a.zip", _zip("i.zip", _zip(f"{w}.pdf"))
    ),
    "text in an archive": lambda n, w: attached(n, "application/zip", "a.zip", _zip("a.txt", w.encode())),
    "name in a damaged archive": lambda n, w: attached(
        n, "application/zip", "a.zip", _zip(f"{w}.txt", b"x" * 900)[:-30]
    ),
    "pdf text": lambda n, w: attached(n, "application/pdf", "a.pdf", examples.pdf(w)),
    "pdf metadata": lambda n, w: attached(n, "application/pdf", "a.pdf", _pdf_info(w)),
    "damaged pdf": lambda n, w: attached(n, "application/pdf", "a.pdf", examples.pdf(w)[:-200]),
    "docx text": lambda n, w: attached(n, DOCX, "a.docx", examples.docx(w)),
    "docx properties": lambda n, w: attached(
        n, DOCX, "a.docx", _with(examples.docx("a"), "docProps/core.xml", _core(w))
    ),
    "broken docx": lambda n, w: attached(
        n, DOCX, "a.docx", _with(examples.docx("a"), "word/document.xml", f"<w:t>{w}<".encode())
    ),
    "sheet name": lambda n, w: attached(n, XLSX, "a.xlsx", _sheet(w, "1")),
    "cell": lambda n, w: attached(n, XLSX, "a.xlsx", _sheet("Feuille 1", w)),
    "csv": lambda n, w: attached(n, "text/csv", "a.csv", f"nom;soin\r\n{w};pansement\r\n".encode()),
    "rtf": lambda n, w: attached(
        n, "application/rtf", "a.rtf", rb"{\rtf1{\info{\title %s}}%s}" % ((w.encode("latin-1"),) * 2)
    ),
    "xml": lambda n, w: attached(
        n, "text/xml", "a.xml", f"<?xml version='1.0'?><a nom='{w}'><{w}>{w}</{w}><b>".encode()
    ),
    "hl7": lambda n, w: attached(n, "text/plain", "a.txt", examples.HL7.replace(b"DURAND", w.encode())),
    "cda": lambda n, w: attached(n, "text/plain", "a.xml", examples.CDA.replace(b"DURAND", w.encode())),
    "forwarded message": lambda n, w: message(n, part="Content-Type: message/rfc822", data=_nested(w)),
    "message as a file": lambda n, w: attached(n, "application/octet-stream", "a.eml", _nested(w)),
    "bytes of a program": lambda n, w: attached(
        n, "application/octet-stream", "a.bin", b"\x7fELF\0\1" + w.encode() + b"\0" * 40
    ),
    "calendar": lambda n, w: attached(
        n, "text/calendar", "a.ics", f"BEGIN:VCALENDAR\r\nSUMMARY:{w}\r\nEND:VCALENDAR\r\n".encode()
    ),
    "uuencoded": lambda n, w: message(n, text=f"begin 644 {w}.txt\r\n#0V%T\r\n`\r\nend"),
}
"""Where a secret may hide: message number and word in, message out."""

CRASHES = ("raise", "exit", "memory", "abort", "segv", "print", "lie", "huge", "judge")
"""What `tests.e2e.crashing` does when a message asks for it in `X-Crash:`, with the message's own words in its mouth."""


def _key(first: str) -> str:
    return f"{97 - int(first) % 97:02d}"


def _numbers() -> Iterator[tuple[str, str]]:
    """Eight ways of writing a number of its own each."""
    forms = (
        "{0}{1}{2}{3}{4}{5}{6}", "{0} {1} {2} {3} {4} {5} {6}", "{0}.{1}.{2}.{3}.{4}.{5}.{6}", "{0}-{1}-{2}-{3}-{4}-{5}-{6}",
        "{0}\N{NO-BREAK SPACE}{1}\N{NO-BREAK SPACE}{2}\N{NO-BREAK SPACE}{3}\N{NO-BREAK SPACE}{4}\N{NO-BREAK SPACE}{5}\N{NO-BREAK SPACE}{6}",
        "{0} {1} {2} {3} {4} {5} clé {6}", "{0}{1}{2}{3}{4}{5}/{6}", "{0} {1} {2}\r\n{3} {4} {5} {6}",
    )  # fmt: skip
    for number, form in enumerate(forms):
        first = f"1{41 + number}0{number % 9 + 1}75{110 + number}{203 + number}"
        pieces = (first[0], first[1:3], first[3:5], first[5:7], first[7:10], first[10:13], _key(first))
        assert ins_ok(first + pieces[-1])
        yield first, form.format(*pieces)


def canaries() -> list[Canary]:
    """All of them; each message from a sender of its own, so that the hourly cap on notices stays out of the way."""
    found = []
    for number, (corner, make) in enumerate(CORNERS.items()):
        word = secret(number)
        found.append(Canary(corner, word, make(number, word)))
    number = len(found)
    for digits, written in _numbers():
        found.append(Canary(f"INS written {written!r}", digits, message(number, text=f"INS : {written}")))
        number += 1
    citizen = "1550675110299"
    for corner, local in (("citizen", citizen + _key(citizen)), ("impossible citizen", "1550675110288" + "00")):
        found.append(Canary(corner, local[:13], message(number), f"{local}@patient.mssante.fr"))
        number += 1
    for crash in CRASHES:
        word = secret(number)
        found.append(
            Canary(f"crash: {crash}", word, message(number, subject=word, text=word, headers=f"X-Crash: {crash}"))
        )
        number += 1
    return found


# --- the search -------------------------------------------------------------------------------------------------------


def _base64(raw: bytes) -> Iterator[bytes]:
    """What stands in base64 text at each of the three alignments, without the characters that neighbours touch."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        start = (shift * 8 + 5) // 6
        yield whole[start : (shift + len(raw)) * 8 // 6]


def writings(word: str) -> frozenset[bytes]:
    """A secret in plain, folded, base64, quoted-printable, percent and hexadecimal writing."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    found: set[bytes] = set()
    for form in {word, word.lower(), word.upper(), plain, plain.lower(), plain.upper()}:
        found.add(json.dumps(form)[1:-1].encode())
        for charset in ("utf-8", "latin-1", "utf-16-le"):
            raw = form.encode(charset)
            found |= {
                raw,
                *_base64(raw),
                raw.hex().encode(),
                raw.hex().upper().encode(),
                raw.decode("latin-1").encode("unicode_escape"),
            }
            for sign in ("=", "%", "\\x"):
                found.add("".join(f"{sign}{b:02X}" if b > 127 else chr(b) for b in raw).encode())
                found.add("".join(f"{sign}{b:02x}" if b > 127 else chr(b) for b in raw).encode())
                found.add("".join(f"{sign}{b:02X}" for b in raw).encode())
    return frozenset(found)


_DIGITS_APART = re.compile(rb"(?<=\d)[^\d\r\n]{1,3}(?=\d)")


def traces(wanted: list[Canary], written: bytes) -> list[str]:
    """The corners whose secret stands in these bytes, however it is encoded or wrapped."""
    unwrapped = re.sub(rb"=\r?\n", b"", written)
    joined = re.sub(rb"\r?\n[ \t]*", b"", written)
    close = _DIGITS_APART.sub(b"", written)
    places = (written, unwrapped, joined, close)
    return [c.corner for c in wanted if any(form in place for form in writings(c.secret) for place in places)]
