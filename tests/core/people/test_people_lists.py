"""People lists: what a CSV may look like, what its mistakes say, and what is kept of it."""

from __future__ import annotations

import pickle

import pytest

from mss_guard.core import people
from mss_guard.core.people import ListRefused, Person, compile_people, decode, encode, parse, persons

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
ODILE = Person("GARNIER", "Odile", "Petit", "12", "19380312")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_spreadsheets_write_lists_in_several_ways(charset: str, separator: str) -> None:
    """Encoding, separator, order of columns and unknown columns change nothing."""
    rows = (("Chambre", "Nom d'usage", "Prénom", "GIR", "Nom de naissance", "Né(e) le"),)
    rows += (("12", "GARNIER", "Odile", "3", "Petit", "12/03/1938"), ("", "", "", "", "", ""))
    text = "\r\n".join(separator.join(row) for row in rows)
    found, mistakes = parse(text.encode(charset), "r.csv")
    assert (found, mistakes) == ((ODILE,), ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Garnier;Odile;12 pluviose;1", "r.csv:3:3: date de naissance illisible (attendu : JJ/MM/AAAA)"),
        ("Garnier;Odile;40/12/1938;1", "r.csv:3:3: date de naissance illisible (attendu : JJ/MM/AAAA)"),
        ("Garnier;Odile;;rez", "r.csv:3:4: chambre illisible (attendu : un numéro, avec ou sans lettre)"),
        (";Odile;;1", "r.csv:3:1: nom manquant"),
        ("Garnier;Odile;;1;x", "r.csv:3:4: plus de cases que de titres"),
        ("Garnier\x07;Odile;;1", "r.csv:3:1: case trop longue"),
        (f"{'Garnier' * 30};Odile;;1", "r.csv:3:1: case trop longue"),
        ('Garnier;"Odile;;1', "r.csv:1:1: guillemets mal fermés"),
    ],
)
def test_a_mistake_names_its_line_and_nothing_of_its_data(row: str, said: str) -> None:
    """Whoever exports the list can mend it; whoever reads the screen learns nobody's name."""
    text = f"Nom;Prénom;Né le;Chambre\nLe Goff;Yves;;2\n{row}\n"
    _, mistakes = parse(text.encode(), "r.csv")
    assert [str(m)[: len(said)] for m in mistakes] == [said]
    assert not any(word in str(m).lower() for m in mistakes for word in ("garnier", "odile", "pluviose"))


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "colonne « nom » introuvable"),
        (b"Prenom;Chambre\nYves;12\n", "colonne « nom » introuvable"),
        (b"Nom;Nom\na;b\n", "deux colonnes portent le même titre"),
        (b"Nom;Prenom\n", "aucune personne"),
        (b"PK\x03\x04\0\0", "ce n'est pas un fichier CSV"),
        (b"Nom complet\nodile garnier\n", "nom et prénom ne se distinguent pas"),
    ],
)
def test_a_file_that_is_no_list_is_refused(octets: bytes, said: str) -> None:
    found, mistakes = parse(octets, "r.csv")
    assert not found
    assert [said in str(m) for m in mistakes] == [True]


def test_one_column_may_hold_both_names() -> None:
    """The capitals are the surname."""
    found, _ = parse("sep=;\nNom et prénom;Chambre\nLE GOFF Yves;104\nOdile GARNIER;\n".encode(), "r.csv")
    assert [(p.name, p.first_name, p.room) for p in found] == [("LE GOFF", "Yves", "104"), ("GARNIER", "Odile", "")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Le Goff", {"legoff", "goff"}),
        ("De La Tour", {"delatour", "tour"}),
        ("DURAND-MARTIN", {"durandmartin", "durand", "martin"}),
        ("d'Arvor", {"darvor", "arvor"}),
        ("Hélène", {"helene"}),
        ("St Jean", {"saintjean", "saint", "jean"}),
        ("Sy", {"sy"}),
    ],
)
def test_a_surname_is_known_in_every_way_it_is_written(name: str, said: set[str]) -> None:
    """Accents, case, particles, hyphens and compounds."""
    assert persons.forms(Person(name)).surnames == said


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("12/03/1938", [("19380312",)]),
        ("12.3.38", [("19380312", "20380312")]),
        ("1er mars 1938", [("19380301",)]),
        ("1938-03-12", [("19380312",)]),
        ("12 foin 1938", []),
        ("31/13/1938", []),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, days: list[tuple[str, ...]]) -> None:
    assert [found for _, _, found in people.dates(text)] == days


def test_digests_come_back_whole() -> None:
    """What is written is what is read, under the same key."""
    lists = compile_people([ODILE], [Person("Leroy", "Sophie")], KEY, 5.0)
    assert decode(encode(lists), KEY) == lists


@pytest.mark.parametrize("change", ["cut", "flip", "key", "magic", "longer"])
def test_a_damaged_file_or_another_key_is_refused(change: str) -> None:
    """Never half a list: with a word of it missing a resident would be a stranger."""
    octets = encode(compile_people([ODILE], [], KEY, 5.0))
    wrong = {
        "cut": octets[:-9],
        "flip": octets[:150] + bytes([octets[150] ^ 1]) + octets[151:],
        "magic": b"X" + octets,
        "longer": octets + b"\0",
        "key": octets,
    }[change]
    with pytest.raises(ListRefused):
        decode(wrong, OTHER if change == "key" else KEY)


def test_nothing_of_a_name_is_kept() -> None:
    """Neither in the file nor in what a debugger or a log would print; under another key nothing is alike."""
    lists = compile_people([ODILE], [Person("Leroy", "Sophie")], KEY, 5.0)
    for shown in (encode(lists), pickle.dumps(lists.words), repr(lists).encode(), repr(ODILE).encode()):
        assert not any(name in shown.lower() for name in (b"garnier", b"odile", b"petit", b"leroy", b"1938", KEY))
    other = compile_people([ODILE], [Person("Leroy", "Sophie")], OTHER, 5.0)
    assert not set(lists.words) & set(other.words)


def test_fifty_thousand_residents_stay_small() -> None:
    """Every fact of a large hospital's list, as it travels to the workers: under 20 MB."""
    names = [persons.words(f"{a}{b}")[0] for a in "bcdfghjklm" for b in ("aron", "elin", "oret", "urand", "igot")]
    residents = [
        Person(
            f"{names[i % 50]}{'abcdefghijklmnopqrstuvwxyz'[i % 26]}{names[i // 50 % 50]}",
            names[i * 7 % 50],
            names[i * 3 % 50],
            str(i % 999),
            f"19{i % 90 + 10}{i % 12 + 1:02}{i % 28 + 1:02}",
        )
        for i in range(50_000)
    ]
    octets = len(encode(compile_people(residents, [], KEY, 5.0)))
    assert 2_000_000 < octets < 12_000_000, octets
