"""Key files as they lie on the disk: a systemd credential first, else a file of 0600 in the keys directory, made durable before its first use."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .disk import sync_directory
from .errors import KeyRefused


def credentials_directory() -> Path | None:
    """Where systemd puts the credentials of this unit; None outside of one."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else None


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The files `<stem>-<year><suffix>`, one for each UTC year."""

    directory: Path
    credentials: Path | None
    stem: str
    suffix: str

    def name(self, year: int) -> str:
        return f"{self.stem}-{year:04}{self.suffix}"

    def years(self) -> tuple[int, ...]:
        """Years that have a key, oldest first. Raises OSError."""
        pattern = re.compile(re.escape(self.stem) + r"-([0-9]{4})" + re.escape(self.suffix))
        places = [p for p in (self.credentials, self.directory) if p is not None and p.is_dir()]
        return tuple(
            sorted({int(m[1]) for place in places for p in place.iterdir() if (m := pattern.fullmatch(p.name))})
        )

    def find(self, year: int) -> tuple[Path, bytes] | None:
        """The file of a year and its bytes. Raises OSError, KeyRefused when others than the service may read it."""
        if self.credentials is not None and (self.credentials / self.name(year)).is_file():
            path = self.credentials / self.name(year)
            return path, path.read_bytes()
        path = self.directory / self.name(year)
        if not path.is_file():
            return None
        if path.stat().st_mode & 0o077:
            raise KeyRefused(f"{path} : lisible par d'autres que le service ; corrigez avec « chmod 600 {path} »")
        return path, path.read_bytes()

    def make(self, year: int, content: bytes) -> tuple[Path, bytes]:
        """Make the key durable before its first use: what a power cut took away could never be used again. Of processes
        that start together one wins. Raises OSError.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (path := self.directory / self.name(year)), publish(path, content, 0o600)

    def destroy(self, year: int) -> bool:
        """Whether there was a file of ours to take away. A credential is not ours. Raises OSError."""
        path = self.directory / self.name(year)
        there = path.is_file()
        path.unlink(missing_ok=True)
        if there:
            sync_directory(self.directory)
        return there


def publish(path: Path, content: bytes, mode: int) -> bytes:
    """Write a new file durably, whole or not at all; what stands there already stays. Its bytes. Raises OSError."""
    draft = path.parent / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)
    return path.read_bytes()
