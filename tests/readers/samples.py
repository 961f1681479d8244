"""Documents of every format with one fictitious health sentence in one place of each, made in code.

`MADE` maps a format's name to (file name, maker); `LOCKED` maps a format to a maker of the same, encrypted."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
from collections.abc import Callable

from tests.core.formats import build
from tests.readers import cfb, drawn, locks, old, paper, parcels

SENTINEL = "Madame Odette Martin souffre de schizophrenie et prend de la clozapine"
Maker = Callable[[], bytes]


def _text() -> bytes:
    return f"Bonjour,\r\n{SENTINEL}.\r\nMerci.\r\n".encode()


def _html(hidden: bool) -> bytes:
    style = ' style="display:none"' if hidden else ""
    return f"<!DOCTYPE html><html><body><p>Bonjour</p><div{style}>{SENTINEL}</div></body></html>".encode()


def _rtf() -> bytes:
    return b"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 " + SENTINEL.encode() + b"\\par}"


def _csv() -> bytes:
    return f"date;note\r\n2026-03-02;{SENTINEL}\r\n".encode()


def _ics() -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "SUMMARY:Point",
             f"DESCRIPTION:{SENTINEL[:50]}", f" {SENTINEL[50:]}", "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def _vcf() -> bytes:
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Point\r\nNOTE:{SENTINEL[:50]}\r\n {SENTINEL[50:]}\r\nEND:VCARD\r\n".encode()
    )


def _epub() -> bytes:
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{SENTINEL}</p></body></html>'
    return build.zipped({"mimetype": "application/epub+zip", "OEBPS/page1.xhtml": page})


def _eml() -> bytes:
    return build.mail(SENTINEL)


def _mbox() -> bytes:
    mail = build.mail(SENTINEL)
    return b"From ide@example.invalid Mon Mar  2 14:32:00 2026\n" + mail.replace(b"\r\n", b"\n") + b"\n"


def _hl7() -> bytes:
    return "\r".join((
        "MSH|^~\\&|LABO|CH|GUARD|CH|202603021432||ORU^R01|1|P|2.5", "PID|1||123^^^CH^PI||MARTIN^ODETTE||19420101|F",
        "OBR|1|||BILAN", f"OBX|1|TX|NOTE||{SENTINEL}||||||F", "",
    )).encode()  # fmt: skip


def _hl7_pdf() -> bytes:
    inside = base64.b64encode(build.pdf(SENTINEL)).decode()
    return _hl7().replace(f"TX|NOTE||{SENTINEL}".encode(), f"ED|NOTE||LABO^application^pdf^Base64^{inside}".encode())


def _cda(body: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3">'
            f'<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><component>{body}</component>'
            "</ClinicalDocument>").encode()  # fmt: skip


def _cda_text() -> bytes:
    return _cda(f"<structuredBody><component><section><text>{SENTINEL}</text></section></component></structuredBody>")


def _cda_pdf() -> bytes:
    inside = base64.b64encode(build.pdf(SENTINEL)).decode()
    return _cda(f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{inside}</text></nonXMLBody>')


def _fhir() -> bytes:
    return json.dumps({"resourceType": "Condition", "id": "1", "note": [{"text": SENTINEL}]}).encode()


def _xml64() -> bytes:
    inside = base64.encodebytes(build.pdf(SENTINEL)).decode()
    return f'<?xml version="1.0"?><envoi><fichier nom="a">{inside}</fichier></envoi>'.encode()


def _json64() -> bytes:
    return json.dumps({"nom": "a", "contenu": base64.b64encode(build.pdf(SENTINEL)).decode()}).encode()


def _hprim() -> bytes:
    head = ["123", "MARTIN", "ODETTE", "12 rue des Lilas", "", "31000 TOULOUSE", "01/01/1942", "", "456", "02/03/2026",
            "LABO", "DR DURAND"]  # fmt: skip
    return "\r\n".join([*head, "", SENTINEL, "****FIN****", ""]).encode("latin-1")


def _dicom() -> bytes:
    """Explicit VR little endian: Transfer Syntax, then Image Comments (0020,4000) LT (PS3.5 §7.1.2)."""

    def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
        value += b" " * (len(value) % 2)
        return struct.pack("<HH2sH", group, number, vr, len(value)) + value

    syntax = element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")
    meta = element(2, 0, b"UL", struct.pack("<I", len(syntax))) + syntax
    return bytes(128) + b"DICM" + meta + element(0x20, 0x4000, b"LT", SENTINEL.encode())


def _tar(mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("note.txt")
        info.size = len(_text())
        archive.addfile(info, io.BytesIO(_text()))
    return out.getvalue()


def _msg() -> bytes:
    return cfb.msg("Point", SENTINEL)


MADE: dict[str, tuple[str, Maker]] = {
    "TXT": ("a.txt", _text),
    "HTML": ("a.html", lambda: _html(hidden=False)),
    "HTML hidden": ("a.html", lambda: _html(hidden=True)),
    "RTF": ("a.rtf", _rtf),
    "CSV": ("a.csv", _csv),
    "ICS": ("a.ics", _ics),
    "VCF": ("a.vcf", _vcf),
    "EPUB": ("a.epub", _epub),
    "EML": ("a.eml", _eml),
    "mbox": ("a.mbox", _mbox),
    "HL7 v2": ("a.hl7", _hl7),
    "HL7 v2 OBX PDF": ("a.hl7", _hl7_pdf),
    "CDA": ("a.xml", _cda_text),
    "CDA nonXMLBody": ("a.xml", _cda_pdf),
    "FHIR": ("a.json", _fhir),
    "XML base64": ("a.xml", _xml64),
    "JSON base64": ("a.json", _json64),
    "HPRIM": ("a.hpr", _hprim),
    "DICOM": ("a.dcm", _dicom),
    **{f"PDF {place}": ("a.pdf", lambda make=make: make(SENTINEL)) for place, make in paper.PDF.items()},
    **{f"DOCX {place}": ("a.docx", lambda make=make: make(SENTINEL)) for place, make in parcels.DOCX.items()},
    **{f"XLSX {place}": ("a.xlsx", lambda make=make: make(SENTINEL)) for place, make in parcels.XLSX.items()},
    **{f"PPTX {place}": ("a.pptx", lambda make=make: make(SENTINEL)) for place, make in parcels.PPTX.items()},
    **{f"OD{kind[0]} {place}": (f"a.od{kind[0].lower()}", lambda make=make, kind=kind: make(SENTINEL, kind))
       for kind in ("Text", "Spreadsheet", "Presentation") for place, make in parcels.ODF.items()},
    "XLSB": ("a.xlsb", lambda: old.xlsb(SENTINEL)),
    "MSG": ("a.msg", _msg),
    "TNEF": ("winmail.dat", lambda: old.tnef("note.txt", _text())),
    "zip": ("a.zip", lambda: build.zipped({"note.txt": _text()})),
    "RAR4": ("a.rar", lambda: old.rar4("note.txt", _text())),
    "RAR5": ("a.rar", lambda: old.rar5("note.txt", _text())),
    "tar": ("a.tar", _tar),
    "tar.gz": ("a.tar.gz", lambda: _tar("w:gz")),
    "gz": ("a.gz", lambda: gzip.compress(_text())),
    "bz2": ("a.bz2", lambda: bz2.compress(_text())),
    "xz": ("a.xz", lambda: lzma.compress(_text())),
    "cab": ("a.cab", lambda: old.cab("note.txt", _text())),
    "PNG text": ("a.png", lambda: drawn.picture(SENTINEL, "PNG")),
    "JPEG text": ("a.jpg", lambda: drawn.picture(SENTINEL, "JPEG")),
    "TIFF text": ("a.tif", lambda: drawn.picture(SENTINEL, "TIFF")),
}  # fmt: skip

LOCKED: dict[str, Maker] = {
    "PDF text": build.encrypted_pdf,
    "zip": build.encrypted_zip,
    "DOCX body": cfb.locked_ooxml,
    "XLSX cell": cfb.locked_ooxml,
    "PPTX slide": cfb.locked_ooxml,
    "ODT body": lambda: parcels.locked_odf("Text"),
    "ODS body": lambda: locks.odf(SENTINEL, "secret", "Spreadsheet"),
    "ODP body": lambda: locks.odf(SENTINEL, "secret", "Presentation"),
    "RAR4": lambda: old.rar4("note.txt", bytes(64), locked=True),
    "RAR5": lambda: old.rar5("note.txt", bytes(64), locked=True),
}

_ARMOUR = "-----BEGIN PGP MESSAGE-----\r\n\r\njA0ECQMCmZzqVbQn\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"


def _pgp_mail() -> bytes:
    """PGP/MIME (RFC 3156 §4)."""
    return (
        b"From: a@example.invalid\r\nTo: b@example.invalid\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted;"
        b' protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\n'
        b"Version: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n" + _ARMOUR.encode() + b"--b--\r\n"
    )


SHUT: dict[str, tuple[str, Maker]] = {
    "RAR5, names locked": ("a.rar", old.rar5_shut),
    "PPT": ("a.ppt", cfb.locked_ppt),
    "DOC": ("a.doc", cfb.locked_doc),
    "XLS": ("a.xls", cfb.locked_xls),
    "PGP in a text": ("a.txt", lambda: f"Bonjour,\r\n\r\n{_ARMOUR}".encode()),
    "PGP/MIME": ("a.eml", _pgp_mail),
}
"""What is made in its locked form only."""
