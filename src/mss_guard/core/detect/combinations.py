"""Combinations: entries that stand close together conclude with a level of their own, whatever the window's score."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from mss_guard.core.detect.ledgers import Scorer
from mss_guard.core.detect.matcher import Hit
from mss_guard.core.detect.passages import cuts, passage
from mss_guard.core.detect.scenes import Keep, Scene, Spot, kept
from mss_guard.core.detect.segments import SIGNATURE
from mss_guard.core.detect.simple import Met
from mss_guard.core.model import Category
from mss_guard.core.rules import Combination, Condition, Ruleset
from mss_guard.core.rules.patterns import Span, Zones

_MOST_ANCHORS = 200
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Joined:
    """A combination met in a scene; `span` in `spot`, where its first condition stands."""

    combination: Combination
    spot: Spot
    span: Span


@dataclass(frozen=True, slots=True)
class _Term:
    """A condition resolved to entry ids (a ledger: all its entries)."""

    condition: Condition
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """A combination with its conditions resolved."""

    combination: Combination
    all: tuple[_Term, ...]
    none: tuple[_Term, ...]


def resolve(ruleset: Ruleset, scorer: Scorer) -> tuple[Terms, ...]:
    """Look the ids of every condition up, once for all messages."""

    def term(condition: Condition, category: Category) -> _Term:
        if condition.ledger is None:
            return _Term(condition, frozenset(ruleset.matching(condition)))
        of_ledger = {i: e for i, e in scorer.entries.items() if e.ledger == condition.ledger}
        if condition.identity:
            of_ledger = {i: e for i, e in of_ledger.items() if e.identity}
        if not condition.style:
            of_ledger = {i: e for i, e in of_ledger.items() if not e.style}
        if condition.ledger == "who":
            of_ledger = {i: e for i, e in of_ledger.items() if e.names_for(category)}
        return _Term(condition, frozenset(of_ledger))

    return tuple(
        Terms(entry, *(tuple(term(c, entry.category) for c in conditions) for conditions in (entry.all, entry.none)))
        for entry in ruleset.entries.values()
        if isinstance(entry, Combination)
    )


class _Ledger:
    """The evidence of one ledger in a text, in its order, and in the headings; a thing said twice weighs once."""

    def __init__(self, scorer: Scorer, hits: Iterable[tuple[str, Hit]], headings: Iterable[tuple[str, Hit]]) -> None:
        self._scorer = scorer
        ordered = sorted(hits, key=lambda pair: pair[1].start)
        self._starts = [hit.start for _, hit in ordered]
        self._things = [(entry_id, hit.value) for entry_id, hit in ordered]
        self._sums = list(accumulate((scorer.entries[i].weight for i, _ in ordered), initial=0.0))
        self._headings = {(entry_id, hit.value) for entry_id, hit in headings}
        self._weights: dict[Span, float] = {}

    def reaches(self, weight: float, start: int, end: int) -> bool:
        """Does what stands in [start, end] and in the headings weigh so much?"""
        low, high = bisect_left(self._starts, start), bisect_right(self._starts, end)
        least = weight - _ROUNDING
        if not self._headings and self._sums[high] - self._sums[low] < least:
            return False  # not even with every repetition counted
        if (low, high) not in self._weights:
            counts = Counter(i for i, _ in self._headings.union(self._things[low:high]))
            self._weights[low, high] = sum(self._scorer.contribution(i, n) for i, n in counts.items())
        return self._weights[low, high] >= least


class _Ground:
    """What stands where in one scene, the headings apart; the ledgers weighed once for all combinations."""

    def __init__(self, scene: Scene, met: Sequence[Met], scorer: Scorer, keep: Keep) -> None:
        self._scorer = scorer
        self._text = _stands(scene.spot, met, keep) if scene.spot is not None else {}
        self._headings: dict[str, list[Hit]] = {}
        for heading in scene.headings:
            for entry_id, hits in _stands(heading, met, keep).items():
                self._headings.setdefault(entry_id, []).extend(hits)
        self.present = frozenset(self._text) | frozenset(self._headings)
        self._ledgers: dict[frozenset[str], _Ledger] = {}
        self._length = len(scene.spot.folded) if scene.spot is not None else 0
        self._spot = scene.spot

    def spans(self, term: _Term) -> list[Span]:
        return [(h.start, h.end) for i in term.ids & self._text.keys() for h in self._text[i]]

    def in_headings(self, term: _Term) -> bool:
        return not term.ids.isdisjoint(self._headings)

    def around(self, span: Span, combination: Combination) -> Span:
        """How far a combination looks around a span."""
        start, end = max(0, span[0] - combination.within), min(self._length, span[1] + combination.within)
        if combination.passage and self._spot is not None:
            folded = self._spot.folded
            first, last = passage(span[0], folded.once("passages", lambda: cuts(folded.cased)))
            return max(start, first), min(end, last)
        return start, end

    def is_short(self, at: int, longest: int) -> bool:
        """Has the author of what stands there written no more characters than that?"""
        if self._spot is None:
            return True
        start, end = self._spot.segments.around(at, self._length)
        return end - start <= longest or len(self._spot.folded.lower[start:end].strip()) <= longest

    @cached_property
    def shortest(self) -> int:
        """Characters of the shortest segment, signatures apart: what asks for less need not be looked for."""
        if self._spot is None:
            return 0
        every = self._spot.segments.all
        lower, ends = self._spot.folded.lower, (*self._spot.segments.starts[1:], self._length)
        told = (lower[s.start : end] for s, end in zip(every, ends, strict=True) if s.kind != SIGNATURE)
        return min((len(text.strip()) for text in told), default=0)

    def reaches(self, term: _Term, around: Span) -> bool:
        """Does a ledger hold what the condition asks for in there, headings included?"""
        if term.ids not in self._ledgers:
            self._ledgers[term.ids] = _Ledger(self._scorer, _of(self._text, term), _of(self._headings, term))
        start, end = (0, self._length) if term.condition.everywhere else around
        return self._ledgers[term.ids].reaches(term.condition.at_least, start, end)


def _of(standing: Mapping[str, list[Hit]], term: _Term) -> Iterator[tuple[str, Hit]]:
    return ((entry_id, hit) for entry_id in term.ids & standing.keys() for hit in standing[entry_id])


def _stands(spot: Spot, met: Sequence[Met], keep: Keep) -> dict[str, list[Hit]]:
    found = dict(kept(spot, keep))
    for one in met:
        if one.spot is spot:
            found[one.rule.id] = [Hit(start, end, start) for start, end in one.spans]
    return found


def join(
    terms: Sequence[Terms], scene: Scene, met: Sequence[Met], scorer: Scorer, keep: Keep
) -> tuple[list[Joined], list[str]]:
    """The combinations met in a scene, and the ids of those that lacked one condition."""
    ground = _Ground(scene, met, scorer, keep)
    joined: list[Joined] = []
    nearly: list[str] = []
    for one in terms if ground.present else ():
        lacking = 0
        for term in one.all:  # a loop, left at the second: most combinations lack most of their terms
            if term.ids.isdisjoint(ground.present):
                lacking += 1
                if lacking > 1:
                    break
        if lacking > 1 or lacking == len(one.all):
            continue
        where = _holds(one, ground, scene) if not lacking else None
        if where is None:
            nearly.append(one.combination.id)
        else:
            joined.append(Joined(one.combination, *where))
    return joined, nearly


def _holds(one: Terms, ground: _Ground, scene: Scene) -> tuple[Spot, Span] | None:
    """Where the rarest condition stands with all others near it; the headings are near everything."""
    within, longest = one.combination.within, one.combination.longest
    if longest is not None and ground.shortest > longest:
        return None
    if any(t.condition.everywhere and ground.reaches(t, (0, 0)) for t in one.none):
        return None  # the same wherever it is asked
    by_place = [(t, ground.spans(t)) for t in one.all]
    in_text = sorted((spans for _, spans in by_place if spans), key=len)
    candidates = sorted(in_text[0])[:_MOST_ANCHORS] if in_text else [(0, 0)]
    zones = [Zones(spans, within) for t, spans in by_place if t.condition.ledger is None and not ground.in_headings(t)]
    if any(t.condition.ledger is None and ground.in_headings(t) for t in one.none):
        return None
    forbidden = [Zones(ground.spans(t), within) for t in one.none if t.condition.ledger is None]
    wanted = [t for t in one.all if t.condition.ledger is not None]
    unwanted = [t for t in one.none if t.condition.ledger is not None and not t.condition.everywhere]
    for span in candidates:
        if not all(z.touch(*span) for z in zones) or any(z.touch(*span) for z in forbidden):
            continue
        if longest is not None and not ground.is_short(span[0], longest):
            continue
        around = ground.around(span, one.combination)
        if one.combination.passage and not all(_inside(spans, around) for t, spans in by_place if spans):
            continue
        if any(not ground.reaches(t, around) for t in wanted):
            continue
        if any(ground.reaches(t, around) for t in unwanted):
            continue
        spot = scene.spot if scene.spot is not None and in_text else (scene.headings or (scene.spot,))[0]
        assert spot is not None
        return spot, span
    return None


def _inside(spans: Iterable[Span], around: Span) -> bool:
    """Does one of them stand in there?"""
    return any(around[0] <= start and end <= around[1] for start, end in spans)
