"""One text in, every place where the words, patterns and detectors of the rules meet it out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from mss_guard.core.detect.acquaintance import Acquaintance
from mss_guard.core.detect.names import Words
from mss_guard.core.detect.persons import ANCHORS, DETECTORS
from mss_guard.core.detect.phrases import MOST_HITS, PhraseIndex, key_of
from mss_guard.core.detect.segments import SIGNATURE, Segments
from mss_guard.core.model import Where
from mss_guard.core.normalise import Folded
from mss_guard.core.people import People
from mss_guard.core.rules import EvidenceRule, Rule, Ruleset
from mss_guard.core.rules.patterns import PatternSet, Span, Zones, compile_pattern, translate

FIRST_NAMES = "words/prenoms.txt"
OF_LISTS = frozenset({"resident", "resident-surname", "staff"})
"""Detectors that need people lists."""
_NAMED = frozenset({"civility-name", "about-name", "capital-name", "first-name", "initials-room"})
_ALONE = frozenset({"civility-name", "about-name"})
"""Detectors whose finds may be a resident's surname alone."""


class Hit(NamedTuple):
    """One meeting. Two hits of one entry with the same value are the same thing said twice."""

    start: int
    end: int
    value: object


_hit = partial(tuple.__new__, Hit)
"""A Hit, at half of what its own constructor costs."""


@dataclass(slots=True)
class KeywordHits:
    """Where the phrases of one simple rule stand. `all` by phrase number."""

    any: list[Span] = field(default_factory=list)
    all: dict[int, list[Span]] = field(default_factory=dict)
    none: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Matches:
    """All that was met in one text, by entry id."""

    evidence: dict[str, list[Hit]] = field(default_factory=dict)
    keywords: dict[str, KeywordHits] = field(default_factory=dict)
    patterns: dict[str, list[Span]] = field(default_factory=dict)


