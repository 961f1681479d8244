"""Encrypted Office documents (MS-OFFCRYPTO) through msoffcrypto: OOXML agile and standard, and the RC4 and XOR of Word,
Excel and PowerPoint 97–2003.

msoffcrypto writes the opened file of 97–2003 to a temporary file; a worker can open none, so it is given memory."""

from __future__ import annotations

import io
from functools import partial
from typing import Any
from xml.dom import minidom

import msoffcrypto
from cryptography.hazmat.backends import default_backend
from msoffcrypto.format import doc97, ooxml, ppt97, xls97
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from mss_guard.core.formats.reading import Doc, Lock, Reading

AGILE_COST, STANDARD_COST, OLD_COST = 150_000, 75_000, 1_000  # microseconds a try: 100,000 rounds, 50,000, two
MAX_SPIN = 200_000  # rounds of agile: Office writes 100,000, MS-OFFCRYPTO §2.3.4.10 allows 10 million (15 s a try)
MAX_OLD = 5 * 1024 * 1024  # octets of a file of 97–2003: msoffcrypto takes a microsecond for each of a workbook's
BUILT_IN = ("VelvetSweatshop", "/01Hannes Ruescher/01")
"""Excel's and PowerPoint's own passwords for what is only write-protected (MS-XLS §2.2.9, MS-PPT §2.4): they ask
nobody."""


_DOCTYPES = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
"""Entities have no business in the XML of agile encryption, which msoffcrypto parses without a guard."""


class _InMemory:
    """What `tempfile` is to msoffcrypto."""

    TemporaryFile = io.BytesIO


for _module in (doc97, ppt97, xls97):
    _module.tempfile = _InMemory


def offer(reading: Reading, doc: Doc) -> None:
    """Keep the lock of an encrypted document; a damaged or unknown one stays shut."""
    file = _file(doc.data)
    if file is None:
        return
    kind = getattr(file, "type", "")
    if not isinstance(file, ooxml.OOXMLFile):
        if len(doc.data) > MAX_OLD:
            return
        reading.lock(Lock(doc, OLD_COST, partial(_open, doc.data), BUILT_IN))
    elif kind == "agile" and int(file.info["spinValue"]) <= MAX_SPIN:
        reading.lock(Lock(doc, AGILE_COST, partial(_open_agile, doc.data, file.info), BUILT_IN[:1]))
    elif kind == "standard":
        reading.lock(Lock(doc, STANDARD_COST, partial(_open, doc.data), BUILT_IN[:1]))


def _file(data: bytes) -> Any:
    if any(declared in data for declared in _DOCTYPES):
        return None
    try:
        return msoffcrypto.OfficeFile(io.BytesIO(data))
    except Exception:  # noqa: BLE001  whatever it stumbles over, the document stays locked
        return None


def _open_agile(data: bytes, info: dict[str, Any], reading: Reading, password: str) -> bytes | None:
    """The verifier first: the key itself costs the same again."""
    try:
        fits = ECMA376Agile.verify_password(
            password,
            info["passwordSalt"],
            info["passwordHashAlgorithm"],
            info["encryptedVerifierHashInput"],
            info["encryptedVerifierHashValue"],
            info["spinValue"],
            info["passwordKeyBits"],
        )
    except Exception:  # noqa: BLE001
        return None
    return _open(data, reading, password) if fits else None


def _open(data: bytes, reading: Reading, password: str) -> bytes | None:
    out = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        verified = {"verify_password": True} if file.format == "ooxml" and file.type == "standard" else {}
        file.load_key(password=password, **verified)
        file.decrypt(out)
    except Exception:  # noqa: BLE001  a wrong password is one of its exceptions, a broken file may be any
        return None
    opened = out.getvalue()
    reading.spend(len(opened))
    return opened


def warm() -> None:
    """Load what msoffcrypto loads at first use."""
    default_backend()
    minidom.parseString(b"<a/>")  # noqa: S318  msoffcrypto reads the head of agile encryption with it
