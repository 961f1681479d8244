"""Rows in, digests out: every fact by which a mail may name one of these persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mss_guard.core.people import persons
from mss_guard.core.people.digests import Hasher, People, Role, tabled
from mss_guard.core.people.persons import Forms, Person


def compile_people(residents: Sequence[Person], staff: Sequence[Person], key: bytes, made: float) -> People:
    """Digest both lists under `key`. `made`: POSIX seconds, when the older list was last changed."""
    digest = Hasher(key)
    words: dict[int, int] = {}
    facts: set[int] = set()
    pairs: set[int] = set()

    def note(said: frozenset[str], role: int) -> None:
        for word in said:
            number = digest(word.encode())
            words[number] = words.get(number, 0) | role

    for one in residents:
        forms = persons.forms(one)
        note(forms.surnames, Role.RESIDENT_NAME)
        note(forms.first_names, Role.RESIDENT_FIRST)
        facts.update(map(digest, (*_pairs(forms), *_particulars(one, forms))))
    for one in staff:
        forms = persons.forms(one)
        note(forms.full, Role.STAFF_NAME)
        note(forms.surnames - forms.full, Role.STAFF_PART)
        note(forms.first_names, Role.STAFF_FIRST)
        pairs.update(map(digest, _pairs(forms)))
    return tabled(key, made, (len(residents), len(staff)), words, facts, pairs)


def pair(name: str, first_name: str) -> bytes:
    """Surname and first name."""
    return f"p|{name}|{first_name}".encode()


def in_room(who: str, room: str) -> bytes:
    """A name, a first name or initials, and a room."""
    return f"r|{who}|{room}".encode()


def born(who: str, day: str) -> bytes:
    """A name, a first name or initials, and a birth date (YYYYMMDD)."""
    return f"d|{who}|{day}".encode()


def _pairs(forms: Forms) -> Iterator[bytes]:
    for name in forms.surnames:
        yield from (pair(name, first) for first in forms.first_names)


def _particulars(one: Person, forms: Forms) -> Iterator[bytes]:
    """Room and birth date, each with all by which the person may be called."""
    for who in forms.surnames | forms.first_names | forms.initials:
        if one.room:
            yield in_room(who, one.room)
        if one.born:
            yield born(who, one.born)
