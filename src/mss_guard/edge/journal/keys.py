"""The keys behind pseudonyms: one for each UTC year, made when first needed, never written into a record (only its id
is).

A key given as a systemd credential (`pseudonym-2026.key`, at least 32 bytes) goes before the file of that year in the
keys directory. Destroying the key of a year makes every pseudonym of that year anonymous.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mss_guard.core.model import Address

from .errors import JournalUnavailable, KeyRefused, errno_name
from .keyfiles import KeyFiles, credentials_directory

Pseudonym = dict[str, str]
_LENGTH = 32


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """A year's HMAC-SHA-256 key. The id tells keys apart without telling anything of the key."""

    year: int
    secret: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(b"mss-guard key id" + self.secret).hexdigest()
        object.__setattr__(self, "id", f"{self.year:04}-{digest[:8]}")

    def pseudonym(self, kind: bytes, value: str) -> Pseudonym:
        """{"key": id, "id": 16 hexadecimal digits}. `kind` keeps an address and a Message-ID of equal spelling
        apart.
        """
        mac = hmac.digest(self.secret, kind + b"\0" + value.encode("utf-8", "surrogateescape"), "sha256")
        return {"key": self.id, "id": mac.hex()[:16]}


class Keys:
    """The keys at hand. Thread-safe; touches the disk once a year and key."""

    def __init__(
        self, directory: Path, credentials: Path | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """`credentials`: systemd's directory; when None, `$CREDENTIALS_DIRECTORY` if that is set."""
        self._files = KeyFiles(directory, credentials or credentials_directory(), "pseudonym", ".key")
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, Key] = {}

    def current(self) -> Key:
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

    def every(self) -> tuple[Key, ...]:
        """All keys still held, oldest first; makes none."""
        return tuple(key for year in self._files.years() if (key := self._find(year)))

    def pseudonym(self, address: Address) -> Pseudonym:
        """The address under this year's key."""
        return self.current().pseudonym(b"address", _normal(address))

    def message_id(self, message_id: str) -> Pseudonym:
        """A Message-ID under this year's key."""
        return self.current().pseudonym(b"message-id", message_id.strip())

    def content(self, digest: str) -> Pseudonym:
        """A content digest (core/detect/sameness) under this year's key."""
        return self.current().pseudonym(b"content", digest)

    def candidates(self, address: Address) -> tuple[Pseudonym, ...]:
        """What the address may be called in the journal: one pseudonym for each key held."""
        return tuple(key.pseudonym(b"address", _normal(address)) for key in self.every())

    def destroy_before(self, year: int) -> tuple[str, ...]:
        """Destroy the keys of all earlier years; their ids. Raises OSError, KeyRefused."""
        gone = [k.id for k in self.every() if k.year < year and self._files.destroy(k.year)]
        with self._lock:
            self._held = {y: key for y, key in self._held.items() if y >= year}
        return tuple(gone)

    def before(self, year: int) -> tuple[str, ...]:
        """Ids of the keys that `destroy_before` would destroy."""
        mine = KeyFiles(self._files.directory, None, "pseudonym", ".key").years()
        return tuple(k.id for k in self.every() if k.year < year and k.year in mine)

    def _find(self, year: int) -> Key | None:
        found = self._files.find(year)
        return None if found is None else _key(*found, year)

    def _make(self, year: int) -> Key:
        return _key(*self._files.make(year, secrets.token_bytes(_LENGTH)), year)


def _key(path: Path, secret: bytes, year: int) -> Key:
    if len(secret) < _LENGTH:
        raise KeyRefused(f"{path} : clé trop courte ({len(secret)} octets, il en faut au moins {_LENGTH})")
    return Key(year, secret)


def _normal(address: Address) -> str:
    """One spelling for one mailbox: domain as A-label, local part case-folded (people and servers write it either
    way).
    """
    return f"{address.local_part.casefold()}@{address.domain}"
