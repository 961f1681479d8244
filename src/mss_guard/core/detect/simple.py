"""The simple rules: keywords or a pattern, an attachment, a format. Every key a rule gives must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mss_guard.core.detect.attachments import suiting
from mss_guard.core.detect.matcher import Hit, KeywordHits, Matcher, any_within
from mss_guard.core.detect.scenes import Keep, Spot
from mss_guard.core.model import Category, Content, Where
from mss_guard.core.rules import OF_EMPLOYEES, Rule, Scoring
from mss_guard.core.rules.patterns import Span, Zones


@dataclass(frozen=True, slots=True)
class Met:
    """A simple rule met: in a text (`spot` and spans), or at a part with no text of its own."""

    rule: Rule
    spot: Spot | None
    spans: tuple[Span, ...]
    part: str
    count: int


@dataclass(frozen=True, slots=True)
class Persons:
    """Where a person stands in each text (by its number among the spots), sorted."""

    starts: Mapping[int, Sequence[int]]
    spots: Sequence[Spot]
    staff: Mapping[int, Sequence[int]]

    def near(self, number: int, span: Span, distance: int, category: Category) -> bool:
        """A person within `distance`; a heading and what it stands for are near each other. Staff: only of employees."""
        low, high = span[0] - distance, span[1] + distance
        if any_within(self.starts.get(number, ()), low, high):
            return True
        if category in OF_EMPLOYEES and any_within(self.staff.get(number, ()), low, high):
            return True
        spot = self.spots[number]
        return any(
            self.starts.get(i)
            for i, other in enumerate(self.spots)
            if i != number and other.text.message == spot.text.message and _stands_for(spot, other)
        )


def _stands_for(spot: Spot, other: Spot) -> bool:
    if other.text.where is Where.SUBJECT:
        return True
    same_part = spot.text.part.split("/")[0] == other.text.part.split("/")[0]
    if other.is_heading:
        return same_part or spot.text.where in (Where.BODY, Where.SUBJECT)
    return spot.is_heading and (same_part or other.text.where is Where.BODY)


def persons(spots: Sequence[Spot], matcher: Matcher, keep: Keep) -> Persons:
    """The evidence that says who somebody is."""
    starts: dict[int, list[int]] = {}
    staff: dict[int, list[int]] = {}
    for number, spot in enumerate(spots):
        for entry_id, hits in spot.matches.evidence.items():
            entry = matcher.evidence[entry_id]
            if entry.ledger == "who" and entry.identity:
                found = (staff if entry.category in OF_EMPLOYEES else starts).setdefault(number, [])
                found += (hit.start for hit in hits if keep(spot, hit.start))
    for of in (*starts.values(), *staff.values()):
        of.sort()
    return Persons(starts, spots, staff)


def meet(
    content: Content, spots: Sequence[Spot], matcher: Matcher, scoring: Scoring, keep: Keep
) -> tuple[list[Met], list[str]]:
    """All simple rules that are met, and the ids of those that only lacked a person."""
    people = persons(spots, matcher, keep)
    touched = _touched(spots)
    met: list[Met] = []
    nearly: list[str] = []
    for rule_id, rule in matcher.rules.items():
        of_text = rule.keywords is not None or rule.pattern is not None
        if of_text and rule_id not in touched:
            continue
        places = suiting(rule.attachment, content.places) if rule.attachment is not None else []
        if rule.attachment is not None and not places:
            continue
        if rule.format:
            met += [Met(rule, None, (), m.part, 1) for m in content.markers if m.format in rule.format]
        elif not of_text:
            met += [Met(rule, None, (), place.part, 1) for place in places]
        else:
            found, close = _in_texts(rule, touched[rule_id], spots, people, matcher, scoring, keep)
            met += found
            nearly += [rule_id] if close and not found else []
    return met, nearly


def _touched(spots: Sequence[Spot]) -> dict[str, list[int]]:
    """By rule, the numbers of the texts in which some phrase or the pattern of it stands."""
    touched: dict[str, list[int]] = {}
    for number, spot in enumerate(spots):
        for rule_id in (*spot.matches.keywords, *spot.matches.patterns):
            touched.setdefault(rule_id, []).append(number)
    return touched


def _in_texts(
    rule: Rule,
    numbers: Sequence[int],
    spots: Sequence[Spot],
    people: Persons,
    matcher: Matcher,
    scoring: Scoring,
    keep: Keep,
) -> tuple[list[Met], bool]:
    met = []
    close = False
    for number in numbers:
        spot = spots[number]
        if rule.keywords is None:
            spans = [s for s in spot.matches.patterns[rule.id] if keep(spot, s[0])]
        else:
            spans = list(_keyword_spans(rule, matcher.needed[rule.id], spots, spot, scoring, keep))
            if spans and rule.keywords.near_person:
                close = True
                reach = rule.keywords.within or scoring.distances.person
                spans = [s for s in spans if people.near(number, s, reach, rule.category)]
                spans = _of_somebody(spot, spans, matcher, scoring)
        if spans:
            met.append(Met(rule, spot, tuple(spans), spot.text.part, len(spans)))
    return met, close


def _of_somebody(spot: Spot, spans: Sequence[Span], matcher: Matcher, scoring: Scoring) -> list[Span]:
    """Those around which, and in whose text, not too much is said of people in general. Identifiers are never outweighed."""
    general = [
        (entry_id, hit)
        for entry_id, hits in spot.matches.evidence.items()
        if matcher.evidence[entry_id].ledger == "impersonal"
        for hit in hits
    ]
    named = any(matcher.evidence[i].detector in scoring.identifiers for i in spot.matches.evidence)
    if named or not spans or not general:
        return list(spans)
    if _weight(general, matcher) >= scoring.guard.whole:
        return []
    reach = scoring.distances.person
    return [
        (start, end)
        for start, end in spans
        if _weight([g for g in general if start - reach <= g[1].start <= end + reach], matcher) < scoring.guard.near
    ]


def _weight(hits: Sequence[tuple[str, Hit]], matcher: Matcher) -> float:
    """Each thing once, as far as its entry's cap goes."""
    counts = Counter(entry_id for entry_id, _ in {(i, hit.value) for i, hit in hits})
    return sum(matcher.evidence[i].weight * min(n, matcher.evidence[i].cap) for i, n in counts.items())


