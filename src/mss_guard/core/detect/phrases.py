"""Words and phrases in one pass over the words of a text: tens of thousands of them cost what their hits cost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import compress, count, pairwise
from typing import NamedTuple

from mss_guard.core.normalise import Folded, fold, fold_words
from mss_guard.core.rules.patterns import Pattern, Span

MOST_HITS = 1000  # of one phrase or pattern in one text: keeps hostile text linear
MOST_BETWEEN = 6  # characters between two words of a phrase: blanks, a line end, an apostrophe

_LETTER = re.compile(rb"[a-z0-9]")


class _Phrase(NamedTuple):
    number: int
    words: list[bytes]
    head: int  # index of the word it is found by
    starred: bool  # some of its words meet any ending


class _Longer:
    """The phrases of several words that are found by one of them, kept by the word behind it or before it."""

    __slots__ = ("after", "before", "loose")

    def __init__(self) -> None:
        self.after: dict[bytes, list[_Phrase]] = {}
        self.before: dict[bytes, list[_Phrase]] = {}
        self.loose: list[_Phrase] = []  # of the words around it only the beginning is known

    def add(self, phrase: _Phrase) -> None:
        words, head = phrase.words, phrase.head
        if head + 1 < len(words) and not words[head + 1].endswith(b"*"):
            self.after.setdefault(words[head + 1], []).append(phrase)
        elif head and not words[head - 1].endswith(b"*"):
            self.before.setdefault(words[head - 1], []).append(phrase)
        else:
            self.loose.append(phrase)

    def standing(self, words: list[bytes], heads: list[int]) -> Iterator[tuple[_Phrase, int]]:
        """Those that stand around one of `heads`, each with the index of its first word."""
        for neighbours, step in ((self.after, 1), (self.before, -1)):
            if neighbours:
                for at in heads:
                    if words[at + step] in neighbours:
                        for phrase in neighbours[words[at + step]]:
                            if _stands(phrase, words, at - phrase.head):
                                yield phrase, at - phrase.head
        for phrase in self.loose:
            for at in heads:
                if _stands(phrase, words, at - phrase.head):
                    yield phrase, at - phrase.head


class _Words:
    """The words of a text without the empty ones between them, and an empty one behind the last."""

    __slots__ = ("_ends", "_numbers", "all")

    def __init__(self, folded: Folded) -> None:
        self.all = [*filter(None, folded.words), b""]
        self._numbers = [*compress(count(), folded.words)]
        self._ends = folded.ends

    def spans(self, places: list[int]) -> list[Span]:
        numbers, ends, words = self._numbers, self._ends, self.all
        return [((end := ends[number := numbers[at]] + number) - len(words[at]), end) for at in places]

    def stretch(self, first: int, length: int) -> Span | None:
        """Where `length` words stand together; None when the gap between two of them is too wide."""
        numbers = self._numbers[first : first + length]
        # neighbours differ by one and the empty words between them
        if numbers[-1] - numbers[0] >= length - 1 + MOST_BETWEEN and any(
            b - a > MOST_BETWEEN for a, b in pairwise(numbers)
        ):
            return None
        start, end = numbers[0], numbers[-1]
        return self._ends[start] + start - len(self.all[first]), self._ends[end] + end


class PhraseIndex:
    """Folded phrases by number. Words meet whole words; a word that ends in `*` meets any ending."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.numbers: dict[str, int] = {}
        self._single: dict[bytes, int] = {}
        self._longer: dict[bytes, _Longer] = {}
        self._stems: dict[bytes, list[_Phrase]] = {}
        self._signs: list[tuple[bytes, Pattern, int]] = []
        for phrase in phrases:
            key = key_of(phrase)
            if key not in self.numbers:
                number = self.numbers[key] = len(self.numbers)
                self._add(key.encode("latin-1", "replace").split(), number)
        self._heads = frozenset((*self._single, *self._longer))
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        stems = b"|".join(re.escape(stem) for stem in sorted(self._stems))
        self._stemmed = Pattern(rb"(?:^|[^a-z0-9])(?:" + stems + rb")") if stems else None
        self._stem_starts = frozenset(stem[: self._stem_lengths[0]] for stem in self._stems)

    def _add(self, words: list[bytes], number: int) -> None:
        if not words or not all(_LETTER.match(word) for word in words):
            # a sign, such as the euro's, has no word to be found by
            sign = b" ".join(words)
            self._signs.append((sign, Pattern(re.escape(sign)), number))
            return
        # the longest word is the rarest, as a rule; one with its ending known is found faster
        head = max(range(len(words)), key=lambda i: (not words[i].endswith(b"*"), len(words[i])))
        phrase = _Phrase(number, words, head, any(word.endswith(b"*") for word in words))
        if words[head].endswith(b"*"):
            self._stems.setdefault(words[head].rstrip(b"*"), []).append(phrase)
        elif len(words) == 1:
            self._single[words[0]] = number
        else:
            self._longer.setdefault(words[head], _Longer()).add(phrase)

    def locate(self, folded: Folded) -> dict[int, list[Span]]:
        """Every phrase that stands in the text, with where it stands, in the order of the text."""
        found: dict[int, list[Span]] = {}
        stems = self._stems_in(folded)
        if stems or not self._heads.isdisjoint(folded.distinct):
            words = _Words(folded)
            for word, places in _places(words.all, self._heads).items():
                if word in self._single:
                    found[self._single[word]] = words.spans(places[:MOST_HITS])
                if word in self._longer:
                    _keep(found, words, self._longer[word].standing(words.all, places))
            if stems:
                found |= self._starting(words, stems)
        for sign, pattern, number in self._signs:
            if sign in folded.lower_bytes and (spans := pattern.spans(folded.lower_bytes, MOST_HITS)):
                found[number] = spans
        return found

    def _stems_in(self, folded: Folded) -> frozenset[bytes]:
        """The words of the text that begin with a stem."""
        if self._stemmed is None or not self._stemmed.found(folded.lower_bytes):
            return frozenset()
        least, starts = self._stem_lengths[0], self._stem_starts
        return frozenset(word for word in folded.distinct if word[:least] in starts)

    def _starting(self, words: _Words, stems: frozenset[bytes]) -> dict[int, list[Span]]:
        """The phrases that a stem leads to."""
        found: dict[int, list[Span]] = {}
        for word, places in _places(words.all, stems).items():
            for length in self._stem_lengths:
                for phrase in self._stems.get(word[:length], ()) if length <= len(word) else ():
                    if len(phrase.words) == 1:
                        found.setdefault(phrase.number, []).extend(words.spans(places))
                    else:
                        firsts = [at - phrase.head for at in places if _stands(phrase, words.all, at - phrase.head)]
                        _keep(found, words, ((phrase, first) for first in firsts))
        return {number: sorted(spans)[:MOST_HITS] for number, spans in found.items()}


