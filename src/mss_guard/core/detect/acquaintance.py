"""Who of the people lists is met in a text: residents surely, residents by surname alone, and staff.

Words that may be names (capitals, what follows a civility, known first names) are digested; only those the lists know
are looked for again, with their neighbours, rooms and dates. What leaves here is places and digests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mss_guard.core import people
from mss_guard.core.detect.working import at_work
from mss_guard.core.normalise import Folded
from mss_guard.core.people import Hasher, People, Role
from mss_guard.core.rules.patterns import Pattern, Span

Met = tuple[int, int, object]
FEW = 2_000
"""In a list of more residents than this, a surname or first name alone points to nobody."""

_MOST_WORDS, _MOST_PLACES = 5_000, 300
_NEAR, _NEAR_DATE = 30, 60  # characters between the two halves of a fact
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ONLY_LETTERS = bytes(c if c in _LETTERS else 0x20 for c in range(256))
_LAST_CAPITAL = ord("Z")
_COMMON = frozenset(
    b"a ai au aux avec bien bonjour bonne bonsoir ca ce ces cet cette chambre chere cher ci cordialement dans de des du"
    b" elle elles en est et il ils je la le les leur ma madame mademoiselle mais merci mes mme mlle mon monsieur mr ne"
    b" nos notre nous objet on ont ou par pas pour qu que qui resident residente sa sans se ses si son suite sur ta te"
    b" tout tres tu un une vos votre vous lundi mardi mercredi jeudi vendredi samedi dimanche".split()
)
_AFTER_CIVILITY = Pattern(
    rb"\b(?:mme|mlle|melle|madame|mademoiselle|monsieur|mr|m\.?|resident|residente)\.? {1,2}"
    rb"((?:(?:de la|de|du|d'|le|la|el|ben) ?)?[a-z]{2,}(?:[ '-][a-z]{2,})?)",
    captures=True,
)
_CIVILITY_BEFORE = re.compile(
    r"\b(?:mme|mlle|melle|madame|mademoiselle|monsieur|mr|m\.?)\.? {1,2}(?:(?:de la|de|du|d'|le|la|el|ben) ?)?(?:[a-z]+[ '-])?$"
)
_ROOM_WORD = rb"\b(?:ch(?:b|bre|ambre)?|app(?:t|artement)?|studio|logement|lit)\.?\s?(?:n\xb0\s?|no?\.?\s?)?"
_ROOM = Pattern(
    rb"(?:" + _ROOM_WORD + rb"0*([0-9]{1,4}(?: ?[a-z]\b)?)|\(0*([0-9]{1,4}[a-z]?)\)|\b0*([0-9]{1,4}[a-z]?) ?[:-] )",
    captures=True,
)
_NUMBER = re.compile(
    r"[ ,(]{1,3}0*([0-9]{1,4}[a-z]?)\b(?! ?(?:ans|mois|h|%|/|[.,:]?[0-9]|euros|\xa4|kg|janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec))"
)
_DATE = Pattern(rb"[0-9]{1,4}(?:er)?[/. -](?:[0-9]{1,2}|[a-z]{3,9}\.?)[/. -][0-9]{2,4}")
_INITIALS = re.compile(
    r"(?:\b(?:[Mm]me|[Mm]lle|[Mm]elle|[Mm]adame|[Mm]onsieur|[Mm]r|M|[Rr]esidente?)\.? ?([A-Z])\b"
    r"|\b([A-Z])\.? ?-?([A-Z])\b)"
)
_SENTENCE_START = re.compile(r"(?:^|[\n.!?:;>*-])[ >\"(-]*$")
_SENTENCE_RUNS_ON = re.compile(r"[,)]? [a-z]")
_DOES = re.compile(
    r" (?:a|est|ne|n'|se|s'|va|refuse|dort|mange|boit|vomit|tombe|chute|reste|pleure|crie|tousse|demande|semble|souffre"
    r"|presente|dit|doit|veut|peut|rentre|sort|part|revient)\b"
)
_NAME_BEHIND, _NAME_BEFORE = re.compile(r"[ -][A-Z]|['-]"), re.compile(r"([A-Z][A-Za-z]*)[ '-]$")
_OF_A_RESIDENT = re.compile(
    r"[ ,(]{0,3}(?:(?:ch(?:b|bre|ambre)?|app(?:t|artement)?|lit|studio|logement)\b\.? ?(?:n° ?)?[0-9]|nee? (?:le|en)\b|[0-9])"
)
_BESIDE_NAMES = frozenset(
    "mme mlle melle madame mademoiselle monsieur mr m chez pour concernant de des du d la le les l el al ben van von".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the lists where it stands."""

    start: int
    end: int
    text: str = field(repr=False)
    role: int
    digest: int


@dataclass(frozen=True, slots=True)
class _Detail:
    """A room or a date where it stands. `values`: its readings; `reach`, `reach_initials`: how near a name must be."""

    start: int
    end: int
    fact: Callable[[str, str], bytes]
    values: tuple[str, ...] = field(repr=False)
    reach: int = _NEAR
    reach_initials: int = 25

    def near(self, word: Word) -> bool:
        return self.start - word.end <= self.reach and word.start - self.end <= self.reach


