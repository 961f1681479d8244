"""Those who write and are written to: their own names in a mail are a greeting or a signature, not whom it is about."""

from __future__ import annotations

import re
from dataclasses import replace

from mss_guard.core.detect.matcher import Hit, Matcher, Matches
from mss_guard.core.model import Content
from mss_guard.core.normalise import fold

Writers = tuple[frozenset[str], ...]
"""One set of folded words a correspondent: of the display name, and of the address before its @."""

_DETECTORS = frozenset({"first-name", "full-name"})
_WORD = re.compile("[a-z]{2,}")


def writers(content: Content) -> Writers:
    """Of the outer From, To and Cc."""
    people = [("", content.author), *content.correspondents]
    found = (frozenset(_WORD.findall(fold(f"{name} {address.partition('@')[0]}").lower)) for name, address in people)
    return tuple(words for words in found if words)


def without_writers(matches: Matches, matcher: Matcher, known: Writers) -> Matches:
    """The matches less the first and full names that are a correspondent's own."""
    weak = [i for i in matches.evidence if matcher.evidence[i].detector in _DETECTORS]
    if not weak or not known:
        return matches
    evidence = dict(matches.evidence)
    for entry_id in weak:
        kept = [hit for hit in evidence[entry_id] if not _is_writer(hit, known)]
        if kept:
            evidence[entry_id] = kept
        else:
            del evidence[entry_id]
    return replace(matches, evidence=evidence)


def _is_writer(hit: Hit, known: Writers) -> bool:
    words = _WORD.findall(str(hit.value))
    return bool(words) and any(all(word in names for word in words) for names in known)
