"""Who wrote which stretch of a mail body: the sender, somebody quoted, somebody forwarded, or a signature block.

Known styles, French and English: Outlook (header block, "Message d'origine"), Gmail and Thunderbird ("Le … a écrit :"),
Zimbra ("Mail original"), iOS, Apple Mail, and "> ". What is not surely somebody else's is the sender's own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from mss_guard.core.detect.boundaries import FORWARD, REPLY, WROTE, Boundary, boundaries
from mss_guard.core.detect.footers import footers
from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern, Span

OWN, QUOTED, FORWARDED, SIGNATURE = "own", "quoted", "forwarded", "signature"


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` to the next segment's. `author`: the quoted author's address, lower case, or else the folded words of
    the name; "" when neither is written."""

    start: int
    kind: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Segments:
    """Sorted, covering the whole text."""

    all: tuple[Segment, ...]
    starts: tuple[int, ...]

    def at(self, position: int) -> Segment:
        return self.all[bisect_right(self.starts, position) - 1]

    def around(self, position: int, end: int) -> tuple[int, int]:
        """From where to where the segment of a position goes, in a text of `end` characters."""
        i = bisect_right(self.starts, position)
        return self.starts[i - 1], self.starts[i] if i < len(self.starts) else end


def whole(kind: str = OWN) -> Segments:
    """A text of one piece."""
    return Segments((Segment(0, kind),), (0,))


_MOST = 400  # signatures looked at in one text

_LINE = re.compile(rb"(?m)^((?: {0,2}>)*)(?=[> ]*[^> \n])")
_SOMETHING = re.compile(rb"[^ \r\n>]")
_SUBJECT_LINE = re.compile(r"\n[> ]*\*?(?:objet|sujet|subject)\*? ?:()")
_HEADER_NEAR = 200  # characters between "Forwarded message" and its header block
_FORWARDING = ("tr:", "tr :", "fw:", "fwd:", "fwd :", "wg:")
_REPLYING = ("re:", "re :", "rep:", "aw:", "sv:")
_NAMED = re.compile(
    r"^[> *]*(?:de|from|expediteur)\*? ?: ?\*?([^\n<\[(]{3,80})|[,0-9] ?([^,<\n0-9]{3,80}?)\s(?:a[\s>]{1,8}ecrit|wrote)[\s>]{0,4}:",
    re.MULTILINE,
)
_SAYS_WHO = re.compile(
    r"(?:le|on) [^<]{0,45}?[0-9]{1,2} ?[:h] ?[0-9]{2}(?::[0-9]{2})?(?: ?[ap]\.?m\.?)?(?: ?\(?(?:utc|gmt)[^ ,)]{0,8}\)?)?,? (.{0,300}?) ?"
    r"(?:a ecrit|wrote) ?:$"
)
_LONGEST_NAME = 6  # words
_ADDRESS = re.compile(r"[a-z0-9._%+'-]{1,64}@[a-z0-9.-]{1,190}")

_CLOSING = Pattern(
    rb"(?m)^[> ]{0,8}(?:-- ?|_{8,}|"
    rb"(?:(?:bien|tres) )?cordialement|cdt|cdlt|bien a (?:vous|toi)|amicalement|amities|respectueusement|sincerement"
    rb"|(?:bien )?confraternellement"
    rb"|(?:sinceres|respectueuses|meilleures|cordiales|mes) salutations[^\n]{0,40}|salutations[^\n]{0,40}"
    rb"|(?:je vous prie|veuillez|nous vous prions|recevez)[^\n]{0,120}(?:agreer|recevoir|croire|expression|salutations)"
    rb"[^\n]{0,160}"
    rb"|(?:(?:tres )?(?:bonne|belle|excellente) (?:fin de )?(?:journee|soiree|semaine|reception|continuation)"
    rb"|bon week-end|bonne reception)[^\n]{0,30}"
    rb"|(?:best|kind|warm) regards|regards|sincerely|(?:envoye|sent) (?:de|depuis|from) m[^\n]{0,50}"
    rb"|telecharge[rz]? outlook[^\n]{0,60}|get outlook for[^\n]{0,40})[ ,.!]*$"
)
_DISCLAIMER = Pattern(
    rb"[^\n]{0,200}(?:ce (?:message|courriel|mail|courrier electronique)[^\n]{0,60}"
    rb"(?:confidentiel|pieces? jointes?|a l'intention|destine exclusivement)|this (?:message|e-?mail)[^\n]{0,60}"
    rb"(?:confidential|attachment|intended)|si vous n'etes pas (?:le |l'un des )?destinataire"
    rb"|si vous avez recu ce (?:message|courriel|mail) par erreur|pensez a l'environnement|avant d'imprimer"
    rb"|n'imprimez ce|se desabonner|se desinscrire|me desinscrire|vous desinscrire|vous desabonner|unsubscribe"
    rb"|vous recevez ce(?:t|tte)? (?:message|courriel|mail|e-mail|newsletter|lettre))"
)
_DISCLAIMING = Pattern(
    rb"ce (?:message|cour|mail)|this (?:me|e?-?mail)|si vous n'|si vous avez recu ce|pensez a l'env|avant d'impr"
    rb"|n'imprimez ce|se des|me des|vous des|unsubscribe|vous recevez ce"
)
"""How a disclaimer's words begin: to count the characters before them RE2 builds states at each byte."""
_POSTSCRIPT = re.compile(r"[> ]*(?:ps\b|p\.? ?-?s\b|nb\b|n\.b|post-?scriptum|edit\b)", re.IGNORECASE)
_MOST_LINES = 14


