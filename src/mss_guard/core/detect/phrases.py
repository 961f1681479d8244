"""Words and phrases in one pass over the tokens: tens of thousands of them cost what their hits cost."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from mss_guard.core.normalise import Folded, fold, fold_words
from mss_guard.core.rules.patterns import Pattern, Span

MOST_HITS = 1000  # of one phrase or pattern in one text: keeps hostile text linear
MOST_BETWEEN = 6  # characters between two words of a phrase: blanks, a line end, an apostrophe

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_BLANKED = bytes(c if c in _WORD else 0x20 for c in range(256))


_Pair = tuple[bytes, bytes]


class _Phrase(NamedTuple):
    words: tuple[bytes, ...]
    head: int  # index of the word it is found by
    number: int
    needed: frozenset[bytes]  # its words that have no star
    pairs: frozenset[_Pair]  # its neighbouring words that have no star


class _Tokens(NamedTuple):
    """The words of a text. Each run of what is no letter or digit leaves empty ones, so that places can be counted."""

    words: list[bytes]
    ends: list[int]  # without the blank after each word

    def span(self, first: int, last: int) -> Span:
        return self.ends[first] - len(self.words[first]) + first, self.ends[last] + last

    def places(self, wanted: set[bytes]) -> dict[bytes, list[int]]:
        """Indexes of each wanted word, ascending."""
        found: dict[bytes, list[int]] = {word: [] for word in wanted}
        for i in [i for i, word in enumerate(self.words) if word in wanted]:
            found[self.words[i]].append(i)
        return found


class PhraseIndex:
    """Folded phrases by number. Words meet whole words; a word that ends in `*` meets any ending."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.numbers: dict[str, int] = {}
        self._pairs: dict[_Pair, list[_Phrase]] = {}
        self._heads: dict[bytes, list[_Phrase]] = {}
        self._stems: dict[bytes, list[_Phrase]] = {}
        self._signs: list[tuple[Pattern, int]] = []
        for phrase in phrases:
            key = key_of(phrase)
            if key not in self.numbers:
                number = self.numbers[key] = len(self.numbers)
                self._add(tuple(key.encode("latin-1", "replace").split()), number)
        self._head_words = frozenset(self._heads)
        self._known_pairs = frozenset(pair for phrases in self._pairs.values() for p in phrases for pair in p.pairs)

    def _add(self, words: tuple[bytes, ...], number: int) -> None:
        if not words or not all(w[0] in _WORD for w in words):
            # a sign, such as the euro's, has no word to be found by
            self._signs.append((Pattern(re.escape(b" ".join(words))), number))
            return
        # the longest word is the rarest, as a rule; one with its ending known is found faster
        head = max(range(len(words)), key=lambda i: (not words[i].endswith(b"*"), len(words[i])))
        needed = frozenset(w for w in words if not w.endswith(b"*"))
        pairs = frozenset(pair for pair in pairwise(words) if needed.issuperset(pair))
        phrase = _Phrase(words, head, number, needed, pairs)
        if pairs:
            self._pairs.setdefault(max(pairs, key=lambda pair: (words[head] in pair, pair)), []).append(phrase)
        elif words[head].endswith(b"*"):
            self._stems.setdefault(words[head].rstrip(b"*"), []).append(phrase)
        else:
            self._heads.setdefault(words[head], []).append(phrase)

    def locate(self, folded: Folded) -> dict[int, list[Span]]:
        """Every phrase that stands in the text, with where it stands, in the order of the text."""
        text = folded.lower_bytes
        words = text.translate(_BLANKED).split(b" ")
        sought = self._sought(words)
        found: dict[int, list[Span]] = {}
        if sought:
            tokens = _Tokens(words, list(accumulate(map(len, words))))
            places = tokens.places({head for heads, _ in sought for head in heads})
            for heads, phrases in sought:
                at = places[heads[0]] if len(heads) == 1 else sorted(i for head in heads for i in places[head])
                for phrase in phrases:
                    if spans := _spans(tokens, phrase, at):
                        found[phrase.number] = spans
        for sign, number in self._signs:
            if spans := sign.spans(text, MOST_HITS):
                found[number] = spans
        return found

    def _sought(self, words: list[bytes]) -> list[tuple[list[bytes], list[_Phrase]]]:
        """Phrases all of whose words are there, with the words of the text that may be their head."""
        distinct = set(words)
        sought = [
            ([word], possible)
            for word in distinct & self._head_words
            if (possible := [p for p in self._heads[word] if p.needed <= distinct])
        ]
        pairs = self._known_pairs.intersection(pairwise(filter(None, words)))
        for pair in pairs:
            sought += [
                ([p.words[p.head]], [p]) for p in self._pairs.get(pair, ()) if p.pairs <= pairs and p.needed <= distinct
            ]
        ordered = sorted(distinct) if self._stems else []
        for stem, phrases in self._stems.items():
            if heads := _starting_with(stem, ordered):
                sought.append((heads, phrases))
        return sought


def _spans(tokens: _Tokens, phrase: _Phrase, heads: list[int]) -> list[Span]:
    if len(phrase.words) == 1:
        return [tokens.span(i, i) for i in heads[:MOST_HITS]]
    around = (_stands_around(tokens.words, phrase, i) for i in heads)
    return [tokens.span(first, last) for first, last in islice((a for a in around if a is not _NOWHERE), MOST_HITS)]


_NOWHERE: Span = (-1, -1)


def _stands_around(words: list[bytes], phrase: _Phrase, at: int) -> Span:
    """The first and last index of a phrase whose head stands at `at`; _NOWHERE when the rest is not there."""
    first = last = at
    for wanted in reversed(phrase.words[: phrase.head]):
        if (first := _next_word(words, first, -1)) < 0 or not _is(words[first], wanted):
            return _NOWHERE
    for wanted in phrase.words[phrase.head + 1 :]:
        if (last := _next_word(words, last, 1)) < 0 or not _is(words[last], wanted):
            return _NOWHERE
    return first, last


def _next_word(words: list[bytes], at: int, step: int) -> int:
    for i in range(at + step, at + step * (MOST_BETWEEN + 1), step):
        if not 0 <= i < len(words):
            return -1
        if words[i]:
            return i
    return -1


def _is(word: bytes, wanted: bytes) -> bool:
    return word == wanted or (wanted.endswith(b"*") and word.startswith(wanted[:-1]))


def _starting_with(stem: bytes, ordered: list[bytes]) -> list[bytes]:
    i = start = bisect_left(ordered, stem)
    while i < len(ordered) and ordered[i].startswith(stem):
        i += 1
    return ordered[start:i]


def key_of(phrase: str) -> str:
    """The form under which PhraseIndex.numbers knows a phrase."""
    if phrase.isascii() and phrase.isalnum() and phrase.islower():
        return phrase
    return fold_words(phrase) or " ".join(fold(phrase).lower.split())