@dataclass(frozen=True, slots=True)
class Known:
    """What the lists know in one text: residents surely, residents by surname alone, staff by both names."""

    residents: tuple[Met, ...] = ()
    surnames: tuple[Met, ...] = ()
    staff: tuple[Met, ...] = ()
    words: tuple[Word, ...] = field(default=(), repr=False)


NOBODY = Known()


class Acquaintance:
    """The lists, ready to be asked. `first_names`: the shipped ones, folded, by which a lower-case name is noticed."""

    def __init__(self, lists: People, first_names: frozenset[str]) -> None:
        self._lists = lists
        self._digest = Hasher(lists.key)
        self._first_names = frozenset(n.encode("latin-1", "replace") for n in first_names if n.isalpha())
        self._few = 0 < lists.residents <= FEW

    def meet(self, folded: Folded, *, heading: bool = False) -> Known:
        """Everything the lists know in this text. `heading`: a subject or file name, where a name alone is whom it is about."""
        words = self._words(folded)
        details = [*_rooms(folded), *_days(folded)] if self._lists.residents else []
        if not words and not details:
            return NOBODY
        residents, staff = self._pairs(words)
        residents += self._numbered(folded, words, details)
        residents += self._initials(folded, details)
        surnames = self._alone(folded, words, staff, heading=heading) if self._few else ()
        return Known(tuple(residents), tuple(surnames), tuple(staff), words)

    def is_staff(self, folded: Folded, span: Span, known: Known) -> bool:
        """Is the person named in `span` surely one of the staff, and no resident?

        By surname or first name alone only where there is a list of residents, not a long one, that knows no such name.
        """
        if overlaps(span, known.residents):
            return False
        if overlaps(span, known.staff):
            return True
        if not self._few or _OF_A_RESIDENT.match(folded.lower, span[1]):
            return False
        said = [w for w in re.findall("[a-z]+", folded.lower[slice(*span)]) if w not in _BESIDE_NAMES]
        if not said:
            return False
        role = self._lists.role(self._digest("".join(said).encode()))
        by_name = role & Role.STAFF_NAME and not role & Role.RESIDENT_NAME
        by_first = role & Role.STAFF_FIRST and not role & Role.RESIDENT_FIRST
        return bool(by_name or by_first)

    def is_resident(self, span: Span, known: Known) -> bool:
        """Does the name in `span` name a resident, as far as a surname alone can?"""
        inside = (w.role for w in known.words if span[0] <= w.start < span[1])
        staff = Role.STAFF_NAME | Role.STAFF_FIRST
        return self._few and any(r & Role.RESIDENT_NAME and not r & staff for r in inside)

    def _words(self, folded: Folded) -> tuple[Word, ...]:
        """The words of the text that stand in a list, in the order of the text."""
        found: list[Word] = []
        for word in _candidates(folded, self._first_names):
            digest = self._digest(word)
            if role := self._lists.role(digest):
                text = word.decode("ascii")
                found += (Word(start, start + len(text), text, role, digest) for start in _places(folded.lower, text))
        found.sort(key=lambda w: w.start)
        return tuple(found[:_MOST_PLACES])

    def _pairs(self, words: Sequence[Word]) -> tuple[list[Met], list[Met]]:
        """Surname and first name, in either order: residents, and staff who are no residents."""
        residents: list[Met] = []
        staff: list[Met] = []
        for one, other in _neighbours(words):
            for name, first in ((one, other), (other, one)):
                resident = name.role & Role.RESIDENT_NAME and first.role & Role.RESIDENT_FIRST
                works = name.role & (Role.STAFF_NAME | Role.STAFF_PART) and first.role & Role.STAFF_FIRST
                if not resident and not works:
                    continue
                digest = self._digest(people.pair(name.text, first.text))
                if resident and self._lists.is_resident(digest):
                    residents.append((one.start, other.end, digest))
                elif works and self._lists.is_staff(digest):
                    staff.append((one.start, other.end, digest))
        return residents, staff

    def _numbered(self, folded: Folded, words: Sequence[Word], details: Sequence[_Detail]) -> Iterator[Met]:
        """A surname or first name of a resident beside that resident's room or birth date."""
        for word in words:
            if not word.role & (Role.RESIDENT_NAME | Role.RESIDENT_FIRST):
                continue
            behind = _number_behind(folded, word) if word.role & Role.RESIDENT_NAME else ()
            for detail in (*(d for d in details if d.near(word)), *behind):
                yield from self._facts(detail, word.text, (word.start, word.end))

    def _initials(self, folded: Folded, details: Sequence[_Detail]) -> Iterator[Met]:
        """ "Mme D. (ch. 12)", "J.D. né le 12/03/1934": initials beside a resident's room or birth date."""
        for detail in details:
            low, high = max(0, detail.start - detail.reach_initials), detail.end + detail.reach_initials
            for met in _INITIALS.finditer(folded.cased, low, min(len(folded), high)) if detail.reach_initials else ():
                yield from self._facts(detail, (met[1] or met[2] + met[3]).lower(), met.span())

    def _facts(self, detail: _Detail, who: str, span: Span) -> Iterator[Met]:
        for value in detail.values:
            if self._lists.is_resident(digest := self._digest(detail.fact(who, value))):
                yield min(span[0], detail.start), max(span[1], detail.end), digest

    def _alone(self, folded: Folded, words: Sequence[Word], staff: Sequence[Met], *, heading: bool) -> Iterator[Met]:
        """A resident's surname behind a civility, however it is written, or alone with its capital in a sentence."""
        wanted = (Role.RESIDENT_NAME, Role.RESIDENT_FIRST) if heading else (Role.RESIDENT_NAME,)
        for word in words:
            if word.role not in wanted or overlaps((word.start, word.end), staff):
                continue
            civil = _CIVILITY_BEFORE.search(folded.lower, max(0, word.start - 24), word.start)
            if civil is not None:
                alone = not at_work(folded, civil.start(), word.end)
            elif heading:
                alone = folded.cased[word.start].isupper() and not at_work(folded, word.start, word.end)
            else:
                alone = len(word.text) > 3 and word.text.encode() not in self._first_names
                alone = alone and self._stands_alone(folded, word)
            if alone:
                yield word.start, word.end, word.digest

    def _stands_alone(self, folded: Folded, word: Word) -> bool:
        said, after = folded.cased[word.start : word.end], folded.cased[word.end : word.end + 12]
        before = folded.cased[max(0, word.start - 30) : word.start]
        if not said[0].isupper() or _NAME_BEHIND.match(after):
            return False
        if _SENTENCE_START.search(before):
            return bool((_SENTENCE_RUNS_ON if said.isupper() else _DOES).match(after))
        beside = _NAME_BEFORE.search(before)
        if beside is None:
            return True
        opens = _SENTENCE_START.search(before[: beside.start()])  # "Hier Garnier", not "Jean Garnier"
        return bool(opens) and beside[1].lower().encode() not in self._first_names


