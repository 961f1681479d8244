"""Which MSSanté boxes a refused recipient may have: at most three, for a person to check; none when unsure.

A guess is worse than silence: a wrong box sends a patient's data to a stranger under the seal of trust. So a name alone
proposes nothing: it takes a whole name and one more sign (town, structure, profession), or an initial and two; and a
consumer's address counts only with a professional title, for families have names too. Nothing here asks the network: `Book`
is a local index, and the lookup of a recipient would tell an outsider who treats whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mss_guard.core.boxes import Box, automatic, house_keys, letters, title, words

MOST = 3
_RARE = 3  # boxes in the whole country under a name, up to which the name is rare
_ENOUGH = 3  # signs: a whole name with one more, or an initial with two
_ROOM = 100  # candidates looked at: a name borne by more says nothing by itself
_NAMESAKES = 400  # persons of one name looked at: among many, one alone may be of the place that the address names
CONSUMER = frozenset(
    "gmail.com googlemail.com orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net hotmail.com hotmail.fr outlook.com outlook.fr"
    " live.fr live.com msn.com yahoo.fr yahoo.com icloud.com me.com bbox.fr numericable.fr aliceadsl.fr club-internet.fr gmx.fr"
    " gmx.com protonmail.com proton.me voila.fr nordnet.fr cegetel.net".split()
)
"""Mail domains where everybody may have a box: who writes there may be a doctor, a daughter or a neighbour."""
_DOCTOR = ("medecin", "chirurgien", "pharmacien")
_TITLES: dict[str, tuple[str, ...]] = {
    "dr": _DOCTOR, "docteur": _DOCTOR, "doctor": _DOCTOR, "pr": _DOCTOR, "professeur": _DOCTOR, "medecin": ("medecin",),
    "chirurgien": ("chirurgien", "medecin"), "dentiste": ("chirurgien",), "pharmacien": ("pharmacien",), "pharmacie": ("pharmacien",),
    "ide": ("infirmier",), "idel": ("infirmier",), "infirmier": ("infirmier",), "infirmiere": ("infirmier",), "kine": ("masseur",),
    "kinesitherapeute": ("masseur",), "mkde": ("masseur",), "sage": ("sage",), "orthophoniste": ("orthophoniste",),
    "psychologue": ("psychologue",), "pedicure": ("pedicure",), "podologue": ("pedicure",), "ergotherapeute": ("ergotherapeute",),
    "dieteticienne": ("dieteticien",), "cabinet": ("",),
}  # fmt: skip
"""What people write before or in a name, and the beginnings of the professions the directory then shows ("": any)."""
_NOISE = frozenset(
    "m mme mlle mr monsieur madame mademoiselle contact info mail email secretariat secr accueil cab sec perso pro bal"
    " medical medicale france".split()
)
_GENERIC = ("accueil", "secretariat", "contact", "direction", "administration", "mssante", "bal", "etablissement")
"""Beginnings of the local part of a structure's general box, the likeliest first."""
_TOP = frozenset("fr com net org eu re gp mq gf yt nc pf asso gouv info sante care health".split())


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A refused recipient as staff wrote it: the address and, where the message says one, its display name."""

    local_part: str = field(repr=False)
    domain: str
    display: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box that may be the recipient's, and why: `nom` or `structure`."""

    box: Box
    by: str


class Book(Protocol):
    """The local index, as far as proposing knows it. Each answers at most `most` boxes."""

    def under(self, domain: str, most: int) -> Sequence[Box]: ...
    def named(self, surname: str, given: str, most: int) -> Sequence[Box]: ...
    def structures(self, key: str, telling: Sequence[str], most: int) -> Sequence[Box]: ...


def propose(
    asked: Correspondent, book: Book, trusted: Callable[[str], bool], nearby: frozenset[str] = frozenset()
) -> tuple[Proposal, ...]:
    """At most three boxes, the likeliest first; their domains are on the white list, none is read by a program.

    `nearby`: beginnings of postcodes, the departments of the structure's region. Where more than three would do, those
    nearby come first, and nothing is said unless one of them is.
    """
    house = _twin(asked, book)
    same = [b for b in house if letters(b.local_part) == letters(asked.local_part)]
    people = same or _people(asked, book, nearby)
    if people:
        found, by = people, "nom"
    else:
        found, by = _structure_boxes(asked, book, house, nearby), "structure"
    usable = [box for box in found if trusted(box.domain) and not automatic(box.address)]
    return tuple(Proposal(box, by) for box in usable) if len(usable) <= MOST else ()


def _twin(asked: Correspondent, book: Book) -> Sequence[Box]:
    """The boxes of the secure domain of the same name: ch-x.fr and ch-x.mssante.fr have one owner."""
    head, _, top = asked.domain.rpartition(".")
    return book.under(f"{head}.mssante.fr", _ROOM) if top in _TOP and asked.domain not in CONSUMER else ()


# --- persons ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Name:
    """One reading of a name: given name (whole, or an initial) and surname, each as one word."""

    given: str
    surname: str


