"""Encrypted zip entries: PKWARE's traditional cipher (APPNOTE 6.1) and WinZip's AES (APPNOTE Appendix E, AE-1 and AE-2).

A password is tried here on the few octets that tell; libarchive then decrypts and checks the whole entry, alone in a
zip of its own."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from functools import partial

from mss_guard.core.formats import packed, zipdir
from mss_guard.core.formats.reading import Doc, Lock, Reading
from mss_guard.core.formats.zipdir import Entry

_AES, _AES_FIELD = 99, 0x9901
_SALTS = {1: 8, 2: 12, 3: 16}  # octets, by the strength: AES-128, 192, 256
_ROUNDS = 1_000
_CODE = 10  # octets of the authentication code
_HEADER = 12  # octets before a traditionally encrypted stream; the last one tells
_END = struct.Struct("<4s4H2LH")
AES_COST, TRADITIONAL_COST = 2_500, 60  # microseconds a try: 5 blocks of 1,000 HMAC rounds; 24 steps of the cipher


def offer(reading: Reading, whole: bytes, child: Doc, entry: Entry) -> None:
    """Keep the lock of `entry`, if it is one of these two."""
    if not entry.central or entry.offset + 30 > len(whole):
        return
    cost = AES_COST if entry.method == _AES else TRADITIONAL_COST
    reading.lock(Lock(child, cost, partial(_open, whole, entry)))


def _open(whole: bytes, entry: Entry, reading: Reading, password: str) -> bytes | None:
    """The entry's octets, None for a wrong password. UTF-8 first, then what Windows in France types."""
    start = zipdir.begin(whole, entry.offset)
    body = whole[start : start + entry.packed]
    crc = struct.unpack_from("<L", entry.central, 16)[0]
    spellings = (password.encode(), password.encode("cp850", "replace"), password.encode("cp1252", "replace"))
    for key in dict.fromkeys(spellings):
        if b"\0" in key or not (
            _fits_aes(entry, body, key) if entry.method == _AES else _fits(whole, entry, body, key)
        ):
            continue
        data = packed.unlocked(reading, _alone(whole, entry, start), key)
        if data is not None and (entry.method == _AES or zlib.crc32(data) == crc):  # libarchive only warns
            return data
    return None


def _fits_aes(entry: Entry, body: bytes, key: bytes) -> bool:
    """By the two octets that tell, then by the authentication code of the whole."""
    said = zipdir.fields(entry.central_extra).get(_AES_FIELD, b"")
    salt = _SALTS.get(said[4] if len(said) >= 7 else 0, 0)
    if not salt or len(body) < salt + 2 + _CODE:
        return False
    keys = hashlib.pbkdf2_hmac("sha1", key, body[:salt], _ROUNDS, 4 * salt + 2)  # two keys of twice the salt
    if keys[-2:] != body[salt : salt + 2]:
        return False
    return hmac.digest(keys[2 * salt : 4 * salt], body[salt + 2 : -_CODE], "sha1")[:_CODE] == body[-_CODE:]


def _fits(whole: bytes, entry: Entry, body: bytes, key: bytes) -> bool:
    """By the last octet of the header: the first of the CRC, or of the time when sizes come behind the data."""
    if len(body) < _HEADER:
        return False
    time, crc = struct.unpack_from("<H2xL", whole, entry.offset + 10)
    listed = struct.unpack_from("<L", entry.central, 16)[0]
    return _last_octet(body[:_HEADER], key) in (time >> 8, crc >> 24, listed >> 24)


def _alone(whole: bytes, entry: Entry, start: int) -> bytes:
    """A zip of this entry and nothing else."""
    local = whole[entry.offset : start + entry.packed]
    central = entry.central[:42] + bytes(4) + entry.central[46:]
    return local + central + _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


_TABLE = tuple(zlib.crc32(bytes([n]), 0xFFFFFFFF) ^ 0xFFFFFFFF for n in range(256))


def _last_octet(header: bytes, key: bytes) -> int:
    """The decrypted last octet of the header (APPNOTE 6.1.5, 6.1.6)."""
    one, two, three = 0x12345678, 0x23456789, 0x34567890
    out = 0
    for n, octet in enumerate((*key, *header)):
        if n >= len(key):
            near = three | 2
            octet = out = octet ^ ((near * (near ^ 1)) >> 8 & 0xFF)  # noqa: PLW2901
        one = _TABLE[(one ^ octet) & 0xFF] ^ one >> 8
        two = (two + (one & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
        three = _TABLE[(three ^ two >> 24) & 0xFF] ^ three >> 8
    return out