class _Patterns:
    """The patterns of one reading (lower or cased), by the id that owns them.

    `also`: further patterns of which it is asked only whether they stand in a text, in the same pass.
    """

    def __init__(
        self, patterns: Sequence[tuple[str, str]], *, case_sensitive: bool, also: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        every = [*(translate(p) for _, p in patterns), *(p for _, p in also)]
        self._set = PatternSet(every, case_sensitive=case_sensitive)
        self._owners = [owner for owner, _ in (*patterns, *also)]
        self._compiled = [compile_pattern(p, case_sensitive=case_sensitive) for _, p in patterns]

    def locate(self, text: bytes) -> tuple[list[tuple[str, list[Span]]], set[str]]:
        """(owner, where its pattern stands), and the owners of the further patterns that stand somewhere."""
        found, met = [], set()
        for i in self._set.matching(text):
            if i >= len(self._compiled):
                met.add(self._owners[i])
            elif spans := self._compiled[i].spans(text, MOST_HITS):
                found.append((self._owners[i], spans))
        return found, met


class Matcher:
    """A Ruleset compiled. Immutable after its making; costs what the hits of a text cost."""

    def __init__(self, ruleset: Ruleset, lists: People | None = None) -> None:
        self.evidence = {i: e for i, e in ruleset.entries.items() if isinstance(e, EvidenceRule)}
        self.rules = {i: e for i, e in ruleset.entries.items() if isinstance(e, Rule)}
        self.needed = {
            i: len({key_of(p) for p in r.keywords.all}) for i, r in self.rules.items() if r.keywords is not None
        }
        self._covering = tuple(i for i, e in self.evidence.items() if e.covers)
        self._scoring = ruleset.scoring
        self._places = {w for e in self.evidence.values() for w in e.where} | {
            w for r in self.rules.values() for w in r.where
        }
        owned = [*_evidence_phrases(self.evidence, ruleset), *_rule_phrases(self.rules)]
        self._index = PhraseIndex(phrase for phrase, _, _ in owned)
        self._owners: dict[Where, dict[int, list[tuple[str, str]]]] = {where: {} for where in self._places}
        for phrase, owner, role in owned:
            for where in (self.evidence[owner] if owner in self.evidence else self.rules[owner]).where:
                number = self._index.numbers[key_of(phrase)]
                self._owners[where].setdefault(number, []).append((owner, role))
        lower = [(i, e.pattern) for i, e in self.evidence.items() if e.pattern is not None]
        lower += [(i, r.pattern) for i, r in self.rules.items() if r.pattern is not None]
        cased = [(i, e.cased) for i, e in self.evidence.items() if e.cased is not None]
        self._lower = _Patterns(lower, case_sensitive=False)
        self._detectors = [
            (i, DETECTORS[e.detector], e.detector not in ANCHORS)
            for i, e in self.evidence.items()
            if e.detector is not None and e.detector in DETECTORS
        ]
        anchors = [
            (i, pattern)
            for i, e in self.evidence.items()
            if e.detector is not None and e.detector in ANCHORS
            for pattern in ANCHORS[e.detector].of_cased
        ]
        self._cased = _Patterns(cased, case_sensitive=True, also=anchors)
        names = ruleset.words.get(FIRST_NAMES, ())
        self._words = Words(frozenset(key_of(n) if n.islower() else key_of(n.lower()) for n in names))
        self._of_lists = {e.detector: i for i, e in self.evidence.items() if e.detector is not None}
        self._acquaintance = Acquaintance(lists, self.first_names) if lists is not None else None

    @property
    def first_names(self) -> frozenset[str]:
        """The shipped first names, folded."""
        return self._words.first_names

    def knowing(self, lists: People) -> Matcher:
        """The same rules with other people lists."""
        other = copy(self)
        other._acquaintance = Acquaintance(lists, self.first_names)
        return other

    def scan(self, folded: Folded, where: Where, segments: Segments) -> Matches:
        """Everything met in the text, as far as each entry's `where` allows."""
        matches = Matches()
        if where not in self._places:
            return matches
        cancels: dict[str, list[Span]] = {}
        owners = self._owners[where]
        for number, spans in self._index.locate(folded).items():
            for owner, role in owners.get(number, ()):
                if role == "evidence":
                    hits = [_hit((start, end, number)) for start, end in spans]
                    matches.evidence.setdefault(owner, []).extend(hits)
                elif role == "cancel":
                    cancels.setdefault(owner, []).extend(spans)
                else:
                    _add_keyword(matches.keywords.setdefault(owner, KeywordHits()), role, number, spans)
        lower, _ = self._lower.locate(folded.lower_bytes)
        cased, anchored = self._cased.locate(folded.cased_bytes)
        for owner, spans in (*lower, *cased):
            if owner in self.evidence:
                hits = matches.evidence.setdefault(owner, [])
                hits += [Hit(s, e, b" ".join(folded.lower_bytes[s:e].split())) for s, e in spans]
            else:
                matches.patterns[owner] = spans
        for owner, detector, always in self._detectors:
            if (always or owner in anchored) and (found := list(detector(folded, self._words))):
                matches.evidence.setdefault(owner, []).extend(Hit(*one) for one in found)
        self._cover(matches)
        self._recognise(matches, folded, heading=where in (Where.SUBJECT, Where.NAME))
        self._keep_valid(matches, cancels, where, segments)
        return matches

    def _cover(self, matches: Matches) -> None:
        """Drop the WHAT that is only the name of a meeting, a unit, a training or a document: "protocole escarres"."""
        covering = [owner for owner in self._covering if owner in matches.evidence]
        if not covering:
            return
        zones = Zones([(h.start, h.end) for owner in covering for h in matches.evidence[owner]], 0)
        for owner in [i for i in matches.evidence if self.evidence[i].ledger == "what"]:
            if kept := [h for h in matches.evidence[owner] if not zones.touch(h.start, h.start + 1)]:
                matches.evidence[owner] = kept
            else:
                del matches.evidence[owner]

    def _recognise(self, matches: Matches, folded: Folded, *, heading: bool) -> None:
        """Persons of the lists: residents are added, and who is surely staff is no person concerned."""
        knows = self._acquaintance
        if knows is None:
            return
        known = knows.meet(folded, heading=heading)
        surnames, staff = list(known.surnames), list(known.staff)
        for owner in [i for i, e in self.evidence.items() if e.detector in _NAMED and i in matches.evidence]:
            kept: list[Hit] = []
            alone = self.evidence[owner].detector in _ALONE
            for hit in matches.evidence[owner]:
                span = hit.start, hit.end
                if knows.is_staff(folded, span, known):
                    staff.append(hit)
                    continue
                kept.append(hit)
                if alone and knows.is_resident(span, known):
                    surnames.append(hit)
            matches.evidence[owner] = kept
        for detector, met in (("resident", known.residents), ("resident-surname", surnames), ("staff", staff)):
            if met and detector in self._of_lists:
                matches.evidence[self._of_lists[detector]] = [Hit(*one) for one in met]

    def _keep_valid(self, matches: Matches, cancels: dict[str, list[Span]], where: Where, segments: Segments) -> None:
        """Drop what `where` forbids, what a `not` phrase cancels, and evidence in signatures but for identifiers."""
        for owner in list(matches.evidence):
            entry = self.evidence[owner]
            hits = matches.evidence[owner] if where in entry.where else []
            if owner in cancels:
                zones = Zones(cancels[owner], self._scoring.distances.cancel)
                hits = [h for h in hits if not zones.touch(h.start, h.end)]
            if len(segments.all) > 1 and entry.detector not in self._scoring.identifiers:
                hits = [h for h in hits if segments.at(h.start).kind != SIGNATURE]
            if hits:
                matches.evidence[owner] = hits
            else:
                del matches.evidence[owner]
        for rules in (matches.keywords, matches.patterns):
            for owner in list(rules):
                if where not in self.rules[owner].where:
                    del rules[owner]
        if len(segments.all) > 1:
            self._keep_apart(matches, segments)

    def _keep_apart(self, matches: Matches, segments: Segments) -> None:
        """Impersonal words weigh against what their own author tells: a polite answer does not excuse what it quotes."""

        def whose(hit: Hit) -> tuple[str, str]:
            segment = segments.at(hit.start)
            return segment.kind, segment.author

        told: set[tuple[str, str]] = set()
        named: set[tuple[str, str]] = set()
        for owner, hits in matches.evidence.items():
            entry = self.evidence[owner]
            if entry.ledger == "what":
                told |= {whose(h) for h in hits}
            elif entry.detector in self._scoring.identifiers:
                named |= {whose(h) for h in hits}
        if not told:
            return
        for owner in [i for i in matches.evidence if self.evidence[i].ledger == "impersonal"]:
            if hits := [h for h in matches.evidence[owner] if whose(h) in told | named]:
                matches.evidence[owner] = hits
            else:
                del matches.evidence[owner]


def any_within(sorted_positions: Sequence[int], start: int, end: int) -> bool:
    """Is one of the positions in [start, end]?"""
    i = bisect_left(sorted_positions, start)
    return i < len(sorted_positions) and sorted_positions[i] <= end


def _add_keyword(hits: KeywordHits, role: str, number: int, spans: list[Span]) -> None:
    if role == "any":
        hits.any.extend(spans)
    elif role == "all":
        hits.all[number] = spans
    else:
        hits.none.extend(spans)


def _evidence_phrases(entries: dict[str, EvidenceRule], ruleset: Ruleset) -> list[tuple[str, str, str]]:
    owned = []
    for entry_id, entry in entries.items():
        listed = ruleset.words[entry.words] if entry.words is not None else ()
        owned += [(w, entry_id, "evidence") for w in (*listed, *entry.phrases)]
        owned += [(w, entry_id, "cancel") for w in entry.cancel]
    return owned


def _rule_phrases(rules: dict[str, Rule]) -> list[tuple[str, str, str]]:
    return [
        (phrase, rule_id, role)
        for rule_id, rule in rules.items()
        if rule.keywords is not None
        for role in ("any", "all", "none")
        for phrase in getattr(rule.keywords, role)
    ]
