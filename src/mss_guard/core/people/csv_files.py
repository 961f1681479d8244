"""A people list as a spreadsheet writes it: octets in, persons and mistakes out.

UTF-8 or Windows-1252; `;`, `,` or tab; French headings in any order, others ignored. A mistake names file, line and
column heading, never what stands in the cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mss_guard.core.normalise import fold
from mss_guard.core.people import persons
from mss_guard.core.people.persons import Person
from mss_guard.core.strict_yaml import Mistake

MAX_OCTETS = 64 * 1024 * 1024
_LONGEST_CELL = 120
_NAME, _FIRST, _BOTH, _BIRTH_NAME, _BORN, _ROOM = "name", "first", "both", "birth name", "born", "room"
_HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(("nom", "nom usuel", "nom d usage", "nom usage", "nom marital", "nom de famille"), _NAME),
    **dict.fromkeys(("nom d epouse", "nom utilise", "name", "surname", "last name"), _NAME),
    **dict.fromkeys(("prenom", "prenoms", "prenom usuel", "prenom utilise", "first name"), _FIRST),
    **dict.fromkeys(("nom prenom", "nom et prenom", "nom prenoms", "nom complet", "identite"), _BOTH),
    **dict.fromkeys(("nom de naissance", "nom naissance", "nom de jeune fille", "nom patronymique"), _BIRTH_NAME),
    **dict.fromkeys(("date de naissance", "date naissance", "ne le", "nee le", "ne e le", "ddn", "naissance"), _BORN),
    **dict.fromkeys(
        ("chambre", "n de chambre", "no chambre", "n chambre", "numero de chambre", "ch", "logement"), _ROOM
    ),
    **dict.fromkeys(("appartement", "lit", "studio", "room"), _ROOM),
}


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row by column kind. `line`: where it begins in the file."""

    line: int
    values: Mapping[str, str]
    surplus: bool


def parse(octets: bytes, source: str) -> tuple[tuple[Person, ...], tuple[Mistake, ...]]:
    """The persons of a list, and all its mistakes; with a mistake the list is not to be used."""
    if len(octets) > MAX_OCTETS:
        return (), (Mistake(source, 1, 1, f"trop gros : plus de {MAX_OCTETS // 1024 // 1024} Mo"),)
    if b"\0" in octets:
        return (), (Mistake(source, 1, 1, "ce n'est pas un fichier CSV (enregistrez le tableau au format CSV)"),)
    text = _decoded(octets)
    headings, header_line = _heading_line(text)
    columns = [_HEADINGS.get(_key(h)) for h in next(csv.reader([headings], delimiter=_delimiter(headings)), [])]
    if (problem := _wrong_columns(columns)) is not None:
        return (), (Mistake(source, header_line, 1, problem),)
    found: list[Person] = []
    mistakes: list[Mistake] = []
    try:
        for cells in _rows(text, _delimiter(headings), columns, header_line):
            said = [Mistake(source, cells.line, columns.index(kind) + 1, m) for kind, m in _wrong(cells, columns)]
            mistakes += said
            if not said:
                found.append(_person(cells.values))
    except csv.Error:
        mistakes.append(Mistake(source, 1, 1, "guillemets mal fermés"))
    if not found and not mistakes:
        mistakes.append(Mistake(source, header_line, 1, "aucune personne sous la ligne de titres"))
    return tuple(found), tuple(mistakes)


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _heading_line(text: str) -> tuple[str, int]:
    """The first line that holds something; Excel may put "sep=;" before it."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip(" ;,\t") and not line.lower().startswith("sep="):
            return line, number
    return "", 1


def _delimiter(headings: str) -> str:
    return max((";", ",", "\t"), key=headings.count)


def _key(heading: str) -> str:
    return " ".join(re.findall("[a-z]+", fold(heading).lower))


def _wrong_columns(columns: Sequence[str | None]) -> str | None:
    if not {_NAME, _BOTH} & set(columns):
        return "colonne « nom » introuvable : la première ligne doit donner les titres (nom ; prénom ; …)"
    twice = next((kind for kind in columns if kind is not None and columns.count(kind) > 1), None)
    return None if twice is None else "deux colonnes portent le même titre"


def _rows(text: str, delimiter: str, columns: Sequence[str | None], header_line: int) -> Iterator[_Cells]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for row in reader:
        if line > header_line and any(cell.strip() for cell in row):
            values = {kind: cell.strip() for kind, cell in zip(columns, row, strict=False) if kind is not None}
            yield _Cells(line, values, any(cell.strip() for cell in row[len(columns) :]))
        line = reader.line_num + 1


def _wrong(cells: _Cells, columns: Sequence[str | None]) -> Iterator[tuple[str | None, str]]:
    """(column kind, what is wrong); nothing of what the cell holds."""
    main = _NAME if _NAME in columns else _BOTH
    values = cells.values
    if cells.surplus:
        yield columns[-1], "plus de cases que de titres (un séparateur dans une case ? mettez-la entre guillemets)"
        return
    for kind, value in values.items():
        if len(value) > _LONGEST_CELL or not value.isprintable():
            yield kind, f"case trop longue (plus de {_LONGEST_CELL} caractères) ou avec des caractères de contrôle"
            return
    if not persons.words(values.get(main, "")):
        yield main, "nom manquant"
    elif main == _BOTH and not all(_split(values[_BOTH])):
        yield main, "nom et prénom ne se distinguent pas : écrivez le nom en capitales, ou faites deux colonnes"
    if values.get(_BORN) and _day(values[_BORN]) is None:
        yield _BORN, "date de naissance illisible (attendu : JJ/MM/AAAA)"
    if values.get(_ROOM) and not persons.room(values[_ROOM]):
        yield _ROOM, "chambre illisible (attendu : un numéro, avec ou sans lettre)"


def _split(both: str) -> tuple[str, str]:
    """ "DURAND Jeanne" or "Jeanne DURAND": the capitals are the surname."""
    said = both.replace(",", " ").split()
    return " ".join(w for w in said if w.isupper()), " ".join(w for w in said if not w.isupper())


def _day(text: str) -> str | None:
    days = [days for _, _, days in persons.dates(fold(text).lower)]
    return days[0][0] if len(days) == 1 else None


def _person(values: Mapping[str, str]) -> Person:
    name, first_name = values.get(_NAME, ""), values.get(_FIRST, "")
    if not name:
        name, first_name = _split(values[_BOTH])
    return Person(
        name,
        first_name,
        values.get(_BIRTH_NAME, ""),
        persons.room(values.get(_ROOM, "")),
        _day(values[_BORN]) or "" if values.get(_BORN) else "",
    )
