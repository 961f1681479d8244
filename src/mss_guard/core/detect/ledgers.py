"""The three ledgers of a window, and its score: WHAT is said, of WHOM, and how IMPERSONAL the text is.

Additive, with distinct hits and caps, so that every score can be explained by naming what was met. The formula and all
its numbers are rules/scoring.yaml; both WHAT and WHO must be there for a score at all.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mss_guard.core.detect.matcher import Hit
from mss_guard.core.detect.scenes import Keep, Scene, kept
from mss_guard.core.model import NOT_HEALTH, Category, Level
from mss_guard.core.rules import OF_EMPLOYEES, EvidenceRule, Scoring, Thresholds

_ORDER = tuple(Category)
Values = dict[str, set[object]]
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What the ledgers of one window hold, and its score."""

    start: int
    end: int
    what: Weights
    who: Weights
    impersonal: Weights
    category: Category
    score: float
    hits: tuple[Hit, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Scorer:
    """The scoring file and the evidence entries, ready to weigh."""

    scoring: Scoring
    entries: Mapping[str, EvidenceRule]

    def best(self, scene: Scene, keep: Keep, *, floor: float) -> list[Window]:
        """The best window by health words, and the best by all words when that is another category's.

        Windows that cannot reach `floor` are not weighed.
        """
        headings = self._headings(scene, keep)
        hits = kept(scene.spot, keep) if scene.spot is not None else {}
        if not self._possible(hits, headings, floor):
            return []
        document = self._document(hits)
        best: dict[bool, Window] = {}
        for bound, start, inside in self._windows(hits, headings, floor):
            least = min(w.score for w in best.values()) if len(best) == 2 else -math.inf
            if bound <= least:
                break  # no later window can be better
            values = _merge(headings, inside)
            mixed = any(self.entries[i].category in NOT_HEALTH for i in values)
            for health_only in (True, False):
                if health_only or mixed:
                    weighed = self._weigh(values, start, document, least, health_only=health_only)
                if weighed is not None and (health_only not in best or weighed.score > best[health_only].score):
                    best[health_only] = replace(weighed, hits=tuple(h for of in inside.values() for h in of))
        found = [best[key] for key in (True, False) if key in best]
        return found[:1] if len(found) == 2 and found[1].category not in NOT_HEALTH else found

    def _possible(self, hits: Mapping[str, list[Hit]], headings: Values, floor: float) -> bool:
        """Could a window reach `floor` if all that the text and its headings hold stood together?"""
        what, who = self._rough({**headings, **{i: [*of, *headings.get(i, ())] for i, of in hits.items()}})
        return what > 0 and who > 0 and self._formula(what, who, 0.0, 0.0) >= floor

    def _headings(self, scene: Scene, keep: Keep) -> Values:
        values: Values = {}
        for heading in scene.headings:
            for entry_id, hits in kept(heading, keep).items():
                values.setdefault(entry_id, set()).update(h.value for h in hits)
        return values

    def _document(self, hits: Mapping[str, list[Hit]]) -> float:
        """How impersonal the whole text is."""
        return sum(
            self.contribution(i, len({h.value for h in of}))
            for i, of in hits.items()
            if self.entries[i].ledger == "impersonal"
        )

    def contribution(self, entry_id: str, distinct: int) -> float:
        entry = self.entries[entry_id]
        return entry.weight * min(distinct, entry.cap)

    def _windows(
        self, hits: Mapping[str, list[Hit]], headings: Values, floor: float
    ) -> Iterator[tuple[float, int, dict[str, list[Hit]]]]:
        """Windows that hold something: an upper bound of their score, start and hits; the most promising first.

        Those that no arithmetic could bring to `floor` are left out.
        """
        stride = self.scoring.window.stride
        per_window = self.scoring.window.size // stride
        blocks: dict[int, dict[str, list[Hit]]] = {} if hits else {0: {}}
        for entry_id, of in hits.items():
            for hit in of:
                blocks.setdefault(hit.start // stride, {}).setdefault(entry_id, []).append(hit)
        rough = {number: self._rough(block) for number, block in blocks.items()}
        always = self._rough(headings)
        bounds = []
        for start, numbers in _gathered(sorted(blocks), per_window):
            inside = [rough[b] for b in numbers]
            what, who = always[0] + sum(r[0] for r in inside), always[1] + sum(r[1] for r in inside)
            if what and who and (bound := self._formula(what, who, 0.0, 0.0)) >= floor:
                bounds.append((-bound, start, numbers))
        for bound, start, numbers in sorted(bounds):
            merged: dict[str, list[Hit]] = {}
            for block in numbers:
                for entry_id, of in blocks[block].items():
                    merged.setdefault(entry_id, []).extend(of)
            yield -bound, start * stride, merged

    def _rough(self, block: Mapping[str, Collection[object]]) -> tuple[float, float]:
        """Upper bounds of WHAT and WHO."""
        what = who = 0.0
        for entry_id, of in block.items():
            entry, weight = self.entries[entry_id], self.contribution(entry_id, len(of))
            if entry.ledger == "what":
                what += weight
                who += weight * entry.person
            elif entry.ledger == "who":
                who += weight
        return what, who

    def _formula(self, what: float, who: float, impersonal: float, document: float) -> float:
        c = self.scoring.coefficients
        return (
            c.what * math.log1p(what)
            + c.who * math.log1p(who)
            - c.impersonal * math.log1p(impersonal)
            - c.document * math.log1p(document)
            - min(c.general_most, c.general * max(0.0, document - c.general_from))
            - c.base
        )

    def _weigh(self, values: Values, start: int, document: float, least: float, *, health_only: bool) -> Window | None:
        """The window at `start`; None when it holds no WHAT or no WHO, or scores no more than `least`."""
        ledgers: dict[str, list[tuple[str, float]]] = {"what": [], "who": [], "impersonal": []}
        staff: list[tuple[str, float]] = []  # counts only beside words on an employee's health
        categories: dict[Category, float] = {}
        implied = 0.0
        specific = named = told = False
        for entry_id, of in values.items():
            entry, weight = self.entries[entry_id], self.contribution(entry_id, len(of))
            if entry.ledger == "topic":
                continue
            if entry.ledger == "what":
                if health_only and entry.category in NOT_HEALTH:
                    continue
                categories[entry.category] = categories.get(entry.category, 0.0) + weight
                implied += weight * entry.person
                specific = specific or entry.person > 0
                told = told or (entry.style and entry.person > 0)
            elif entry.ledger == "who" and entry.category in OF_EMPLOYEES:
                staff.append((entry_id, weight))
                continue
            elif entry.ledger == "who":
                specific = specific or entry.weight >= self.scoring.specific
                named = named or entry.detector in self.scoring.identifiers
            ledgers[entry.ledger].append((entry_id, weight))
        if staff and not OF_EMPLOYEES.isdisjoint(categories):
            alone = not ledgers["who"]
            categories = {c: w for c, w in categories.items() if not alone or c in OF_EMPLOYEES}
            ledgers["who"] += staff
            specific = True
        what, who = _sum(ledgers["what"]), _sum(ledgers["who"]) + implied
        if not what or not who:
            return None
        impersonal = 0.0 if named else min(_sum(ledgers["impersonal"]), self.scoring.impersonal_cap)
        about_all = 0.0 if named else min(document, 2 * self.scoring.impersonal_cap)
        score = self._formula(what, who, impersonal, about_all)
        somebody = told or bool(ledgers["who"])  # values alone may be those of a leaflet
        score -= 0.0 if specific and somebody else self.scoring.coefficients.unspecific
        if score <= least:
            return None
        category = max(categories, key=lambda c: (categories[c], -_ORDER.index(c)))
        return Window(
            start,
            start + self.scoring.window.size,
            _sorted(ledgers["what"]),
            _sorted(ledgers["who"]),
            _sorted(ledgers["impersonal"]),
            category,
            score,
        )


def level_of(score: float, thresholds: Thresholds) -> Level:
    """The level that a window's score reaches."""
    if score >= thresholds.certain:
        return Level.CERTAIN
    if score >= thresholds.likely:
        return Level.LIKELY
    return Level.POSSIBLE if score >= thresholds.possible else Level.NONE


_BANDS = {Level.NONE: (0.0, 0.25), Level.POSSIBLE: (0.25, 0.5), Level.LIKELY: (0.5, 0.8), Level.CERTAIN: (0.8, 1.0)}


def between(score: float, thresholds: Thresholds) -> float:
    """A score as 0..1, monotone: none < 0.25 <= possible < 0.5 <= likely < 0.8 <= certain <= 1."""
    level = level_of(score, thresholds)
    low, high = _BANDS[level]
    if level is Level.NONE:
        return round(high * math.exp((score - thresholds.possible) / 2), 4) * 0.999
    if level is Level.CERTAIN:
        return round(low + (high - low) * (1 - math.exp(thresholds.certain - score)), 4)
    bottom = thresholds.possible if level is Level.POSSIBLE else thresholds.likely
    top = thresholds.likely if level is Level.POSSIBLE else thresholds.certain
    return round(low + (high - low) * 0.999 * (score - bottom) / (top - bottom), 4)


def fixed_score(level: Level) -> float:
    """The 0..1 score of a rule that concludes with a level of its own: inside the band of the level."""
    low, high = _BANDS[level]
    return round((low + high) / 2, 4) if level is not Level.NONE else 0.0


def _gathered(numbers: Sequence[int], most: int) -> Iterator[tuple[int, Sequence[int]]]:
    """Windows of `most` blocks: the number of the first block and the blocks of `numbers`, ascending, that are in it.

    Of windows that hold the same only the first: they weigh the same.
    """
    before = range(0)
    for start in sorted({max(0, b - i) for b in numbers for i in range(most)}):
        here = range(bisect_left(numbers, start), bisect_left(numbers, start + most))
        if here != before:
            yield start, numbers[here.start : here.stop]
            before = here


def _sum(weights: Iterable[tuple[str, float]]) -> float:
    return sum(w for _, w in weights)


def _sorted(weights: Iterable[tuple[str, float]]) -> Weights:
    return tuple(sorted(weights, key=lambda w: (-w[1], w[0])))


def _merge(headings: Values, inside: Mapping[str, list[Hit]]) -> Values:
    merged = {i: set(v) for i, v in headings.items()}
    for entry_id, hits in inside.items():
        merged.setdefault(entry_id, set()).update(h.value for h in hits)
    return merged
