"""RE2 patterns over folded text: administrators' patterns never reach a backtracking engine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

import re2

from mss_guard.core.normalise import fold

Span = tuple[int, int]

_QUANTIFIERS = "?*+{"
_SET_MEMORY = 64 << 20
_compile: Any = re2.compile
_unanchored_set: Any = re2.Set.SearchSet
_UNANCHORED: Any = re2._Anchor.UNANCHORED
_ANCHORED: Any = re2._Anchor.ANCHOR_START


class Zones:
    """Where something stands, `margin` characters around included, to ask fast whether a span touches it."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[Span], margin: int) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start - margin <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end + margin)
            else:
                self._starts.append(start - margin)
                self._ends.append(end + margin)

    def touch(self, start: int, end: int) -> bool:
        last = bisect_right(self._starts, end) - 1
        return last >= 0 and self._ends[last] >= start


class Pattern:
    """One compiled pattern over Latin-1 bytes, in which an offset is a position of the folded text."""

    __slots__ = ("_match", "source")

    def __init__(self, pattern: bytes, *, case_sensitive: bool = True, captures: bool = False) -> None:
        """Raises ValueError, in French, for what RE2 refuses (look-around, back-references …)."""
        try:
            compiled = _compile(pattern, _options(case_sensitive=case_sensitive, captures=captures))
        except re2.error as error:
            detail = error.args[0] if error.args else ""
            shown = detail.decode("latin-1") if isinstance(detail, bytes) else str(detail)
            raise ValueError(f"motif RE2 refusé : {shown}") from None
        self.source = pattern
        # Straight to RE2: the match objects of its Python face cost five times the search.
        self._match: Any = compiled._regexp.Match

    def spans(self, text: bytes, limit: int) -> list[Span]:
        """The first `limit` matches, empty ones left out."""
        return [groups[0] for groups in self.groups(text, limit)]

    def groups(self, text: bytes, limit: int) -> list[list[Span]]:
        """The first `limit` matches with the spans of their groups (0 is the whole, (-1, -1) is absent)."""
        found: list[list[Span]] = []
        position, end = 0, len(text)
        while position <= end and len(found) < limit:
            spans: list[Span] = self._match(_UNANCHORED, text, position, end)
            start, stop = spans[0]
            if start < 0:
                break
            if stop > start:
                found.append(spans)
            position = stop if stop > position else position + 1
        return found

    def first(self, text: bytes, position: int = 0) -> int:
        """Where the first match from `position` on begins; -1 when there is none."""
        return int(self._match(_UNANCHORED, text, position, len(text))[0][0])

    def end_at(self, text: bytes, position: int, end: int) -> int:
        """Where the match that begins at `position` ends, looked for up to `end`; -1 when there is none."""
        return int(self._match(_ANCHORED, text, position, end)[0][1])

    def begins(self, text: bytes) -> bool:
        """Does the text begin with a match?"""
        return bool(self._match(_ANCHORED, text, 0, len(text))[0][0] >= 0)

    def found(self, text: bytes) -> bool:
        return bool(self._match(_UNANCHORED, text, 0, len(text))[0][0] >= 0)


class PatternSet:
    """Which of many patterns match, in one pass."""

    __slots__ = ("_count", "_set")

    def __init__(self, patterns: Sequence[bytes], *, case_sensitive: bool) -> None:
        options = _options(case_sensitive=case_sensitive)
        options.max_mem = _SET_MEMORY
        self._count = len(patterns)
        self._set: Any = _unanchored_set(options)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Add(b"")  # always matches: its absence tells that the set ran out of memory
        self._set.Compile()

    def matching(self, text: bytes) -> Sequence[int]:
        """Indexes of the patterns to locate: those that match, or all when the set cannot tell."""
        if not self._count:
            return ()
        found: list[int] = self._set.Match(text)
        if self._count not in found:
            return range(self._count)
        return sorted(i for i in found if i < self._count)


def compile_pattern(pattern: str, *, case_sensitive: bool = False) -> Pattern:
    """A pattern of a rule file, compiled. Raises ValueError, in French."""
    return Pattern(translate(pattern), case_sensitive=case_sensitive)


def translate(pattern: str) -> bytes:
    """The pattern as it meets folded text: its own accents folded, a blank outside a class standing for any blanks.

    A line may be wrapped anywhere, so that a literal blank must also match a line end.
    """
    out: list[str] = []
    class_start = -1
    escaped = False
    for i, character in enumerate(pattern):
        folded = character if character.isascii() else fold(character).cased
        if escaped or character == "\\":
            escaped = not escaped
        elif class_start >= 0:
            # a bracket right after the opening one (or its ^) is a literal
            if character == "]" and pattern[class_start + 1 : i] not in ("", "^"):
                class_start = -1
        elif character == "[":
            class_start = i
        elif character == " ":
            folded = r"\s" if pattern[i + 1 : i + 2] and pattern[i + 1] in _QUANTIFIERS else r"\s+"
        out.append(folded)
    return "".join(out).encode("latin-1", "replace")


def _options(*, case_sensitive: bool, captures: bool = False) -> re2.Options:
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.case_sensitive = case_sensitive
    chosen.never_capture = not captures
    chosen.log_errors = False
    return chosen