def _keyword_spans(
    rule: Rule, needed: int, spots: Sequence[Spot], spot: Spot, scoring: Scoring, keep: Keep
) -> Iterator[Span]:
    """`needed`: how many different phrases `all` asks for."""
    keywords, hits = rule.keywords, spot.matches.keywords[rule.id]
    assert keywords is not None
    if keywords.any and not hits.any:
        return
    missing = needed - len(hits.all)
    if missing and missing > _said_in_headings(rule.id, hits, spots, spot):
        return
    forbidden = Zones(hits.none, scoring.distances.none)

    def valid(span: Span) -> bool:
        return keep(spot, span[0]) and not forbidden.touch(*span)

    every = [[s for s in spans if valid(s)] for spans in hits.all.values()]
    if not all(every):
        return
    anchors = [s for s in hits.any if valid(s)] if keywords.any else (every[0] if every else [])
    around = [Zones(spans, keywords.within) for spans in every] if keywords.within is not None else []
    for anchor in sorted(anchors):
        if all(zones.touch(*anchor) for zones in around):
            yield anchor


def _said_in_headings(rule_id: str, hits: KeywordHits, spots: Sequence[Spot], spot: Spot) -> int:
    """How many of the `all` phrases that this text lacks stand in the subject or a name of the same message."""
    said: set[int] = set()
    for other in spots:
        if other is not spot and other.is_heading and other.text.message == spot.text.message:
            theirs = other.matches.keywords.get(rule_id)
            said |= set(theirs.all) - set(hits.all) if theirs is not None else set()
    return len(said)
