"""Everything that is characters: told apart by content (HTML, XML, JSON, HL7, HPRIM, a message, RTF, armour), then
read."""

from __future__ import annotations

import re

from mss_guard.core import mime
from mss_guard.core.formats import carving, certain, html, ldif, messages, xmltext
from mss_guard.core.formats.reading import READ, Doc, Holder, Outcome, Reading, read_unless, unreadable
from mss_guard.core.model import State, Where, Why

_HEADER_LINE = re.compile(
    rb"[\r\n]{0,4}(?:>?From [^\r\n]*\r?\n)?(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n){2}"
)
_KNOWN_HEADERS = re.compile(
    rb"^(?:From|Received|Return-Path|Message-ID|MIME-Version|Delivered-To|Date|Subject|To|Content-Type|X-Mailer):",
    re.MULTILINE | re.IGNORECASE,
)
_ENTITY = re.compile(rb"[\r\n]{0,4}content-type[ \t]*:[ \t]*[a-z]+/[a-z]", re.IGNORECASE)
_ARMOUR_LOCKED = "-----BEGIN PGP MESSAGE-----"
_ARMOUR = re.compile(r"-----BEGIN ([A-Z0-9 ]{2,40})-----")
_ODD_ENCODING = re.compile(
    r"^=ybegin (?:part|line)=|^\(This file must be converted with BinHex|^begin [0-7]{3,4} [^\r\n]{1,200}\r?\nh[-+0-9A-Za-z]{60}\r?$",
    re.MULTILINE,
)  # yEnc, BinHex, xxencode

_JSON_START = re.compile(r"\s*[\[{]")


def looks_like_message(data: bytes) -> bool:
    """Two header lines at the start and two fields that mail has (RFC 5322 §3.6), or the type of a MIME entity, as
    stands under a signature (RFC 8551 §3.1)."""
    head = data[:16_384]
    if _ENTITY.match(head):
        return True
    if not _HEADER_LINE.match(head):
        return False
    end = re.search(rb"\r?\n\r?\n", head)
    return len({m.lower() for m in _KNOWN_HEADERS.findall(head[: end.start() if end else len(head)])}) >= 2


def read(reading: Reading, doc: Doc) -> Outcome:
    """Read characters. A body declared as HTML is HTML; a file is what its characters say."""
    data = doc.data
    if not data.strip():
        return READ
    if doc.where is not Where.BODY and looks_like_message(data):
        return messages.nested(reading, doc)
    charset = doc.charset
    if (
        data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
        or doc.declared == "text/html"
        or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    ):
        return _markup(reading, doc, _decode_markup(data, charset))
    text = mime.decode_text(data, charset)
    if text[:512].lstrip("\ufeff \t\r\n")[:1] == "<":  # UTF-16 without a mark, EBCDIC
        return _markup(reading, doc, text)
    return _words(reading, doc, text)


def _decode_markup(data: bytes, charset: str) -> str:
    if not charset and (meta := html.META_CHARSET.search(data[:4096])):
        charset = meta[1].decode("ascii")
    return xmltext.decode(data, charset)


def _markup(reading: Reading, doc: Doc, text: str) -> Outcome:
    root = xmltext.root(text)
    if (
        root is not None
        and root.name.lower() != "html"
        and (root.namespace or text.lstrip("\ufeff \t\r\n").startswith("<?xml"))
    ):
        return _xml(reading, doc, text, root)
    if doc.declared == "text/html" or html.START.match(text):
        return _html(reading, doc, text)
    if root is not None and f"</{root.name}>" in text:
        return _xml(reading, doc, text, root)
    return _words(reading, doc, text)


def _html(reading: Reading, doc: Doc, text: str) -> Outcome:
    if html.too_deep(text):
        reading.text(doc, xmltext.loose(text))
        return unreadable(Why.TOO_DEEP, "text/html")
    words = carving.extract(reading, doc, html.text(text), "text")
    reading.text(doc, words)
    carving.from_mail(reading, doc, words)
    uris = html.data_uris(text)
    carving.base64_blocks(reading, doc, uris, "html")
    return read_unless(Why.PARTIAL if len(text) > html.MAX_HTML else None, "text/html")


def _xml(reading: Reading, doc: Doc, text: str, root: xmltext.Root) -> Outcome:
    marker = certain.xml_marker(root, text)
    if marker:
        reading.mark(doc, marker)
    text = carving.extract(reading, doc, text, marker or "xml")
    words, why = xmltext.plain(text)
    reading.text(doc, words)
    carving.from_mail(reading, doc, words)
    return read_unless(why, _XML_TYPES.get(marker or "", "application/xml"))


_XML_TYPES = {"cda": "application/hl7-cda+xml", "fhir": "application/fhir+xml", "hprim": "application/x-hprim+xml"}


def _words(reading: Reading, doc: Doc, text: str) -> Outcome:
    """Text without tags: the certain formats, then plain text with what may be packed into it."""
    if ldif.START.match(text):
        text = ldif.plain(text)
    kind, marker = _form(text)
    if marker:
        reading.mark(doc, marker)
    plain = carving.extract(reading, doc, text, _LABELS.get(kind, "text"))
    if kind == "application/hl7-v2":
        plain = certain.hl7_text(plain)
    reading.text(doc, plain.replace("\x00", ""))
    carving.from_mail(reading, doc, plain)
    if _ODD_ENCODING.search(text):
        return unreadable(Why.AMBIGUOUS, kind)
    if "-----BEGIN " in text:
        return _armoured(text, kind, plain)
    return Outcome(READ.state, None, kind or "text/plain")


_LABELS: dict[str, Holder] = {"application/hl7-v2": "hl7", "application/x-hprim": "hprim", "application/json": "json"}


def _form(text: str) -> tuple[str, str | None]:
    """(media type, marker) of the certain formats that are lines of text; ("", None) for plain text."""
    if certain.is_hl7(text):
        return "application/hl7-v2", "hl7v2" if certain.hl7_marker(text) else None
    if certain.is_hprim_medecin(text) or certain.is_hprim_sante(text):
        return "application/x-hprim", "hprim"
    if _JSON_START.match(text):
        return "application/json", "fhir" if certain.is_fhir_json(text) else None
    return "", None


def _armoured(text: str, kind: str, plain: str) -> Outcome:
    """PGP messages are locked; keys, certificates and detached signatures hold nothing to read (RFC 9580 §6.2)."""
    if _ARMOUR_LOCKED in text or "-----BEGIN PKCS7-----" in text or "-----BEGIN CMS-----" in text:
        return unreadable(Why.ENCRYPTED, "application/pgp-encrypted")
    only_armour = plain.lstrip().startswith("-----BEGIN ") and _ARMOUR.search(plain) is not None
    if only_armour and "SIGNED MESSAGE" not in plain:
        return Outcome(State.OPAQUE, None, "application/pgp-keys" if "PGP" in plain else "application/x-pem-file")
    return Outcome(READ.state, None, kind or "text/plain")
