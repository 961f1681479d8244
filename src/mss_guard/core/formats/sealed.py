"""CMS (RFC 5652): enveloped data is encrypted, signed data is opened, detached signatures and certificates hold
nothing to read."""

from __future__ import annotations

from mss_guard.core.formats import strings
from mss_guard.core.formats.reading import OPAQUE, READ, Doc, Outcome, Reading, read_unless, unreadable
from mss_guard.core.model import Why

_PKCS7 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # 1.2.840.113549.1.7; the next octet says which
_SMIME_CT = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01"  # 1.2.840.113549.1.9.16.1
_SIGNED = 2
_LOCKED = frozenset({3, 4, 6})  # enveloped, signed and enveloped, encrypted
_AUTH_ENVELOPED, _COMPRESSED = 23, 9
_DATA = _PKCS7 + b"\x01"
_HEAD = 64  # octets: the content type stands right behind the outer lengths
MAX_PIECES = 100_000  # of a BER octet string in pieces (OpenSSL streams them in 1 kB)


def read(reading: Reading, doc: Doc) -> Outcome:
    """DER or BER that begins with a SEQUENCE."""
    head = doc.data[:_HEAD]
    at = head.find(_PKCS7)
    if at < 0:
        other = head.find(_SMIME_CT)
        if other >= 0 and head[other + 13 : other + 14] in (bytes([_AUTH_ENVELOPED]), bytes([_COMPRESSED])):
            return unreadable(
                Why.ENCRYPTED if head[other + 13] == _AUTH_ENVELOPED else Why.DAMAGED, "application/pkcs7-mime"
            )
        return strings.read(reading, doc)
    kind = head[at + 10] if at + 10 < len(head) else 0
    if kind in _LOCKED:
        return unreadable(Why.ENCRYPTED, "application/pkcs7-mime")
    if kind != _SIGNED:
        return OPAQUE
    return _signed(reading, doc, at + 11)


def _signed(reading: Reading, doc: Doc, at: int) -> Outcome:
    """SignedData: its eContent is a MIME entity in an OCTET STRING; without one the signature is detached."""
    inner = doc.data.find(_DATA, at, at + 512)
    if inner < 0:
        return OPAQUE
    content = _octets(doc.data, inner + len(_DATA))
    if content is None:
        return Outcome(OPAQUE.state, None, "application/pkcs7-signature")
    reading.spend(len(content))
    child = doc.child(1, "signed", content, "")
    reading.look(reading, child)
    return read_unless(None, "application/pkcs7-mime") if content else READ


def _octets(data: bytes, at: int) -> bytes | None:
    """The octet string under [0] EXPLICIT at `at`, its pieces joined when it is constructed; None when there is
    none."""
    if data[at : at + 1] != b"\xa0":
        return None
    at, _ = _length(data, at + 1)
    out: list[bytes] = []
    for _ in range(MAX_PIECES):
        tag = data[at : at + 1]
        if tag not in (b"\x04", b"\x24"):
            break
        at, size = _length(data, at + 1)
        if tag == b"\x24":
            continue  # constructed: its pieces follow
        if size is None:
            break
        out.append(data[at : at + size])
        at += size
    return b"".join(out) if out else None  # behind a detached one, [0] holds certificates


def _length(data: bytes, at: int) -> tuple[int, int | None]:
    """(where the content begins, its length; None for the indefinite form) of X.690 §8.1.3."""
    first = data[at] if at < len(data) else 0
    if first < 0x80:
        return at + 1, first
    count = first & 0x7F
    return at + 1 + count, int.from_bytes(data[at + 1 : at + 1 + count], "big") if count else None