def _neighbours(words: Sequence[Word]) -> Iterator[tuple[Word, Word]]:
    for i, one in enumerate(words):
        for other in words[i + 1 : i + 5]:
            if 0 <= other.start - one.end <= _NEAR:
                yield one, other


def _candidates(folded: Folded, first_names: frozenset[bytes]) -> list[bytes]:
    """Distinct lower-case words that may be names, in the order of the text."""
    distinct = dict.fromkeys(folded.cased_bytes.translate(_ONLY_LETTERS).split())
    found = {w.lower(): None for w in distinct if w[0] <= _LAST_CAPITAL and len(w) > 1}
    lower = folded.lower_bytes
    for spans in _AFTER_CIVILITY.groups(lower, _MOST_PLACES):
        found |= dict.fromkeys(lower[slice(*spans[1])].translate(_ONLY_LETTERS).split())
    for name in first_names.intersection(distinct):
        for start in _places(folded.lower, name.decode("ascii")):
            around = lower[max(0, start - _NEAR) : start + len(name) + _NEAR]
            found |= dict.fromkeys(around.translate(_ONLY_LETTERS).split())
    return [w for w in found if len(w) > 1 and w not in _COMMON][:_MOST_WORDS]


def _places(lower: str, word: str) -> Iterator[int]:
    """Where the word stands with no letter on either side."""
    start = lower.find(word)
    for _ in range(_MOST_PLACES):
        if start < 0:
            return
        end = start + len(word)
        if not lower[start - 1 : start].isalpha() and not lower[end : end + 1].isalpha():
            yield start
        start = lower.find(word, end)


def _rooms(folded: Folded) -> Iterator[_Detail]:
    for spans in _ROOM.groups(folded.lower_bytes, _MOST_PLACES):
        start, end = next(s for s in spans[1:] if s[0] >= 0)
        number, _, letter = folded.lower[start:end].partition(" ")
        values = tuple(sorted({number, number + letter}))  # "12 a chuté" or "12 A"
        sure = spans[3][0] < 0  # "12 : …" opens many a line; it takes a name to be a room
        yield _Detail(spans[0][0], end, people.in_room, values, reach_initials=25 if sure else 0)


def _days(folded: Folded) -> Iterator[_Detail]:
    for low, high in _DATE.spans(folded.lower_bytes, _MOST_PLACES):
        for start, end, readings in people.dates(folded.lower[low:high]):
            yield _Detail(low + start, low + end, people.born, readings, _NEAR_DATE, 40)


def _number_behind(folded: Folded, word: Word) -> Iterator[_Detail]:
    """ "Durand 12": a bare number right behind a name, and no date, age, time or amount."""
    if (found := _NUMBER.match(folded.lower, word.end)) is not None:
        yield _Detail(word.end, found.end(), people.in_room, (found[1],))


def overlaps(span: Span, others: Sequence[Met]) -> bool:
    """Does a span share a character with one of these?"""
    return any(start < span[1] and span[0] < end for start, end, _ in others)
