"""One row of a people list, and the ways in which a mail may write that person's name, room and birth date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mss_guard.core.normalise import fold

_PARTICLES = frozenset("de du des d la le les l el al ben ibn van von der den dos da di del della".split())
_SAINT = {"st": "saint", "ste": "sainte"}
_SHORTEST_PART = 3  # letters: of a compound surname, a shorter part alone names nobody
_DATE = re.compile(
    r"\b(?:(?P<year>(?:19|20)[0-9]{2})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})(?:[t ]00:00(?::00)?)?"
    r"|(?P<d>[0-9]{1,2})(?:er)?[/. -](?P<m>[0-9]{1,2}|(?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*\.?)"
    r"[/. -](?P<y>(?:19|20)?[0-9]{2}))\b"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        "janv fevr mars avr mai juin juil aout sept oct nov dec".split(),
        start=1,
    )
}


@dataclass(frozen=True, slots=True)
class Person:
    """As the list has it. `born`: YYYYMMDD; names, room and date are "" when the list says nothing."""

    name: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    birth_name: str = field(default="", repr=False)
    room: str = field(default="", repr=False)
    born: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Forms:
    """Every way of writing a person's names, folded, each as one word.

    `full`: the surnames with and without particles: "Le Goff" → legoff, goff. `surnames`: also each part of a compound:
    "Durand-Martin" → durandmartin, durand, martin. `first_names`: "Marie-Claude Louise" → marieclaude, marie.
    `initials`: the surname's, and both in either order.
    """

    full: frozenset[str] = field(repr=False)
    surnames: frozenset[str] = field(repr=False)
    first_names: frozenset[str] = field(repr=False)

    @property
    def initials(self) -> frozenset[str]:
        names, firsts = {n[0] for n in self.full}, {f[0] for f in self.first_names}
        return frozenset({*names, *(n + f for n in names for f in firsts), *(f + n for n in names for f in firsts)})


def forms(person: Person) -> Forms:
    """The names of a row as a mail may write them."""
    said = [words(name) for name in (person.name, person.birth_name) if name]
    bare = [without_particles(name) for name in said]
    full = frozenset({"".join(name) for name in (*said, *bare)} - {""})
    parts = {word for name in bare for word in name if len(word) >= _SHORTEST_PART}
    usual = words(re.split(r"[\s,;]+", person.first_name.strip())[0])
    return Forms(full, full | parts, frozenset({"".join(usual), *usual[:1]} - {""}))


def words(name: str) -> tuple[str, ...]:
    """The folded words of a name: no accents, hyphens, apostrophes or case; "St" is "saint"."""
    return tuple(_SAINT.get(w, w) for w in re.findall("[a-z]+", fold(name).lower))


def without_particles(said: tuple[str, ...]) -> tuple[str, ...]:
    """ "de", "la", "Le" … left out; a name made of nothing else is kept whole."""
    return tuple(w for w in said if w not in _PARTICLES) or said


def room(text: str) -> str:
    """A room as people write it: "Ch. 012 B" and "12b" are one."""
    found = re.search(r"0*([0-9]{1,4})\s?([a-z]?)\b", fold(text).lower)
    return found[1] + found[2] if found else ""


def dates(lower: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Dates of a folded text: where, and YYYYMMDD; two readings when the year has two digits."""
    for found in _DATE.finditer(lower):
        if found["year"]:
            years, month, day = [found["year"]], int(found["month"]), int(found["day"])
        else:
            year = found["y"]
            years = [year] if len(year) == 4 else ["19" + year, "20" + year]
            month, day = _month(found["m"]), int(found["d"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield found.start(), found.end(), tuple(f"{y}{month:02}{day:02}" for y in years)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next((number for name, number in _MONTHS.items() if text.startswith(name)), 0)
