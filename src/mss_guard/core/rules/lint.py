"""What a rule author should mend although the rules load: too few or too similar examples, no title or source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from mss_guard.core.normalise import fold
from mss_guard.core.rules.loading import Ruleset
from mss_guard.core.rules.schema import Entry, Rule
from mss_guard.core.strict_yaml import Mistake

DIFFERENT = 0.6  # share of 5-grams in which two examples of one rule must differ
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Lint:
    """One remark, with the id it is about."""

    rule: str
    mistake: Mistake


def lint(ruleset: Ruleset) -> tuple[Lint, ...]:
    """All remarks, in the order of the files."""
    return tuple(
        Lint(entry_id, ruleset.origins[entry_id].mistake(message, *path))
        for entry_id, entry in ruleset.entries.items()
        for path, message in _remarks(entry, shipped=not ruleset.origins[entry_id].local)
    )


def difference(one: str, other: str) -> float:
    """The share of the 5-grams of both texts together that only one of them holds: 0 equal, 1 nothing in common."""
    a, b = _grams(one), _grams(other)
    return 1 - len(a & b) / max(1, len(a | b))


def _grams(text: str) -> frozenset[str]:
    folded = " ".join(fold(text).lower.split())
    return frozenset(folded[i : i + 5] for i in range(max(1, len(folded) - 4)))


def _remarks(entry: Entry, *, shipped: bool) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if shipped and not entry.source.strip():
        yield ("id",), f"{entry.id} : « source » manque (pourquoi cette règle existe)"
    by_name = isinstance(entry, Rule) and entry.keywords is None and entry.pattern is None
    for key, examples in (("match", entry.match), ("pass", entry.passing)):
        if len(examples) < FEWEST and not (isinstance(entry, Rule) and entry.format):
            yield (key,), f"{entry.id} : moins de {FEWEST} exemples « {key} »"
        if not by_name:  # file names are short and alike by nature
            yield from _alike(entry.id, key, examples)


def _alike(entry_id: str, key: str, examples: Sequence[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for (i, one), (j, other) in combinations(enumerate(examples), 2):
        if (share := difference(one, other)) < DIFFERENT:
            pair = f"{entry_id} : exemples « {key} » {i + 1} et {j + 1} trop semblables"
            yield (key, j), f"{pair} ({share:.0%} de 5-grammes différents, il en faut {DIFFERENT:.0%})"
