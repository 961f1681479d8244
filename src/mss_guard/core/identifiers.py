"""National numbers: the patient's (INS, that is NIR or NIA) and those of professionals and structures, which never name
a patient.

A NIR is 13 characters and a key of two: sex, year, month, department (2A and 2B in Corsica), commune, order; key = 97 −
(number mod 97), with 2A read as 19 and 2B as 18 (INSEE, "Le numéro de sécurité sociale"). Shape alone accepts half of
all 15-digit numbers, shape and key one in 185: finding one is evidence, the rules decide what it is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEX = frozenset("123478")  # 1, 2; 3, 4 foreigners being registered; 7, 8 provisional numbers
_MONTHS = frozenset(
    [*range(1, 13), 20, *range(30, 43), *range(50, 100)]
)  # beyond 12: month unknown or number series exhausted
_CORSICA = {"2A": "19", "2B": "18"}

_GAP = "[ .\\-/\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013]?"  # one separator of any house, or none
_KEY_GAP = "[ .\\-/\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013|]{0,3}"

# One pattern for every way of writing. A match may begin only where a run of digits begins, and every repetition is
# bounded: linear.
_NIR = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])"
    rf"([123478]){_GAP}([0-9]{{2}}){_GAP}([0-9]{{2}}){_GAP}"
    rf"(?:([0-9][0-9ABab]){_GAP}([0-9]{{3}})|([0-9]{{3}}){_GAP}([0-9]{{2}})){_GAP}([0-9]{{3}})"
    rf"(?:{_KEY_GAP}(?:\(?(?i:cl[eéÉ]|key){_KEY_GAP}[:=]?{_KEY_GAP})?([0-9]{{2}}))?(?![0-9])"
)
_LABEL = re.compile(
    r"(?i:\bNIR\b|\bNIA\b|\bINS\b|\bINSEE\b|\bmatricule\b|\bimmatriculation\b|\bassur[eé]e?\b"
    r"|\bn(?:°|o|um[eé]ro)?\.? ?(?:de )?s[eé]cu|\bs[eé]curit[eé] sociale|\bn° ?ss\b)[^0-9\n]{0,24}\Z"
)
_LABEL_REACH = 60  # characters before the number in which its label may stand


def ins_ok(digits: str) -> bool:
    """Is this a well-formed INS: 15 characters, plausible sex and month, right key?"""
    return (
        nir_shape_ok(digits[:13])
        and len(digits) == 15
        and _two_digits(digits[13:])
        and int(digits[13:]) == _key(digits[:13])
    )


def ins_local_part_ok(local: str) -> bool:
    """May this local part stand before @patient.mssante.fr? (The INS alone, nothing added to it.)"""
    return ins_ok(local)


def nir_shape_ok(number: str) -> bool:
    """The 13 characters before the key: digits with Corsica's letter at its place, plausible sex and month."""
    if len(number) != 13 or number[0] not in _SEX:
        return False
    return _digits(_without_letters(number)) and int(number[3:5]) in _MONTHS


def nir_key(number: str) -> str | None:
    """The two-digit key of 13 well-shaped characters, None for anything else."""
    return f"{_key(number):02d}" if nir_shape_ok(number) else None


def find_nirs(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every NIR or INS in the text, left to right, without overlap.

    Written plain, or grouped by spaces, dots, dashes, slashes, no-break or narrow spaces, with or without « clé »
    before the key. The 13 characters without their key count only behind a label (NIR, INS, matricule, n° de sécurité
    sociale …). Linear in the text.
    """
    for match in _NIR.finditer(text):
        *groups, key = match.groups()
        number = "".join(g for g in groups if g)
        if not nir_shape_ok(number):
            continue
        if key is None:
            found = _LABEL.search(text, max(0, match.start() - _LABEL_REACH), match.start()) is not None
        else:
            found = int(key) == _key(number) and not (number[0] == "3" and siret_ok(number[1:] + key))
        if found:
            yield match.start(), match.end()


def rpps_ok(digits: str) -> bool:
    """A professional's RPPS: 11 digits, the last by Luhn; also in its national form, 8 before it."""
    number = digits[1:] if len(digits) == 12 and digits[0] == "8" else digits
    return len(number) == 11 and _luhn(number)


def finess_ok(characters: str) -> bool:
    """A structure's FINESS: 9 digits, the last by Luhn; also in its national form, 1 before it.

    Corsica's numbers begin with 2A or 2B and have no published checksum: their shape is enough.
    """
    number = characters[1:] if len(characters) == 10 and characters[0] == "1" else characters
    if len(number) == 9 and number[:2].upper() in _CORSICA:
        return _digits(number[2:])
    return len(number) == 9 and _luhn(number)


def siret_ok(digits: str) -> bool:
    """An establishment's SIRET: 14 digits by Luhn. With its national prefix 3 it is as long as an INS."""
    return len(digits) == 14 and _luhn(digits)


def _two_digits(text: str) -> bool:
    return len(text) == 2 and _digits(text)


def _digits(text: str) -> bool:
    return bool(text) and text.isascii() and text.isdigit()


def _without_letters(number: str) -> str:
    return number[:5] + _CORSICA.get(number[5:7].upper(), number[5:7]) + number[7:]


def _key(number: str) -> int:
    return 97 - int(_without_letters(number)) % 97


def _luhn(digits: str) -> bool:
    if not _digits(digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
