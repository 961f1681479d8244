"""What is kept of people lists: 64-bit digests under a key of the structure, in sorted tables.

A digest of a name can be guessed by whoever has the key, and by nobody else: the key is kept apart from the tables. The
file is "MSSG-PEOPLE 1\n", one line of JSON (key id, dates, counts, lengths), the tables, and a keyed digest of all that
goes before it, so that a damaged file, or one made under another key, is refused.
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import Final

_MAGIC = b"MSSG-PEOPLE 1\n"
_SEAL = 32
_PURPOSE = b"mss-guard-people"
SHORTEST_KEY = 32


class ListRefused(Exception):  # noqa: N818 - the word of the house
    """A digest file that cannot be used; says why, in French, without any data."""


class Role:
    """What a single word is in the lists, as bits; plain numbers, for they are asked for every word of a mail."""

    RESIDENT_NAME: Final = 1
    RESIDENT_FIRST: Final = 2
    STAFF_NAME: Final = 4
    STAFF_FIRST: Final = 8
    STAFF_PART: Final = 16  # of a compound surname: with a first name only


class Hasher:
    """Digests under one key. Facts of different kinds never collide: the kind is part of what is digested."""

    def __init__(self, key: bytes) -> None:
        self._started = blake2b(key=sha256(key).digest(), digest_size=8, person=_PURPOSE)

    def __call__(self, fact: bytes) -> int:
        digest = self._started.copy()
        digest.update(fact)
        return int.from_bytes(digest.digest(), "little")


@dataclass(frozen=True, slots=True)
class People:
    """Both lists. `made`: when the older of the two CSV files was last changed, POSIX seconds."""

    key: bytes = field(repr=False)
    made: float
    residents: int
    staff: int
    words: array[int] = field(repr=False)
    roles: bytes = field(repr=False)
    resident_facts: array[int] = field(repr=False)
    staff_facts: array[int] = field(repr=False)

    def role(self, digest: int) -> int:
        """The Roles of a word, as a number; 0 for a word in no list."""
        i = bisect_left(self.words, digest)
        return self.roles[i] if i < len(self.words) and self.words[i] == digest else 0

    def is_resident(self, digest: int) -> bool:
        return _holds(self.resident_facts, digest)

    def is_staff(self, digest: int) -> bool:
        return _holds(self.staff_facts, digest)


def _holds(table: array[int], digest: int) -> bool:
    i = bisect_left(table, digest)
    return i < len(table) and table[i] == digest


def tabled(
    key: bytes,
    made: float,
    counts: tuple[int, int],
    words: Mapping[int, int],
    facts: Iterable[int],
    staff: Iterable[int],
) -> People:
    """Sorted tables of what was digested."""
    ordered = sorted(words)
    return People(
        key,
        made,
        *counts,
        words=array("Q", ordered),
        roles=bytes(words[digest] for digest in ordered),
        resident_facts=array("Q", sorted(facts)),
        staff_facts=array("Q", sorted(staff)),
    )


def key_id(key: bytes) -> str:
    """Tells keys apart without telling anything of the key."""
    return sha256(b"mss-guard people key id" + key).hexdigest()[:8]


def encode(people: People) -> bytes:
    """The file's octets; the key is not among them."""
    tables = (people.words, people.resident_facts, people.staff_facts)
    header = {
        "key": key_id(people.key),
        "made": people.made,
        "residents": people.residents,
        "staff": people.staff,
        "lengths": [len(t) for t in tables],
    }
    body = b"".join(
        (_MAGIC, json.dumps(header, separators=(",", ":")).encode(), b"\n", people.roles, *(_octets(t) for t in tables))
    )
    return body + _seal(people.key, body)


def decode(octets: bytes, key: bytes) -> People:
    """Raises ListRefused."""
    if not octets.startswith(_MAGIC):
        raise ListRefused("ce n'est pas un fichier d'empreintes de cette version")
    line_end = octets.find(b"\n", len(_MAGIC))
    try:
        header = json.loads(octets[len(_MAGIC) : line_end])
        lengths = [int(n) for n in header["lengths"]]
        known, made, counts = header["key"], float(header["made"]), (int(header["residents"]), int(header["staff"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ListRefused("fichier d'empreintes abîmé") from error
    if known != key_id(key):
        raise ListRefused("empreintes calculées avec une autre clé")
    body, seal = memoryview(octets)[:-_SEAL], octets[-_SEAL:]
    if len(lengths) != 3 or min(lengths) < 0 or not compare_digest(seal, _seal(key, body)):
        raise ListRefused("fichier d'empreintes abîmé")
    at = line_end + 1
    roles = bytes(body[at : at + lengths[0]])
    at += lengths[0]
    tables = []
    for length in lengths:
        tables.append(_table(body[at : at + 8 * length]))
        at += 8 * length
    return People(key, made, *counts, words=tables[0], roles=roles, resident_facts=tables[1], staff_facts=tables[2])


def _seal(key: bytes, body: bytes | memoryview) -> bytes:
    return blake2b(body, key=sha256(key).digest(), digest_size=_SEAL, person=b"mssguard-plists").digest()


def _octets(table: array[int]) -> bytes:
    if sys.byteorder == "big":
        table = array("Q", table)
        table.byteswap()
    return table.tobytes()


def _table(octets: memoryview) -> array[int]:
    table = array("Q")
    table.frombytes(octets)
    if sys.byteorder == "big":
        table.byteswap()
    return table
