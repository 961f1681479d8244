"""Encrypted OpenDocument packages (ODF 1.3 part 2 §4.8): AES-256 in CBC, keys by PBKDF2, as LibreOffice writes them.

Each entry has a lock of its own in the manifest; the opened document is the same package with its entries stored."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from base64 import b64decode
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mss_guard.core.formats import xmltext, zipdir
from mss_guard.core.formats.reading import Doc, Lock, Reading, Stop
from mss_guard.core.formats.zipdir import Entry
from mss_guard.core.model import Why

MANIFEST = "META-INF/manifest.xml"
MARK = b"encryption-data"
MAX_ROUNDS = 200_000  # of one key: LibreOffice writes 100,000
MAX_KEYS = 30  # entries opened of one document, a tenth of a second each; a letter has ten
_NEEDLESS = re.compile(r"\A(?:Thumbnails|Configurations2)/|layout-cache\Z")
_COST_OF_A_ROUND = 1  # microseconds
_ENCRYPTION = re.compile(rb"<(?:\w+:)?encryption-data\b.*?</(?:\w+:)?encryption-data\s*>", re.DOTALL)
_DIGESTS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}


@dataclass(frozen=True, slots=True)
class _Key:
    """How one entry is encrypted."""

    vector: bytes
    salt: bytes
    rounds: int
    start: str  # the digest that the password goes through first
    digest: str
    checksum: bytes  # of the first 1,024 octets, packed and plain


def offer(reading: Reading, doc: Doc, entries: tuple[Entry, ...], manifest: bytes) -> None:
    """Keep the lock of the package when all its keys are of the kind known here."""
    try:
        keys = _keys(manifest)
    except (Stop, ValueError, KeyError):
        return
    wanted = {name: key for name, key in keys.items() if not _NEEDLESS.search(name)}
    if wanted and len(wanted) <= MAX_KEYS:
        cost = max(key.rounds for key in wanted.values()) * _COST_OF_A_ROUND
        reading.lock(Lock(doc, cost, partial(_open, doc.data, entries, wanted)))


def _keys(manifest: bytes) -> dict[str, _Key]:
    """The keys by entry. Raises ValueError for what is not AES-256-CBC under PBKDF2."""
    found: dict[str, _Key] = {}
    for entry in xmltext.parse(xmltext.decode(manifest)).iter("{*}file-entry"):
        lock = entry.find("{*}encryption-data")
        if lock is None:
            continue
        said = {
            _local(k): str(v)
            for element in lock.iter()
            for k, v in element.attrib.items()
            if isinstance(element.tag, str)
        }
        if not said.get("algorithm-name", "").endswith("aes256-cbc") or "PBKDF2" not in said["key-derivation-name"]:
            raise ValueError("another cipher")
        key = _Key(
            vector=b64decode(said["initialisation-vector"]),
            salt=b64decode(said["salt"]),
            rounds=int(said["iteration-count"]),
            start="sha1" if said.get("start-key-generation-name", "sha1").lower().endswith("sha1") else "sha256",
            digest="sha256" if "sha256" in said["checksum-type"].lower() else "sha1",
            checksum=b64decode(said["checksum"]),
        )
        if not 0 < key.rounds <= MAX_ROUNDS or len(key.vector) != 16:
            raise ValueError("beyond the bounds")
        found[str(entry.get(f"{{{entry.nsmap[entry.prefix]}}}full-path"))] = key
    return found


def _local(name: str | bytes) -> str:
    return str(name).rpartition("}")[2]


def _open(
    data: bytes, entries: tuple[Entry, ...], keys: dict[str, _Key], reading: Reading, password: str
) -> bytes | None:
    """The package without its locks; None when the password does not open the first entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for entry in sorted(entries, key=lambda e: e.name != "mimetype"):
            if entry.folder or _NEEDLESS.search(entry.name):
                continue
            plain = zipdir.inflate(data, entry, reading)
            if entry.name in keys:
                opened = _plain(plain, keys[entry.name], reading, password)
                if opened is None:
                    return None
                plain = opened
            elif entry.name == MANIFEST:
                plain = _ENCRYPTION.sub(b"", plain)
            package.writestr(zipfile.ZipInfo(entry.name), plain)
    return out.getvalue()


def _plain(octets: bytes, key: _Key, reading: Reading, password: str) -> bytes | None:
    start = _DIGESTS[key.start](password.encode()).digest()
    secret = hashlib.pbkdf2_hmac("sha1", start, key.salt, key.rounds, 32)
    cipher = Cipher(algorithms.AES(secret), modes.CBC(key.vector)).decryptor()
    packed = cipher.update(octets[: len(octets) // 16 * 16]) + cipher.finalize()
    packed = packed[: -packed[-1]] if packed and packed[-1] <= 16 else packed  # xmlenc §5.2
    if _DIGESTS[key.digest](packed[:1024]).digest() != key.checksum:
        return None
    try:
        return zipdir.stream(zlib.decompressobj(-15), packed, reading)
    except Stop as stop:
        if stop.why is Why.DAMAGED:
            return None
        raise