def _places(words: list[bytes], wanted: frozenset[bytes]) -> dict[bytes, list[int]]:
    """The indexes of each wanted word, ascending."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for at in compress(count(), map(wanted.__contains__, words)):
        places[words[at]].append(at)
    return places


def _keep(found: dict[int, list[Span]], words: _Words, standing: Iterable[tuple[_Phrase, int]]) -> None:
    for phrase, first in standing:
        if (span := words.stretch(first, len(phrase.words))) is not None:
            spans = found.setdefault(phrase.number, [])
            if len(spans) < MOST_HITS:
                spans.append(span)


def _stands(phrase: _Phrase, words: list[bytes], first: int) -> bool:
    """Whether the words from `first` are those of the phrase."""
    if first < 0:
        return False
    here = words[first : first + len(phrase.words)]
    if not phrase.starred:
        return here == phrase.words
    return len(here) == len(phrase.words) and all(map(_is, here, phrase.words))


def _is(word: bytes, wanted: bytes) -> bool:
    return word == wanted or (wanted.endswith(b"*") and word.startswith(wanted[:-1]))


def key_of(phrase: str) -> str:
    """The form under which PhraseIndex.numbers knows a phrase."""
    if phrase.isascii() and phrase.isalnum() and phrase.islower():
        return phrase
    return fold_words(phrase) or " ".join(fold(phrase).lower.split())
