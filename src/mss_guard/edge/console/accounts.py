"""The console's accounts: a file of argon2 hashes, changed by `mss-guard console user`, read at each sign-in. There is no first password.

A name that is not known costs as much as one that is: a hash is verified all the same.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mss_guard import durable
from mss_guard.core.rights import Role
from mss_guard.edge.console.ports import ALL, Person

LEAST = 12
"""Characters of a password (ANSSI, authentication guide 2021: 12 for what a lock-out protects)."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,29}")


class AccountsBroken(Exception):  # noqa: N818
    """The file is none of ours: a start-up refusal. French."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    role: Role
    structures: tuple[str, ...]
    password: str  # argon2 in PHC form; "" can never be verified
    disabled: bool = False

    @property
    def person(self) -> Person:
        return Person(self.name, self.role, self.structures)


def fit_name(name: str) -> bool:
    """Lower-case letters, digits, dot, dash, underscore: it stands in the journal."""
    return _NAME.fullmatch(name) is not None


def weak(password: str, name: str) -> str | None:
    """Why a password is not taken, in French."""
    if len(password) < LEAST:
        return f"trop court : {LEAST} caractères au moins, mieux cinq mots tirés au sort"
    if len(password) > 1000:
        return "trop long"
    if len(set(password)) < 5 or name in password.casefold():
        return "trop facile à deviner"
    return None


class Accounts:
    """One file of one state directory. `hasher`: lighter in tests."""

    def __init__(self, state: Path, hasher: PasswordHasher | None = None) -> None:
        self._state, self._file = state, state / "console" / "comptes.json"
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(os.urandom(16).hex())

    def all(self) -> dict[str, Account]:
        """By name; empty without a file. Raises AccountsBroken, OSError."""
        try:
            given = json.loads(self._file.read_bytes())
            return {
                str(one["name"]): Account(
                    str(one["name"]),
                    Role(one["role"]),
                    tuple(map(str, one["structures"])) or (ALL,),
                    str(one["password"]),
                    bool(one["disabled"]),
                )
                for one in given
            }
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError) as problem:
            raise AccountsBroken(f"{self._file} : comptes illisibles ({type(problem).__name__})") from None

    def put(self, account: Account) -> None:
        """Add it, or replace the one of its name. Raises AccountsBroken, OSError."""
        with self._alone():
            held = {**self.all(), account.name: account}
            plain = [{**asdict(one), "role": str(one.role)} for one in held.values()]
            durable.publish(self._file, json.dumps(plain, ensure_ascii=False, indent=1).encode(), self._state)

    def hashed(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, name: str, password: str) -> Person | None:
        """Who this is; None for an unknown or disabled name and for another password, after the same work."""
        known = self.all().get(name)
        hashed = known.password if known and known.password else self._nobody
        try:
            self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return None
        if known is None or known.disabled or not known.password:
            return None
        if self._hasher.check_needs_rehash(known.password):
            self.put(replace(known, password=self.hashed(password)))
        return known.person

    def current(self, person: Person) -> Person | None:
        """The same person as the file has them now: a session ends with its account, and a new role holds at once."""
        known = self.all().get(person.name)
        return None if known is None or known.disabled else known.person

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
