"""Whose words the product takes each paragraph of a thread for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mss_guard.core import formats, mime
from mss_guard.core.detect.matcher import Matcher
from mss_guard.core.detect.scenes import Spot, spots
from mss_guard.core.model import Where
from mss_guard.core.normalise import fold
from tests.mail.threads import Said, Thread

ELSE = frozenset({"quoted", "forwarded"})


@dataclass(frozen=True)
class Placed:
    """A paragraph in one part of a thread's message, and what places its words were given."""

    thread: Thread
    part: str
    said: Said
    got: frozenset[str]

    @property
    def right(self) -> bool:
        """Every word in its place. What is quoted within a forwarded message may be called either."""
        if self.said.place in ELSE and self.thread.kind == "forward":
            return bool(self.got) and self.got <= ELSE
        return self.got == {self.said.place}

    @property
    def harmful(self) -> bool:
        """The sender's own words taken for somebody else's: they would not count."""
        return self.said.place == "own" and self.got != {"own"}


def placed(thread: Thread, matcher: Matcher) -> Iterator[Placed]:
    """Every paragraph in every body of the message."""
    content = formats.read(mime.parse(thread.raw))
    for spot in spots(content, matcher):
        if spot.text.where is Where.BODY:
            yield from (Placed(thread, spot.text.part, said, _places(spot, said, thread)) for said in _once(thread))


def _once(thread: Thread) -> Iterator[Said]:
    """Paragraphs that stand once; a signature line said by the same person twice has no place of its own."""
    texts = [said.text for said in thread.said]
    return (said for said in thread.said if texts.count(said.text) == 1)


def _places(spot: Spot, said: Said, thread: Thread) -> frozenset[str]:
    """The places of the paragraph's words, found in their order whatever the line ends and marks between them."""
    words = [re.escape(w) for w in fold(said.text).lower.split()]
    found = re.search(r"[\s>]+".join(words), spot.folded.lower)
    if found is None:
        return frozenset({"missing"})
    return frozenset(
        spot.place(at.start() + found.start()) for at in re.finditer(r"\S+", found.group().replace(">", " "))
    )