def _people(asked: Correspondent, book: Book, nearby: frozenset[str]) -> list[Box]:
    display, local = words(asked.display), words(asked.local_part)
    house = () if asked.domain in CONSUMER else words(asked.domain)
    professions = next((_TITLES[w] for w in (*display, *local, *house) if w in _TITLES), None)
    if asked.domain in CONSUMER and professions is None:
        return []
    found: dict[str, tuple[int, Box]] = {}
    for spoken in (display, local):
        kept = [w for w in spoken if w not in _TITLES and w not in _NOISE and not w.isdigit()]
        for name in dict.fromkeys(_readings(kept)):
            namesakes = book.named(name.surname, name.given, _NAMESAKES)
            here = [box for box in namesakes if _place(box, asked)]
            for box in namesakes:
                signs = _signs(box, name, professions, asked, len(namesakes)) + (here == [box])
                if signs >= _ENOUGH and signs > found.get(box.address, (0, box))[0]:
                    found[box.address] = (signs, box)
        if found:
            break  # the display name is the better witness
    ranked = sorted(found.values(), key=lambda each: (-each[0], each[1].address))
    if len(ranked) > MOST:  # many namesakes: only those for whom most speaks
        ranked = [each for each in ranked if each[0] == ranked[0][0]]
    return _nearest([box for _, box in ranked], nearby)


def _nearest(found: list[Box], nearby: frozenset[str]) -> list[Box]:
    """Three at most: of too many, those nearby and then the others, so that one alone is never taken for the only one."""
    if len(found) <= MOST:
        return found
    close = [box for box in found if box.postcode.startswith(tuple(nearby))]
    return [*close, *(box for box in found if box not in close)][:MOST] if 0 < len(close) <= MOST else []


def _readings(spoken: Sequence[str]) -> Iterator[_Name]:
    """Every way to read words, or one word grown together, as given name and surname."""
    for cut in range(1, len(spoken)):
        first, last = "".join(spoken[:cut]), "".join(spoken[cut:])
        for given, surname in ((first, last), (last, first)):
            if len(surname) > 2:
                yield _Name(given, surname)
    if len(spoken) == 1:
        run = spoken[0]
        for cut in range(1, len(run)):
            for given, surname in ((run[:cut], run[cut:]), (run[cut:], run[:cut])):
                if len(surname) > 2 and len(given) != 2:
                    yield _Name(given, surname)


def _signs(box: Box, name: _Name, professions: tuple[str, ...] | None, asked: Correspondent, namesakes: int) -> int:
    """How many signs speak for this box; 0 where nothing but the name does, or where the profession is another.

    Whole name 2, initial or first half of a given name 1; the profession, the town, the structure 1 each; 1 when hardly
    anybody bears the name. (One more, of the caller, for who alone of that name is of that place.)
    """
    about = 0
    if professions is not None:
        if not any(w.startswith(professions) for w in words(f"{box.profession} {box.skill}")):
            return 0
        about += 1
    about += _place(box, asked)
    if not about:
        return 0
    whole = letters(box.given) == name.given
    return about + (2 if whole else 1) + (namesakes <= _RARE)


def _place(box: Box, asked: Correspondent) -> int:
    """Signs that the domain names this box's place: 1 for its town, 1 for its structure."""
    if asked.domain in CONSUMER:
        return 0
    where = letters(asked.domain.rpartition(".")[0])
    town = len(letters(box.town)) > 3 and letters(box.town) in where
    names = {where, "".join(title(asked.domain.rpartition(".")[0]))}
    return town + (not house_keys(box.structure, box.sign, "").isdisjoint(names))


# --- structures -------------------------------------------------------------------------------------------------------


def _structure_boxes(asked: Correspondent, book: Book, twin: Sequence[Box], nearby: frozenset[str]) -> list[Box]:
    """A box of each structure of this name; several of its boxes when there is one such structure, nothing when there are many."""
    if asked.domain in CONSUMER:
        return []
    wanted = words(asked.local_part)
    houses: dict[tuple[str, str, str], list[Box]] = {}
    for box in (*twin, *_of_that_name(asked.domain, book)):
        if box.kind == "organisationnelle":
            houses.setdefault((box.structure, box.sign, box.postcode), []).append(box)
    ranked = [sorted(dict.fromkeys(boxes), key=lambda b: _suits(b, wanted)) for boxes in houses.values()]
    if len(ranked) == 1:
        return ranked[0][:MOST]
    return _nearest([boxes[0] for boxes in ranked], nearby)


def _of_that_name(domain: str, book: Book) -> Sequence[Box]:
    """By the label nearest the top level that says something: accueil@pole.ehpad-x.fr is asked as ehpad-x."""
    for label in [label for label in domain.split(".") if label not in _TOP][::-1]:
        found = book.structures(letters(label), title(label.replace("-", " ")), _ROOM)
        if found:
            return found
    return ()


def _suits(box: Box, wanted: Sequence[str]) -> tuple[int, int, str]:
    """Sort key: boxes of the same service first, then the general ones."""
    own = (*words(box.local_part), *words(box.service))
    same = sum(w in own or any(o.startswith(w[:5]) for o in own if len(w) > 4) for w in wanted)
    general = next((n for n, g in enumerate(_GENERIC) if any(o.startswith(g) for o in own)), len(_GENERIC))
    return (-same, general, box.address)
