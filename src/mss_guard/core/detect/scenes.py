"""Content in, scenes out: each text with its segments and matches, and the subject and names that speak for it too."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, pairwise

from mss_guard.core.detect.matcher import Hit, Matcher, Matches
from mss_guard.core.detect.segments import FORWARDED, OWN, Segment, Segments, split, whole
from mss_guard.core.model import Content, Text, Where
from mss_guard.core.normalise import Folded, fold

Keep = Callable[["Spot", int], bool]


class Pages:
    """Which page of a paged document a position of its folded text stands on; counted when somebody asks."""

    def __init__(self, text: Text) -> None:
        self._text = text

    @cached_property
    def _begin(self) -> list[int]:
        cuts = self._text.pages
        return [cuts[0], *accumulate(len(fold(self._text.text[a:b]).lower) for a, b in pairwise(cuts))]

    def at(self, position: int) -> int:
        """From 1; 0 where there are no pages, or behind the last."""
        if not self._text.pages:
            return 0
        page = bisect_right(self._begin, position)
        return page if page < len(self._begin) else 0


@dataclass(frozen=True, slots=True)
class Spot:
    """One text that was read, ready to be judged. `label` is its `place` when it has no segments of its own."""

    text: Text
    folded: Folded = field(repr=False)
    segments: Segments
    label: str
    matches: Matches = field(repr=False)
    pages: Pages = field(repr=False)

    def place(self, position: int) -> str:
        """own | quoted | forwarded | signature | subject | name | attachment n."""
        return self.segments.at(position).kind if self.text.where is Where.BODY else self.label

    @property
    def is_heading(self) -> bool:
        """Subjects and names are short and stand for all that follows them."""
        return self.text.where in (Where.SUBJECT, Where.NAME)


@dataclass(frozen=True, slots=True)
class Scene:
    """A text together with the headings of its message; `spot` is None when the message has headings only.

    `twins`: other parts of the message that say the same in the same lines, such as the HTML beside a plain text.
    """

    spot: Spot | None
    headings: tuple[Spot, ...]
    twins: tuple[Spot, ...] = ()


def everything(spot: Spot, position: int) -> bool:
    """The Keep that leaves nothing out."""
    return True


def without(content: Content, spots: Sequence[Spot], recipients: Sequence[str]) -> Keep | None:
    """A Keep that leaves out what people among the recipients wrote; None when there is nothing of theirs.

    Some clients write no address over a quotation: then the name must be that of a recipient in To or Cc, or made of
    the words of a recipient's address.
    """
    known = {r.lower() for r in recipients}
    names = [_name_words(name) for name, address in content.correspondents if address in known]
    names += [_name_words(address.partition("@")[0]) for address in known]
    telling = [words for words in names if len(words) > 1]

    def returns(segment: Segment) -> bool:
        if segment.kind != "quoted":
            return False
        named = frozenset(segment.author.split())
        return segment.author in known or ("@" not in segment.author and any(words <= named for words in telling))

    if not any(returns(s) for spot in spots for s in spot.segments.all):
        return None
    return lambda spot, position: not returns(spot.segments.at(position))


def _name_words(name: str) -> frozenset[str]:
    return frozenset(re.findall("[a-z]{2,}", fold(name).lower))


def spots(content: Content, matcher: Matcher) -> tuple[Spot, ...]:
    """Every text of the content, scanned."""
    subjects = {t.message: fold(t.text).lower for t in content.texts if t.where is Where.SUBJECT}
    numbers = attachment_numbers(content)
    found: list[Spot] = []
    bodies: dict[tuple[int, str], Spot] = {}
    for text in content.texts:
        folded = fold(_separated(text.text) if text.where is Where.NAME else text.text)
        if text.where is not Where.BODY:
            found.append(_spot(text, folded, "", numbers, matcher))
            continue
        said = (text.message, _lines(folded.cased))
        twin = bodies.get(said)
        if twin is None:
            twin = bodies[said] = _spot(text, folded, subjects.get(text.message, ""), numbers, matcher)
        found.append(replace(twin, text=text))
    return tuple(found)


def _lines(text: str) -> str:
    """By this, a plain text and the HTML alternative that says the same in the same lines are equal."""
    return "\n".join(stripped for line in text.split("\n") if (stripped := line.strip()))


def attachment_numbers(content: Content) -> dict[str, int]:
    """The n of "attachment n" by top-level part: parts of the outer message that are not its body, in their order."""
    bodies = {t.part for t in content.texts if t.where is Where.BODY and t.message == 0}
    numbers: dict[str, int] = {}
    for place in content.places:
        top = place.part.split("/")[0]
        if top not in bodies and not place.type.startswith("multipart/") and top not in numbers:
            numbers[top] = len(numbers) + 1
    return numbers


def scenes(all_spots: Sequence[Spot]) -> tuple[Scene, ...]:
    """Join texts with their headings. A body speaks with all names of its message, an attachment with its own."""
    same: dict[int, list[Spot]] = {}
    for spot in all_spots:
        if not spot.is_heading:
            same.setdefault(id(spot.matches), []).append(spot)
    found = [
        Scene(spot, tuple(h for h in all_spots if h.is_heading and _speaks_for(h, spot)), tuple(twins))
        for spot, *twins in same.values()
    ]
    with_body = {s.spot.text.message for s in found if s.spot is not None and s.spot.text.where is Where.BODY}
    bodiless = dict.fromkeys(s.text.message for s in all_spots if s.is_heading and s.text.message not in with_body)
    found += [Scene(None, tuple(s for s in all_spots if s.is_heading and s.text.message == m)) for m in bodiless]
    return tuple(found)


def _speaks_for(heading: Spot, spot: Spot) -> bool:
    if heading.text.message != spot.text.message:
        return False
    if heading.text.where is Where.SUBJECT or spot.text.where is Where.BODY:
        return True
    return spot.text.part == heading.text.part or spot.text.part.startswith(heading.text.part + "/")


def _spot(text: Text, folded: Folded, subject: str, numbers: dict[str, int], matcher: Matcher) -> Spot:
    if text.where is Where.BODY:
        segments = split(folded, subject)
        if text.message:
            segments = _all_forwarded(segments)
        folded = _unquoted(folded)
    else:
        segments = whole()
    return Spot(text, folded, segments, _label(text, numbers), matcher.scan(folded, text.where, segments), Pages(text))


def _separated(name: str) -> str:
    """Names join their words with what is no blank: CR_DUPONT_Jeanne.pdf."""
    return name.translate({ord("_"): " ", ord("+"): " "})


def _unquoted(folded: Folded) -> Folded:
    """The quote marks of "> " lines blanked, so that words and phrases run on over them."""
    if ">" not in folded.lower:
        return folded
    lines = [_blank_marks(line) for line in folded.cased.split("\n")]
    cased = "\n".join(lines)
    return Folded(folded.source, cased, cased.lower())


def _blank_marks(line: str) -> str:
    stripped = line.lstrip("> ")
    marks = len(line) - len(stripped)
    return " " * marks + stripped if ">" in line[:marks] else line


def _all_forwarded(segments: Segments) -> Segments:
    """A message inside the message is somebody else's text that the sender hands on."""
    changed = tuple(Segment(s.start, FORWARDED if s.kind == OWN else s.kind, s.author) for s in segments.all)
    return Segments(changed, segments.starts)


def _label(text: Text, numbers: dict[str, int]) -> str:
    if text.where is Where.SUBJECT:
        return "subject"
    if text.where is Where.NAME:
        return "name"
    if text.where is Where.ATTACHMENT:
        return f"attachment {numbers.get(text.part.split('/')[0], 1)}"
    return OWN


def kept(spot: Spot, keep: Keep) -> dict[str, list[Hit]]:
    """The evidence of a spot that `keep` lets count."""
    if keep is everything:
        return spot.matches.evidence
    found = {i: [h for h in hits if keep(spot, h.start)] for i, hits in spot.matches.evidence.items()}
    return {i: hits for i, hits in found.items() if hits}