def split(folded: Folded, subject: str = "") -> Segments:
    """Tell the segments of a mail body apart. `subject`: the folded lower-case subject of the same message."""
    marks = _with_signatures(folded, _inclusions(folded.lower_bytes, folded.lower, subject))
    return Segments(tuple(marks), tuple(m.start for m in marks))


@dataclass(frozen=True, slots=True)
class _Context:
    """Whose words lines with at least `level` quote marks are."""

    level: int
    kind: str
    author: str = ""


def _inclusions(text: bytes, lower: str, subject: str) -> list[Segment]:
    """What others wrote, by the header lines and quote marks before it.

    A header block opens what follows it with as many marks, to the end; an attribution only the deeper lines after it,
    if such lines follow. Where the marks become fewer again, who was speaking there goes on.
    """
    heads = boundaries(text)
    depths = _Depths(text)
    if not heads and depths.flat:
        return [Segment(0, OWN)]
    reader = _Reader(depths, lower, subject)
    for position, depth, head in sorted(
        [*((p, d, None) for p, d in depths.changes), *((head.start, 0, head) for head in heads)],
        key=lambda event: (event[0], event[2] is not None),
    ):
        if head is None:
            reader.mark(position, depth)
        else:
            reader.head(head)
    return reader.marks


class _Depths:
    """How many ">" stand before each line. Lines with nothing but marks and blanks change nothing."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.changes: list[tuple[int, int]] = []
        self.flat = not text.startswith((b">", b" >")) and b"\n>" not in text and b"\n >" not in text
        depth = 0
        for line in () if self.flat else _LINE.finditer(text):
            here = line[1].count(b">")
            if here != depth:
                depth = here
                self.changes.append((line.start(), depth))
        self._starts = [start for start, _ in self.changes]

    def at(self, position: int) -> int:
        i = bisect_right(self._starts, position) - 1
        return self.changes[i][1] if i >= 0 else 0

    def next(self, position: int) -> int:
        """Of the first line behind `position` that holds something."""
        following = _SOMETHING.search(self._text, position)
        return self.at(following.start()) if following else 0


class _Reader:
    """Goes through the depths and headers of one text in their order, and marks whose words come next."""

    def __init__(self, depths: _Depths, lower: str, subject: str) -> None:
        self.marks = [Segment(0, OWN)]
        self._depths, self._lower = depths, lower
        self._forwarded = subject.lstrip().startswith(_FORWARDING)
        self._replied = subject.lstrip().startswith(_REPLYING)
        self._contexts = [_Context(0, OWN)]
        self._coming = _Context(0, QUOTED)  # what the next deeper lines are
        self._forward_end = -_HEADER_NEAR  # where the last "Forwarded message" line ended

    def mark(self, position: int, depth: int) -> None:
        """Lines with another number of marks begin."""
        self._leave(depth)
        if self._contexts[-1].level < depth:
            self._contexts.append(_Context(depth, self._coming.kind, self._coming.author))
            self._coming = _Context(0, QUOTED)
        self._say(position)

    def head(self, head: Boundary) -> None:
        """A header block, an attribution, or a line that announces one."""
        start, end = head.start, head.end
        depth, author = self._depths.at(start), _author(self._lower[start:end])
        forwards, attributes = head.kind == FORWARD, head.kind == WROTE
        if forwards:
            self._forward_end = end
        kind = self._kind(start, attributes=attributes, announced=head.kind == REPLY, forwards=forwards)
        marked = (attributes or forwards) and self._depths.next(end) > depth
        if attributes and not _only_says_who(self._lower[start:end]):
            # a sentence of somebody's: the marks after it prove a quotation, it does not
            if marked:
                self._coming = _Context(0, kind, author)
            return
        if kind != OWN:
            # whom a header names is a correspondent, nobody the mail is about: a place of its own, as a signature's
            self.marks.append(Segment(start, SIGNATURE, author))
        if marked:
            self._coming = _Context(0, kind, author)
        elif kind != OWN:
            self._leave(depth)
            self._contexts.append(_Context(depth, kind, author))
        self._say(start if kind == OWN else self._subject(start, end))

    def _subject(self, start: int, end: int) -> int:
        """Where a header block's subject begins: that is the other's text; else where the header ends."""
        found = _SUBJECT_LINE.search(self._lower, start, end)
        return found.start(1) if found else end

    def _kind(self, start: int, *, attributes: bool, announced: bool, forwards: bool) -> str:
        """A header block alone proves nothing: under an answer's subject, or inside what others wrote, it does."""
        if forwards or start - self._forward_end < _HEADER_NEAR:
            return FORWARDED
        inside = self._contexts[-1].kind
        if attributes:
            return QUOTED
        if self._forwarded and inside == OWN:
            return FORWARDED
        return QUOTED if announced or self._replied or inside != OWN else OWN

    def _leave(self, depth: int) -> None:
        while self._contexts[-1].level > depth:
            self._contexts.pop()

    def _say(self, position: int) -> None:
        context = self._contexts[-1]
        self.marks.append(Segment(position, context.kind, context.author))


