"""Listed names that an address nearly wrote: the typing slip in a MSSanté domain, and the ordinary domain whose owner has a
MSSanté one. Only ever a question to a person ("vouliez-vous dire … ?"); no verdict rests on it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

import idna

SPACE = ".mssante.fr"
MOST = 3
_PIECES = 3  # with two slips at the most, one third of the name is still as it was
_ONE_SLIP, _TWO_SLIPS = (
    6,
    12,
)  # letters from which a name is long enough for one slip, or two, to be told from another name
_FREE = frozenset("gmail orange wanadoo hotmail outlook laposte free sfr yahoo icloud live bbox neuf".split())


def near(domain: str, listed: frozenset[str]) -> tuple[str, ...]:
    """At most three listed names close to `domain` (lower-case A-labels), the closest first; none when it is listed itself.

    A name under something like mssante.fr may have a slip or two; of any other name only its own first labels count, as they
    are: ch-x.fr → ch-x.mssante.fr.
    """
    if domain in listed:
        return ()
    head, in_space = _head(_readable(domain))
    if not head or head in _FREE:
        return ()
    found = {head + SPACE: 0} if head + SPACE in listed else {}
    if in_space:
        allowed = 2 if len(head) >= _TWO_SLIPS else 1 if len(head) >= _ONE_SLIP else 0
        for name in _candidates(head, _index(listed)) if allowed else ():
            slips = distance(head, name, allowed)
            if slips <= allowed:
                found.setdefault(name + SPACE, slips)
    return tuple(sorted(found, key=lambda n: (found[n], n)))[:MOST]


def distance(one: str, other: str, most: int) -> int:
    """Letters inserted, dropped, changed, or swapped with their neighbour, between two words; `most + 1` for any more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row, above = row, [i], before
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _head(domain: str) -> tuple[str, bool]:
    """(what stands before the space's name, or before the top level; whether the end is meant as mssante.fr)."""
    labels = domain.split(".")
    last = labels[-1]
    for end in (labels[-2:], [last]):
        written = ".".join(end)
        if len(labels) > len(end) and distance(written, SPACE[1:], 2) <= 2:
            return ".".join(labels[: -len(end)]), True
    for tail in ("-mssante", "mssante"):  # ch-x-mssante.fr
        if len(labels) == 2 and labels[0].endswith(tail) and labels[0] != tail:
            return labels[0].removesuffix(tail).rstrip("-"), True
    if len(labels) > 2 and labels[-2] == "mssante":  # ch-x.mssante.com
        return ".".join(labels[:-2]), True
    return ".".join(labels[:-1]), False


def _readable(domain: str) -> str:
    """The name as it was meant: U-labels, without accents."""
    try:
        shown = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        shown = domain
    plain = unicodedata.normalize("NFKD", shown)
    return "".join(c for c in plain if not unicodedata.combining(c)).lower()


def _pieces(length: int) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of the thirds of a name of this length."""
    cuts = [length * n // _PIECES for n in range(_PIECES + 1)]
    yield from ((n, cuts[n], cuts[n + 1]) for n in range(_PIECES))


@lru_cache(maxsize=2)  # the list in force and the one before; a list of 9,000 names takes 20 ms once
def _index(listed: frozenset[str]) -> Mapping[tuple[int, int, str], tuple[str, ...]]:
    """Heads of listed names by (length, number of the third, the third itself)."""
    found: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for name in listed:
        if name.endswith(SPACE):
            head = name.removesuffix(SPACE)
            for number, start, end in _pieces(len(head)):
                found[len(head), number, head[start:end]].append(head)
    return {key: tuple(heads) for key, heads in found.items()}


def _candidates(head: str, index: Mapping[tuple[int, int, str], tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    for length in range(max(len(head) - 2, 1), len(head) + 3):
        for number, start, end in _pieces(length):
            for shift in range(-2, 3):
                if start + shift >= 0 and end > start:
                    found.update(index.get((length, number, head[start + shift : end + shift]), ()))
    return found
