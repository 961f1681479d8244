"""Encrypted 7z archives (7zFormat.txt of the LZMA SDK; AES-256 in CBC, its key from 2^n rounds of SHA-256).

An opened archive is the same one without its ciphers: packed streams decrypted, the coders of the cipher taken out of
the header. Everything else is libarchive's to read."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zlib
from functools import cache, partial

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mss_guard.core.formats import packed, sevenzip
from mss_guard.core.formats.reading import Doc, Lock, Outcome, Reading, Stop
from mss_guard.core.model import Why

COST = 40_000  # microseconds a try: half a million rounds
MAX_POWER = 20  # of two, rounds: 7-Zip writes 19
MAX_HEADER = 16 * 1024 * 1024  # octets unpacked; 1,500 names have some 200 kB


def reader(reading: Reading, doc: Doc) -> Outcome:
    """What libarchive reads of it; a lock met on the way is kept for the passwords of the message."""
    outcome = _read(reading, doc)
    inside = f"{doc.part}/"
    shut = any(p and p.why is Why.ENCRYPTED and p.part.startswith(inside) for p in reading.places)
    if outcome.why is Why.ENCRYPTED or shut:
        offer(reading, doc)
    return outcome


_read = packed.reader("7z")


def offer(reading: Reading, doc: Doc) -> None:
    """Keep the lock of an archive that has one, of a kind known here."""
    try:
        header = sevenzip.following(doc.data)
        streams = _of(header)
        if header[0] == sevenzip.ENCODED and not _locked(streams):  # packed only: the lock, if any, is behind it
            header = _unpacked(doc.data, streams, "") or b""
            streams = _of(header)
    except (ValueError, IndexError, struct.error, lzma.LZMAError):
        return
    locked = _locked(streams)
    if locked and all(_power(folder) <= MAX_POWER for folder in locked):
        reading.lock(Lock(doc, COST, partial(_open, doc.data, header)))


def _of(header: bytes) -> sevenzip.Streams:
    return sevenzip.described(header[1:] if header[0] == sevenzip.ENCODED else header[2:])


def _locked(streams: sevenzip.Streams) -> list[sevenzip.Folder]:
    return [folder for folder in streams.folders if folder.lock >= 0]


def _power(folder: sevenzip.Folder) -> int:
    properties = folder.coders[folder.lock].properties
    return properties[0] & 0x3F if properties else 99


def _open(data: bytes, header: bytes, reading: Reading, password: str) -> bytes | None:
    """The archive without its ciphers; None when the password does not open it. Raises Stop: too large."""
    try:
        if header[0] == sevenzip.ENCODED:
            header = _unpacked(data, _of(header), password) or b""
        if header[:2] != bytes([sevenzip.HEADER, sevenzip.STREAMS]):
            return None
        opened = _rewritten(data, _of(header), password, reading)
    except (ValueError, IndexError, struct.error, lzma.LZMAError):
        return None
    return opened if opened is not None and packed.reads(opened) else None


def _unpacked(data: bytes, streams: sevenzip.Streams, password: str) -> bytes | None:
    """The header in an encoded one: LZMA or as it is, under the cipher or not. Its digest tells whether it is the one."""
    if len(streams.folders) != 1:
        return None
    folder, at = streams.folders[0], 32 + streams.at
    body = data[at : at + streams.packs[0]]
    if folder.lock >= 0:
        plain = _decrypted(folder, body, password)
        if plain is None:
            return None
        body, folder = plain, folder.opened()
    coder, size = folder.coders[0], folder.sizes[0]
    if len(folder.coders) != 1 or size > MAX_HEADER:
        return None
    inner = body[:size] if coder.method == sevenzip.COPY else _from_lzma(coder, body, size)
    crc = struct.unpack_from("<L", streams.digests, 2)[0] if len(streams.digests) == 6 else None
    return inner if crc is not None and zlib.crc32(inner) == crc else None


def _from_lzma(coder: sevenzip.Coder, body: bytes, size: int) -> bytes:
    if coder.method != sevenzip.LZMA or len(coder.properties) != 5:
        raise ValueError("another packer")
    said, dictionary = struct.unpack("<BL", coder.properties)
    chain = {"id": lzma.FILTER_LZMA1, "dict_size": min(max(dictionary, 4096), MAX_HEADER)}
    chain |= {"lc": said % 9, "lp": said // 9 % 5, "pb": said // 45}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain]).decompress(body, size)


def _rewritten(data: bytes, streams: sevenzip.Streams, password: str, reading: Reading) -> bytes | None:
    at = 32 + streams.at
    bodies: list[bytes] = []
    folders: list[sevenzip.Folder] = []
    for folder, size in zip(streams.folders, streams.packs, strict=True):
        body = data[at : at + size]
        at += size
        if folder.lock >= 0:
            plain = _decrypted(folder, body, password)
            if plain is None:
                return None
            reading.spend(len(plain))
            body, folder = plain, folder.opened()  # noqa: PLW2901
        bodies.append(body)
        folders.append(folder)
    header = bytes([sevenzip.HEADER, sevenzip.STREAMS]) + sevenzip.written(bodies, folders, streams)
    start = struct.pack("<QQL", sum(map(len, bodies)), len(header), zlib.crc32(header))
    return sevenzip.SIGNATURE + b"\0\4" + struct.pack("<L", zlib.crc32(start)) + start + b"".join(bodies) + header


def _decrypted(folder: sevenzip.Folder, body: bytes, password: str) -> bytes | None:
    """The packed stream behind the cipher; None when it shows that the password is wrong: what fills it up is zeros,
    and LZMA begins as it must."""
    said, size = folder.coders[folder.lock].properties, folder.sizes[folder.lock]
    second = said[1] if said[0] & 0xC0 else 0
    salt_size = (said[0] >> 7 & 1) + (second >> 4)
    vector_size = (said[0] >> 6 & 1) + (second & 0xF)
    salt, vector = said[2 : 2 + salt_size], said[2 + salt_size : 2 + salt_size + vector_size].ljust(16, b"\0")
    if len(body) % 16 or not 0 < size <= len(body) or len(vector) != 16:
        return None
    cipher = Cipher(algorithms.AES(_key(password, salt, said[0] & 0x3F)), modes.CBC(vector))
    opener = cipher.decryptor()
    first = opener.update(body[:16])
    last = (
        Cipher(cipher.algorithm, modes.CBC(body[-32:-16] if len(body) > 16 else vector)).decryptor().update(body[-16:])
    )
    if not _begins(folder, first) or last[16 - (len(body) - size) :].strip(b"\0") or len(body) - size >= 16:
        return None
    return (first + opener.update(body[16:]))[:size]


def _begins(folder: sevenzip.Folder, first: bytes) -> bool:
    inner = next((a for a, b in folder.pairs if b == folder.lock), None)
    method = folder.coders[inner].method if inner is not None else sevenzip.COPY
    if method == sevenzip.LZMA:
        return first[0] == 0
    if method == sevenzip.LZMA2:
        return first[0] in (1, 2) or first[0] >= 0xE0
    return True


@cache
def _counters() -> tuple[bytes, bytes, bytes]:
    """The three low octets of 0 … 2^20 - 1."""
    count = 1 << MAX_POWER
    return (
        bytes(range(256)) * (count >> 8),
        b"".join(bytes([n]) * 256 for n in range(256)) * (count >> 16),
        b"".join(bytes([n]) * 65_536 for n in range(count >> 16)),
    )


def _key(password: str, salt: bytes, power: int) -> bytes:
    """SHA-256 over 2^power times salt, password in UTF-16 and an eight-octet counter, laid out in pieces at once."""
    if power > MAX_POWER:
        raise Stop(Why.ENCRYPTED)
    unit = salt + password.encode("utf-16-le") + bytes(8)
    rounds, digest = 1 << power, hashlib.sha256()
    piece = min(rounds, 1 << 16)
    for start in range(0, rounds, piece):
        block = bytearray(unit * piece)
        for place, octets in enumerate(_counters(), len(unit) - 8):
            block[place :: len(unit)] = octets[start : start + piece]
        digest.update(block)
    return digest.digest()