def _only_says_who(attribution: str) -> bool:
    """A date, a time and a name, and no more: "Le 3 mars à 10:30, Mme Durand a chuté, le Dr Petit a écrit :" tells."""
    said = " ".join(attribution.replace(">", " > ").split()).lstrip("> ")
    if said[:1].isdigit():
        return True  # "2025-03-04 09:12 Name <address>:"
    found = _SAYS_WHO.match(said.replace(" > ", " "))
    return found is not None and len(re.sub(r"<[^<>]*>?", " ", found[1]).split()) <= _LONGEST_NAME


def _author(header: str) -> str:
    """The address, or the words of the name where there is none."""
    first_line = (
        header.split("\n", 1)[0] if "\n" in header and "ecrit" not in header and "wrote" not in header else header
    )
    found = _ADDRESS.search(first_line) or _ADDRESS.search(header)
    if found:
        return found.group()
    named = _NAMED.search(header)
    return " ".join(re.findall("[a-z]+", next(g for g in named.groups() if g))) if named else ""


def _with_signatures(folded: Folded, marks: list[Segment]) -> list[Segment]:
    """Cut signature blocks and disclaimers out of every zone."""
    blocks = [(start, _signature_end(folded, end)) for start, end in _CLOSING.spans(folded.lower_bytes, _MOST)]
    blocks += [(start, _paragraph_end(folded.lower, end)) for start, end in _disclaimers(folded.lower_bytes)]
    edges = [m.start for m in marks] + [len(folded) + 1]
    blocks += [span for a, b in pairwise(edges) for span in footers(folded, a, min(b, len(folded)))]
    if not blocks:
        return marks
    cut = list(marks)
    reached = -1
    for start, end in sorted(blocks):
        if start < reached:
            continue
        zone = bisect_right(edges, start) - 1
        stop = min(end, edges[zone + 1])
        cut.append(Segment(start, SIGNATURE, marks[zone].author))
        if stop < edges[zone + 1]:
            cut.append(Segment(stop, marks[zone].kind, marks[zone].author))
        reached = stop
    last: dict[int, Segment] = {}
    for segment in sorted(cut, key=lambda m: m.start):
        last[segment.start] = segment
    return list(last.values())


def _disclaimers(text: bytes) -> list[Span]:
    """From the beginning of its line to the end of its words; each stands in one line."""
    found: list[Span] = []
    position = 0
    while len(found) < _MOST and (hint := _DISCLAIMING.first(text, position)) >= 0:
        start, line_end = text.rfind(b"\n", 0, hint) + 1, text.find(b"\n", hint)
        position = len(text) if line_end < 0 else line_end
        if (end := _DISCLAIMER.end_at(text, start, position)) >= 0:
            found.append((start, end))
    return found


def _signature_end(folded: Folded, position: int) -> int:
    """Where the block under a closing formula ends: at a postscript, a sentence, or too many lines."""
    for _ in range(_MOST_LINES):
        newline = folded.cased.find("\n", position)
        if newline < 0:
            return len(folded)
        start, position = newline + 1, newline + 1
        stop = folded.cased.find("\n", start)
        line = folded.cased[start : stop if stop >= 0 else len(folded)]
        if _POSTSCRIPT.match(line) or _is_sentence(line):
            return start
    return position


def _is_sentence(line: str) -> bool:
    words = re.findall(r"[A-Za-z]+", line[:400])
    mostly_lower = sum(w[0].islower() for w in words) > 0.6 * len(words)
    return (len(words) >= 5 and mostly_lower) or len(words) > 25


def _paragraph_end(lower: str, position: int) -> int:
    end = lower.find("\n\n", position)
    return len(lower) if end < 0 else end
