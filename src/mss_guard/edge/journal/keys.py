"""The keys behind pseudonyms: one for each UTC year, made when first needed, never written into a record (only its id
is).

A key given as a systemd credential (`pseudonym-2026.key`, at least 32 bytes) goes before the file of that year in the
keys directory. Destroying the key of a year makes every pseudonym of that year anonymous.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mss_guard.core.model import Address

from .disk import sync_directory
from .errors import JournalUnavailable, KeyRefused, errno_name

Pseudonym = dict[str, str]
_NAME = re.compile(r"pseudonym-([0-9]{4})\.key")
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
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        self._directory = directory
        self._credentials = credentials or (Path(given) if given else None)
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
        places = [p for p in (self._credentials, self._directory) if p is not None and p.is_dir()]
        years = {int(m[1]) for place in places for p in place.iterdir() if (m := _NAME.fullmatch(p.name))}
        return tuple(key for year in sorted(years) if (key := self._find(year)))

    def pseudonym(self, address: Address) -> Pseudonym:
        """The address under this year's key."""
        return self.current().pseudonym(b"address", _normal(address))

    def message_id(self, message_id: str) -> Pseudonym:
        """A Message-ID under this year's key."""
        return self.current().pseudonym(b"message-id", message_id.strip())

    def candidates(self, address: Address) -> tuple[Pseudonym, ...]:
        """What the address may be called in the journal: one pseudonym for each key held."""
        return tuple(key.pseudonym(b"address", _normal(address)) for key in self.every())

    def _find(self, year: int) -> Key | None:
        name = f"pseudonym-{year:04}.key"
        if self._credentials is not None and (self._credentials / name).is_file():
            return _read(self._credentials / name, year)
        path = self._directory / name
        if not path.is_file():
            return None
        if path.stat().st_mode & 0o077:
            raise KeyRefused(f"{path} : lisible par d'autres que le service ; corrigez avec « chmod 600 {path} »")
        return _read(path, year)

    def _make(self, year: int) -> Key:
        """Make the key durable before its first use: a pseudonym under a key that a power cut took away could never be
        searched again.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        final = self._directory / f"pseudonym-{year:04}.key"
        draft = self._directory / f".{final.name}.{os.getpid()}.{secrets.token_hex(4)}"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(secrets.token_bytes(_LENGTH))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # one winner among processes that start together
                os.link(draft, final)
        finally:
            draft.unlink(missing_ok=True)
        sync_directory(self._directory)
        return _read(final, year)


def _read(path: Path, year: int) -> Key:
    secret = path.read_bytes()
    if len(secret) < _LENGTH:
        raise KeyRefused(f"{path} : clé trop courte ({len(secret)} octets, il en faut au moins {_LENGTH})")
    return Key(year, secret)


def _normal(address: Address) -> str:
    """One spelling for one mailbox: domain as A-label, local part case-folded (people and servers write it either
    way).
    """
    return f"{address.local_part.casefold()}@{address.domain}"
