"""Residents and staff of the lists, met in mails."""

from __future__ import annotations

import pytest

from mss_guard.core.detect.acquaintance import FEW, Acquaintance
from mss_guard.core.normalise import fold
from mss_guard.core.people import Person, compile_people

FIRST_NAMES = frozenset("odile yves marie jean jeanne sophie paul leo enzo".split())
RESIDENTS = (
    Person("Garnier", "Odile", "Petit", "12", "19380312"),
    Person("Le Goff", "Yves", "", "104", "19410702"),
    Person("Durand-Martin", "Marie-Claude", "", "7b", "19300101"),
    Person("Nguyễn", "Thị", "", "31", ""),
)
STAFF = (Person("Leroy", "Sophie"), Person("Petit", "Paul"), Person("De Sousa", "Inès"))


def _lists(residents: tuple[Person, ...] = RESIDENTS, staff: tuple[Person, ...] = STAFF) -> Acquaintance:
    return Acquaintance(compile_people(residents, staff, bytes(32), 0.0), FIRST_NAMES)


LISTS = _lists()


@pytest.mark.parametrize(
    "text",
    [
        "Odile Garnier a chuté",
        "GARNIER Odile : RAS",
        "odile garnier va bien",
        "Mme Garnier, Odile",
        "Nom : GARNIER\nPrénom : Odile",
        "Mme Odile PETIT",
        "Yves LE GOFF",
        "yves legoff est tombé",
        "Marie-Claude Durand ce matin",
        "M.-C. voir Mme Martin Marie Claude",
        "NGUYEN Thi",
        "Garnier 12",
        "Mme Garnier (ch. 12)",
        "chambre 104 : M. Le Goff",
        "Odile, ch12, dort mal",
        "Mme G. (ch. 12)",
        "OG ch 12 refuse",
        "O.G. née le 12/03/1938",
        "Mme G., 12 mars 1938",
        "Garnier née le 12.03.38",
        "Mme D., chambre 7B",
    ],
)
def test_a_resident_is_known_by_any_two_facts(text: str) -> None:
    """Names, initials, room and birth date, in any two, however written."""
    assert LISTS.meet(fold(text)).residents


@pytest.mark.parametrize(
    "text",
    [
        "Odile Leroy a chuté",
        "Yves Garnier",
        "Mme G. (ch. 13)",
        "O.G. née le 13/03/1938",
        "La salle 12 est fermée",
        "Réunion le 12/03/1938",
        "Sophie Leroy ch 12",
        "Bonjour, merci de commander 12 paires de gants",
    ],
)
def test_strangers_are_nobody(text: str) -> None:
    """A first name of one and a surname of another, or another's room, make no resident."""
    assert not LISTS.meet(fold(text)).residents


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Hier Garnier a refusé", True),
        ("Garnier refuse de manger", True),
        ("GARNIER dort mal", True),
        ("Jean Garnier viendra", False),
        ("la maison Garnier-Dupont", False),
        ("l'ulcere de m garnier s'est creusé", True),
        ("Mme Garnier, directrice", False),
        ("Goff\nDirecteur", False),
        ("nous avons un garnier", False),
    ],
)
def test_a_surname_alone_counts_inside_a_sentence(text: str, known: bool) -> None:
    """Not in a signature, not beside another's first name, not without a capital."""
    assert bool(LISTS.meet(fold(text)).surnames) is known


@pytest.mark.parametrize(
    ("subject", "known"), [("Odile", True), ("Re: Garnier", True), ("Dr Garnier", False), ("Sophie", False)]
)
def test_a_name_is_whom_a_subject_is_about(subject: str, known: bool) -> None:
    """There it stands without a sentence; a doctor's or a colleague's is somebody at work."""
    assert bool(LISTS.meet(fold(subject), heading=True).surnames) is known


def _staff(text: str, name: str, lists: Acquaintance = LISTS) -> bool:
    folded = fold(text)
    start = folded.cased.index(name)
    return lists.is_staff(folded, (start, start + len(name)), lists.meet(folded))


@pytest.mark.parametrize(
    ("text", "name", "staff"),
    [
        ("Mme Leroy présentera", "Mme Leroy", True),
        ("Sophie Leroy présentera", "Sophie Leroy", True),
        ("Mme de Sousa présentera", "Mme de Sousa", True),
        ("Sophie présentera", "Sophie", True),
        ("Mme Jeanne Leroy a chuté", "Mme Jeanne Leroy", False),
        ("Mme Leroy, ch. 4", "Mme Leroy", False),
        ("Mme Leroy, née le 3 mai", "Mme Leroy", False),
        ("Mme Petit a chuté", "Mme Petit", False),
        ("Paul Petit fera l'atelier", "Paul Petit", True),
        ("Odile PETIT, avec Paul", "Odile PETIT", False),
        ("Mme Garnier a chuté", "Mme Garnier", False),
        ("Mme Vidal a chuté", "Mme Vidal", False),
    ],
)
def test_staff_are_known_as_staff_only_when_nobody_else_can_be_meant(text: str, name: str, staff: bool) -> None:
    """A name that a resident bears too, another first name or a room: then the ordinary rules judge."""
    assert _staff(text, name) is staff


def test_without_a_list_of_residents_a_surname_makes_nobody_staff() -> None:
    """A patient who bears a nurse's name must not vanish; both names together still say it."""
    alone = _lists(residents=())
    assert not _staff("Mme Leroy a une escarre", "Mme Leroy", alone)
    assert _staff("Mme Sophie Leroy présentera", "Mme Sophie Leroy", alone)


def test_in_a_long_list_a_surname_alone_points_to_nobody() -> None:
    """A hospital's list holds nearly every surname of the country."""
    many = tuple(Person("Garnier", f"Odile{chr(97 + i % 26)}", room=str(i)) for i in range(FEW + 1))
    assert not _lists(residents=many).meet(fold("Hier Garnier a refusé")).surnames
    assert not _staff("Mme Leroy présentera", "Mme Leroy", _lists(residents=many))


@pytest.mark.parametrize("piece", ["Garnier Odile ", "ch 12 ", "12/03/1938 ", "Mme G. ch 12, ", "odile "])
def test_hostile_texts_stay_linear(piece: str) -> None:
    """Half a megabyte of names ends; a quadratic search would outlast the time limit."""
    assert LISTS.meet(fold(piece * (500_000 // len(piece)))) is not None
