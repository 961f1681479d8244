"""Addresses sealed to the DPO's public key: this host seals each decision's, only the DPO's key and passphrase open them.

HPKE (RFC 9180): X25519, HKDF-SHA256, ChaCha20-Poly1305, one box a decision, bound to its structure and reference. The
private key is a file of its own under a passphrase (scrypt, RFC 7914), and belongs elsewhere than on this host.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .errors import KeyRefused

FORMAT = "mss-guard-dpo-key/1"
PASSPHRASE_LEAST = 12
_STEP = 128  # octets: a box tells no more of the addresses' lengths than this
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_N, _R, _P = 2**17, 8, 1  # 128 MiB, some 0.4 s: what a guess costs


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wrote to whom. A recipient is None where only a pseudonym may be kept (a citizen's address is an INS)."""

    sender: str | None = field(repr=False)
    recipients: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealer:
    """The DPO's public key."""

    id: str
    key: X25519PublicKey = field(repr=False)

    def seal(self, structure: str, ref: str, identity: Identity) -> dict[str, str]:
        """What the decision record keeps: the key's id and the box in base64."""
        plain = json.dumps({"sender": identity.sender, "recipients": list(identity.recipients)}).encode()
        padded = plain + b" " * (-len(plain) % _STEP)
        box = _SUITE.encrypt(padded, self.key, _bound(structure, ref))
        return {"key": self.id, "box": base64.b64encode(box).decode()}


def _bound(structure: str, ref: str) -> bytes:
    return f"mss-guard identity 1\n{structure}\n{ref}\n".encode()


def _id(key: X25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"dpo-{hashlib.sha256(raw).hexdigest()[:8]}"


def sealer(path: Path) -> Sealer:
    """The public key in a PEM file. Raises OSError, KeyRefused."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except ValueError:
        key = None
    if not isinstance(key, X25519PublicKey):
        raise KeyRefused(
            f"{path} : ce n'est pas la clé publique du DPO (X25519 en PEM) que fait « mss-guard audit keygen »"
        )
    return Sealer(_id(key), key)


def make_pair(passphrase: str) -> tuple[bytes, bytes]:
    """(private key file under the passphrase, public key as PEM)."""
    private = X25519PrivateKey.generate()
    raw = private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    salt, nonce, name = os.urandom(16), os.urandom(12), _id(private.public_key())
    box = ChaCha20Poly1305(_stretched(passphrase, salt)).encrypt(nonce, raw, name.encode())
    held = {
        "format": FORMAT,
        "id": name,
        "scrypt": [_N, _R, _P],
        **{k: base64.b64encode(v).decode() for k, v in (("salt", salt), ("nonce", nonce), ("box", box))},
    }
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return (json.dumps(held, indent=1) + "\n").encode(), public


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())


@dataclass(frozen=True, slots=True)
class Opener:
    """The DPO's private key, unlocked."""

    id: str
    key: X25519PrivateKey = field(repr=False)

    def open(self, record: Mapping[str, object]) -> Identity | None:
        """Who stands in the box of a decision; None when there is none, it is another key's, or it does not open."""
        sealed = record.get("sealed")
        if not isinstance(sealed, Mapping) or sealed.get("key") != self.id:
            return None
        try:
            box = base64.b64decode(str(sealed.get("box")), validate=True)
            given = json.loads(
                _SUITE.decrypt(box, self.key, _bound(str(record.get("structure")), str(record.get("ref"))))
            )
        except (InvalidTag, ValueError):
            return None
        return Identity(given["sender"], tuple(given["recipients"]))


def opener(path: Path, passphrase: str) -> Opener | None:
    """The private key in a file; None when the passphrase is not the one. Raises OSError, KeyRefused."""
    return unlocked(path.read_bytes(), passphrase, str(path))


def unlocked(octets: bytes, passphrase: str, called: str) -> Opener | None:
    """The same from its octets. Raises KeyRefused."""
    try:
        held = json.loads(octets)
        assert held["format"] == FORMAT and held["scrypt"] == [_N, _R, _P]  # noqa: PT018
        salt, nonce, box = (base64.b64decode(held[k], validate=True) for k in ("salt", "nonce", "box"))
        name = str(held["id"])
    except (ValueError, KeyError, TypeError, AssertionError):
        raise KeyRefused(f"{called} : ce n'est pas la clé privée du DPO que fait « mss-guard audit keygen »") from None
    try:
        raw = ChaCha20Poly1305(_stretched(passphrase, salt)).decrypt(nonce, box, name.encode())
    except InvalidTag:
        return None
    return Opener(name, X25519PrivateKey.from_private_bytes(raw))


def passages(identity: Identity, domains: Sequence[str]) -> tuple[str, ...]:
    """Recipients in words; where only a pseudonym was kept, the domain."""
    return tuple(r or f"…@{d}" for r, d in zip(identity.recipients, domains, strict=True))
