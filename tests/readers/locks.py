"""Locked documents with a known password, made in code: zip (both ciphers), PDF (RC4), OOXML, OpenDocument."""

from __future__ import annotations

import hashlib
import hmac
import io
import struct
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile

from tests.core.formats import build
from tests.readers import parcels

Maker = Callable[[str, str], bytes]
_SALT = bytes(range(16))


# --- zip --------------------------------------------------------------------------------------------------------------


def _archive(entries: Mapping[str, tuple[int, bytes, int, int, bytes]]) -> bytes:
    """Entries as (method, encrypted octets, CRC, size, extra field), all flagged as encrypted."""
    out, central = bytearray(), bytearray()
    for name, (method, body, crc, size, extra) in entries.items():
        shape = struct.pack("<HHHHHLLLHH", 20, 1, method, 0, 33, crc, len(body), size, len(name), len(extra))
        central += b"PK\x01\x02" + struct.pack("<H", 20) + shape
        central += struct.pack("<HHHLL", 0, 0, 0, 0, len(out)) + name.encode() + extra
        out += b"PK\x03\x04" + shape + name.encode() + extra + body
    count = len(entries)
    return bytes(out + central) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(central), len(out), 0)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _aes_entry(data: bytes, password: str) -> tuple[int, bytes, int, int, bytes]:
    """AE-2 with AES-256: CTR with a little-endian counter, HMAC-SHA1 of the packed octets (APPNOTE Appendix E)."""
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), _SALT, 1000, 66)
    packed = _deflated(data)
    ecb = Cipher(algorithms.AES(keys[:32]), modes.ECB()).encryptor()
    stream = b"".join(ecb.update(n.to_bytes(16, "little")) for n in range(1, len(packed) // 16 + 2))
    body = bytes(a ^ b for a, b in zip(packed, stream, strict=False))
    check = hmac.digest(keys[32:64], body, "sha1")[:10]
    extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
    return 99, _SALT + keys[64:] + body + check, 0, len(data), extra


def _traditional_entry(data: bytes, password: str, method: int = 8) -> tuple[int, bytes, int, int, bytes]:
    """APPNOTE 6.1: three keys, a header of twelve octets whose last is the CRC's first."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def step(octet: int) -> None:
        keys[0] = zlib.crc32(bytes([octet]), keys[0] ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = zlib.crc32(bytes([keys[1] >> 24]), keys[2] ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    for octet in password.encode():
        step(octet)
    crc, out = zlib.crc32(data), bytearray()
    for octet in bytes(11) + bytes([crc >> 24]) + (_deflated(data) if method else data):
        near = keys[2] & 0xFFFF | 2
        out.append(octet ^ (near * (near ^ 1) >> 8) & 0xFF)
        step(octet)
    return method, bytes(out), crc, len(data), b""


def zip_of(entries: Mapping[str, bytes], password: str) -> bytes:
    return _archive({name: _aes_entry(data, password) for name, data in entries.items()})


def zip_aes(text: str, password: str) -> bytes:
    return zip_of({"note.txt": text.encode()}, password)


def zip_traditional(text: str, password: str, method: int = 8) -> bytes:
    return _archive({"note.txt": _traditional_entry(text.encode(), password, method)})


# --- PDF --------------------------------------------------------------------------------------------------------------

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for octet in data:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(octet ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)


def pdf(text: str, password: str, hidden: str = "") -> bytes:
    """Revision 2, 40 bits (ISO 32000-1 §7.6.3.3, algorithms 1 to 4). `hidden` is a string only the file itself has."""
    owner = _rc4(hashlib.md5(_PAD).digest()[:5], (password.encode() + _PAD)[:32])
    identity = b"0123456789abcdef"
    key = hashlib.md5((password.encode() + _PAD)[:32] + owner + struct.pack("<i", -4) + identity).digest()[:5]

    def locked(number: int, data: bytes) -> bytes:
        return _rc4(hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10], data)

    stream = locked(4, b"BT /F 12 Tf 50 800 Td (%s) Tj ET" % text.encode())
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R/Note<%s>>>" % locked(1, hidden.encode()).hex().encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>" % (owner.hex().encode(), _rc4(key, _PAD).hex().encode()),
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 7\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    out += b"trailer<</Size 7/Root 1 0 R/Encrypt 6 0 R/ID[<%s><%s>]>>" % ((identity.hex().encode(),) * 2)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def pdf_for_anybody(text: str, hidden: str) -> bytes:
    """Its user password is empty: only rights are kept from people."""
    return pdf(text, "", hidden)


# --- office -----------------------------------------------------------------------------------------------------------

_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def _wrapped(package: bytes, password: str) -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(package)).encrypt(password, out)
    return out.getvalue()


def _typed(package: bytes) -> bytes:
    """The same with a list of types that programs believe, and of a size that msoffcrypto can write."""
    with zipfile.ZipFile(io.BytesIO(package)) as old:
        parts = {name: old.read(name) if name != "[Content_Types].xml" else _TYPES for name in old.namelist()}
    return build.zipped({**parts, "docProps/thumbnail.bin": hashlib.shake_256(b"").digest(5_000)})


def ooxml(text: str, password: str) -> bytes:
    return _wrapped(_typed(parcels.DOCX["body"](text)), password)


def odf(text: str, password: str, kind: str = "Text") -> bytes:
    """AES-256-CBC under PBKDF2, 1,000 rounds (ODF 1.3 part 2 §4.8)."""
    with zipfile.ZipFile(io.BytesIO(parcels.ODF["body"](text, kind))) as plain:
        parts = {name: plain.read(name) for name in plain.namelist()}
    packed = _deflated(parts["content.xml"])
    secret = hashlib.pbkdf2_hmac("sha1", hashlib.sha256(password.encode()).digest(), _SALT, 1000, 32)
    short = 16 - len(packed) % 16
    cipher = Cipher(algorithms.AES(secret), modes.CBC(_SALT)).encryptor()
    parts["content.xml"] = cipher.update(packed + bytes(short - 1) + bytes([short])) + cipher.finalize()
    salt, checksum = b64encode(_SALT).decode(), b64encode(hashlib.sha256(packed[:1024]).digest()).decode()
    parts["META-INF/manifest.xml"] = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<m:file-entry m:full-path="content.xml" m:size="{len(packed)}"><m:encryption-data'
        f' m:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#sha256-1k" m:checksum="{checksum}">'
        f'<m:algorithm m:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc" m:initialisation-vector="{salt}"/>'
        f'<m:key-derivation m:key-derivation-name="PBKDF2" m:key-size="32" m:iteration-count="1000" m:salt="{salt}"/>'
        '<m:start-key-generation m:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" m:key-size="32"/>'
        "</m:encryption-data></m:file-entry></m:manifest>"
    ).encode()
    return parcels.stored(parts)


MADE: dict[str, Maker] = {
    "zip AES": zip_aes,
    "zip traditional": zip_traditional,
    "PDF": pdf,
    "DOCX": ooxml,
    "ODT": odf,
}
