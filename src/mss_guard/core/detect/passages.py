"""Where one matter ends and the next begins: the items of a list and the paragraphs of a mail.

A minute of a meeting or a mail about orders may hold one line that tells of a resident; what stands beside that line is
about something else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from mss_guard.core.rules.patterns import Span

_WRAPPED = 55
"""Characters from which a line that ends without a full stop was broken by a client, not by its author."""
_LINE_END = re.compile(r"\n+")
_ITEM = re.compile(r"[> ]*(?:[-*+~]|[0-9]{1,2} ?[.)/:]|[a-z]\)|- ?\[)")


def cuts(text: str) -> tuple[int, ...]:
    """The start of each passage, ascending from 0, and behind them the end of the text."""
    starts = [0]
    line = 0
    for end in _LINE_END.finditer(text):
        blank = "\n" in end.group()[1:]
        before = text[line : end.start()].rstrip()
        line = end.end()
        if blank or len(before) < _WRAPPED or before.endswith((".", "!", "?", ":", ";")) or _ITEM.match(text, line):
            starts.append(line)
    return (*starts, len(text) + 1)


def passage(at: int, places: Sequence[int]) -> Span:
    """The passage that a position stands in."""
    i = bisect_right(places, at)
    return places[i - 1], places[i] - 1
