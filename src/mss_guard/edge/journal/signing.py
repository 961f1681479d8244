"""The keys that sign heads: Ed25519, one for each UTC year, the public half exported beside it as PEM.

Whoever holds the private key can sign from now on; what a witness off the host has seen, nobody can sign again.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import JournalUnavailable, KeyRefused, errno_name
from .heads import Head
from .keyfiles import KeyFiles, credentials_directory, publish
from .keys import utc_now

_RAW, _PEM = serialization.Encoding.Raw, serialization.Encoding.PEM
PUBLIC = ".pub.pem"


@dataclass(frozen=True, slots=True)
class Public:
    """A public key. `raw`: its 32 octets in base64; the id begins with its year."""

    id: str
    raw: str

    @classmethod
    def of(cls, year: int | str, key: Ed25519PublicKey) -> Public:
        octets = key.public_bytes(_RAW, serialization.PublicFormat.Raw)
        return cls(f"{int(year):04}-{hashlib.sha256(octets).hexdigest()[:8]}", base64.b64encode(octets).decode())

    @property
    def pem(self) -> str:
        return self._key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def sound(self) -> bool:
        """Whether the id is that of the key."""
        try:
            return Public.of(self.id[:4], self._key()) == self
        except ValueError:
            return False

    def signed(self, head: Head) -> bool:
        """Whether this key signed this head."""
        try:
            self._key().verify(base64.b64decode(head.signature, validate=True), head.text)
        except (InvalidSignature, ValueError):
            return False
        return head.key == self.id

    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(self.raw, validate=True))


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key at work."""

    public: Public
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, text: bytes) -> str:
        """The signature in base64."""
        return base64.b64encode(self.key.sign(text)).decode()


class SigningKeys:
    """The signing keys at hand. Thread-safe; touches the disk once a year and key."""

    def __init__(
        self, directory: Path, credentials: Path | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._files = KeyFiles(directory, credentials or credentials_directory(), "signing", ".pem")
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, Signer] = {}

    def current(self) -> Signer:
        """This year's key, made when there is none. Raises JournalUnavailable when it cannot be made, KeyRefused when
        it cannot be used.
        """
        year = self._clock().astimezone(UTC).year
        with self._lock:
            if year not in self._held:
                try:
                    self._held[year] = self._find(year) or self._make(year)
                except OSError as error:
                    raise JournalUnavailable(errno_name(error)) from error
            return self._held[year]

    def holder(self, key: str) -> Signer | None:
        """The private key of this id, when it is still held."""
        found = self._find(int(key[:4])) if key[:4].isdigit() else None
        return found if found is not None and found.public.id == key else None

    def destroy_before(self, year: int) -> tuple[str, ...]:
        """Destroy the private keys of all earlier years; their ids. The public halves stay. Raises OSError, KeyRefused."""
        return tuple(
            f.public.id for y in self._files.years() if y < year and (f := self._find(y)) and self._files.destroy(y)
        )

    def before(self, year: int) -> tuple[str, ...]:
        """Ids of the keys that `destroy_before` would destroy."""
        mine = KeyFiles(self._files.directory, None, "signing", ".pem").years()
        return tuple(f.public.id for y in mine if y < year and (f := self._find(y)))

    def _find(self, year: int) -> Signer | None:
        found = self._files.find(year)
        return None if found is None else self._signer(*found, year)

    def _make(self, year: int) -> Signer:
        secret = Ed25519PrivateKey.generate().private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._signer(*self._files.make(year, secret), year)

    def _signer(self, path: Path, pem: bytes, year: int) -> Signer:
        try:
            key = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyRefused(f"{path} : ce n'est pas une clé privée Ed25519 en PEM, sans phrase de passe")
        public = Public.of(year, key.public_key())
        self._export(public)
        return Signer(public, key)

    def _export(self, public: Public) -> None:
        path = self._files.directory / f"signing-{public.id}{PUBLIC}"
        if not path.exists():
            self._files.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            publish(path, public.pem.encode(), 0o644)


def exported(directory: Path) -> Mapping[str, Public]:
    """The public keys exported into a directory, by id. Raises OSError, KeyRefused."""
    found = {}
    for path in sorted(directory.glob(f"signing-*{PUBLIC}")):
        public = read_public(path)
        found[public.id] = public
    return found


def read_public(path: Path) -> Public:
    """One exported public key. Raises OSError, KeyRefused."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
        year = int(path.name.removeprefix("signing-")[:4])
    except ValueError:
        key, year = None, 0
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused(f"{path} : ce n'est pas une clé publique Ed25519 en PEM nommée signing-AAAA-….pub.pem")
    return Public.of(year, key)
