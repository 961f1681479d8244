"""The door to the people lists: CSV files in once, keyed digests kept, and the key they are made under.

Only `update` ever reads a name, in the process of whoever asks for it; the service reads digests. The key is a systemd
credential (`people.key`), a file that is named, or is made at first in the keys directory (0600).
"""

from __future__ import annotations

import ctypes
import os
import resource
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from mss_guard.core import people
from mss_guard.core.people import ListRefused, People, Person
from mss_guard.core.strict_yaml import Mistake, Mistakes
from mss_guard.durable import publish

_KEY = "people.key"
_KEY_LENGTH = 32
_SET_DUMPABLE = 4  # prctl(2): a core piped to a handler does not ask RLIMIT_CORE
_LARGEST = 512 * 1024 * 1024


class PeopleRefused(Exception):  # noqa: N818 - the word of the house
    """A key or a digest file that cannot be used; the French text says why and what to do, and holds no data."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The CSV files that the configuration names, and the state directory."""

    residents: Path | None
    staff: Path | None
    state: Path

    @property
    def given(self) -> tuple[Path, ...]:
        return tuple(p for p in (self.residents, self.staff) if p is not None)

    @property
    def digests(self) -> Path:
        """Where the digests are kept."""
        return self.state / "lists" / "people.digests"

    @property
    def key(self) -> Path:
        return self.state / "keys" / _KEY


def read(sources: Sources) -> People | None:
    """The lists as digests; None before the first update. Raises PeopleRefused; OSError when a file cannot be read."""
    if not sources.given or not sources.digests.is_file():
        return None
    again = "relancez « mss-guard lists update »"
    key = _existing_key(sources.key, None)
    if key is None:
        raise PeopleRefused(f"{sources.digests} : la clé {sources.key} manque ; {again}")
    try:
        return people.decode(sources.digests.read_bytes(), key)
    except ListRefused as refused:
        raise PeopleRefused(f"{sources.digests} : {refused} ; {again}") from refused


def update(sources: Sources, key_file: Path | None = None) -> People:
    """Read the CSV files, digest them, replace the digest file. Raises Mistakes (all of both files), PeopleRefused, OSError."""
    mistakes: list[Mistake] = []
    residents, staff = _persons(sources.residents, mistakes), _persons(sources.staff, mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    key = _existing_key(sources.key, key_file) or _make_key(sources.key, sources.state)
    made = min(path.stat().st_mtime for path in sources.given)
    lists = people.compile_people(residents, staff, key, made)
    publish(sources.digests, people.encode(lists), sources.state)
    return lists


def newer_source(sources: Sources) -> bool:
    """Was a CSV file changed after the digests were made?"""
    with suppress(OSError):
        made = sources.digests.stat().st_mtime
        return any(path.stat().st_mtime > made for path in sources.given if path.exists())
    return False


def leave_no_core() -> None:
    """From here on this process leaves no core dump, and no other of its user can read its memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def _persons(path: Path | None, mistakes: list[Mistake]) -> Sequence[Person]:
    if path is None:
        return ()
    # O_NONBLOCK: a pipe in the place of the file must not stop the command
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            mistakes.append(Mistake(str(path), 1, 1, "ce n'est pas un fichier ordinaire"))
            return ()
        found, wrong = people.parse(file.read(_LARGEST), str(path))
    mistakes += wrong
    return found


def _existing_key(path: Path, key_file: Path | None) -> bytes | None:
    """The named file, else the credential, else the file in the keys directory."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if key_file is not None:
        return _read_key(key_file)
    if credentials is not None and (Path(credentials) / _KEY).is_file():
        return _read_key(Path(credentials) / _KEY)
    if not path.is_file():
        return None
    if path.stat().st_mode & 0o077:
        raise PeopleRefused(f"{path} : lisible par d'autres que le service ; corrigez avec « chmod 600 {path} »")
    return _read_key(path)


def _read_key(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) < _KEY_LENGTH:
        raise PeopleRefused(f"{path} : clé trop courte ({len(secret)} octets, il en faut au moins {_KEY_LENGTH})")
    return secret


def _make_key(path: Path, state: Path) -> bytes:
    publish(path, secrets.token_bytes(_KEY_LENGTH), state)
    return _read_key(path)
