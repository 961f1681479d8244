"""Who wrote which stretch of a mail body: the sender, somebody quoted, somebody forwarded, or a signature block.

Known styles, French and English: Outlook (header block, "Message d'origine"), Gmail and Thunderbird ("Le … a écrit :"),
Zimbra ("Mail original"), iOS, Apple Mail, and "> ". What is not surely somebody else's is the sender's own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern

OWN, QUOTED, FORWARDED, SIGNATURE = "own", "quoted", "forwarded", "signature"


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` to the next segment's. `author`: the quoted author's address, lower case, "" when not written."""

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


def whole(kind: str = OWN) -> Segments:
    """A text of one piece."""
    return Segments((Segment(0, kind),), (0,))


_MOST = 400  # boundaries looked at in one text

_REPLY = rb"-{2,} ?(?:message d'origine|message original|message initial|mail original|original message) ?-{2,}"
_FORWARD = (
    rb"-{2,} ?(?:message transfere|mail transfere|courriel transfere|message reexpedie|forwarded message) ?-{2,}"
    rb"|(?:debut du message (?:transfere|reexpedie)|begin forwarded message) ?:"
)
_WROTE = (
    rb"le [^\n]{0,60}[0-9][^\n]{0,200}(?:\n[^\n]+){0,2}a ecrit ?:"
    rb"|on [^\n]{0,60}[0-9][^\n]{0,200}(?:\n[^\n]+){0,2}wrote ?:"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9][^\n]{0,120}<[^\n>]{3,120}> ?:$"
)
_HEADERS = (
    rb"\*?(?:de|from|expediteur)\*? ?:[^\n]+\n(?:[^\n]*\n){0,2}"
    rb"[> ]*\*?(?:envoye|sent|date|a|to|destinataire)(?: le)?\*? ?:[^\n]*\n(?:[^\n]*\n){0,4}"
    rb"[> ]*\*?(?:objet|sujet|subject)\*? ?:[^\n]*"
)
_BOUNDARY = Pattern(
    rb"(?m)^[> ]{0,8}(?:(" + _REPLY + rb")|(" + _FORWARD + rb")|(" + _WROTE + rb")|(" + _HEADERS + rb"))",
    captures=True,
)
_QUOTE_BLOCK = Pattern(rb"(?m)(?:^ {0,2}>[^\n]*(?:\n|\z))+")
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
    rb"(?m)^[^\n]{0,200}(?:ce (?:message|courriel|mail|courrier electronique)[^\n]{0,60}"
    rb"(?:confidentiel|pieces? jointes?|a l'intention|destine exclusivement)|this (?:message|e-?mail)[^\n]{0,60}"
    rb"(?:confidential|attachment|intended)|si vous n'etes pas (?:le |l'un des )?destinataire"
    rb"|si vous avez recu ce (?:message|courriel|mail) par erreur|pensez a l'environnement|avant d'imprimer"
    rb"|n'imprimez ce|se desabonner|se desinscrire|me desinscrire|vous desinscrire|vous desabonner|unsubscribe"
    rb"|vous recevez ce(?:t|tte)? (?:message|courriel|mail|e-mail|newsletter|lettre))"
)
_POSTSCRIPT = re.compile(r"[> ]*(?:ps\b|p\.? ?-?s\b|nb\b|n\.b|post-?scriptum|edit\b)", re.IGNORECASE)
_MOST_LINES = 14


def split(folded: Folded, subject: str = "") -> Segments:
    """Tell the segments of a mail body apart. `subject`: the folded lower-case subject of the same message."""
    text = folded.lower_bytes
    marks = _inclusions(text, folded.lower, subject)
    marks = _with_quote_blocks(text, marks)
    marks = _with_signatures(folded, marks)
    return Segments(tuple(marks), tuple(m.start for m in marks))


def _inclusions(text: bytes, lower: str, subject: str) -> list[Segment]:
    """Zones that a header line opens, each up to the next one or the end."""
    forwarded_whole = subject.lstrip().startswith(("tr:", "tr :", "fw:", "fwd:", "fwd :", "wg:"))
    replied = subject.lstrip().startswith(("re:", "re :", "rep:", "aw:", "sv:"))
    marks = [Segment(0, OWN)]
    for spans in _BOUNDARY.groups(text, _MOST):
        start, end = spans[0]
        if spans[2][0] >= 0:
            kind = FORWARDED
        elif spans[1][0] >= 0 or spans[4][0] >= 0:
            known = spans[1][0] >= 0 or replied or marks[-1].kind in (QUOTED, FORWARDED)
            kind = FORWARDED if forwarded_whole else (QUOTED if known else OWN)
            if marks[-1].kind == FORWARDED and start - marks[-1].start < 200:
                kind = FORWARDED  # the header block under "Message transféré"
        else:
            kind = QUOTED
            if _next_line_quotes(text, end):
                marks.append(Segment(start, QUOTED, _author(lower[start:end])))
                marks.append(Segment(end, OWN))  # only the "> " lines that follow are somebody else's
                continue
        marks.append(Segment(start, kind, _author(lower[start:end])))
    return marks


def _author(header: str) -> str:
    first_line = (
        header.split("\n", 1)[0] if "\n" in header and "ecrit" not in header and "wrote" not in header else header
    )
    found = _ADDRESS.search(first_line) or _ADDRESS.search(header)
    return found.group() if found else ""


def _next_line_quotes(text: bytes, end: int) -> bool:
    return text[end : end + 200].lstrip().startswith(b">")


def _with_quote_blocks(text: bytes, marks: list[Segment]) -> list[Segment]:
    if not text.startswith((b">", b" >")) and b"\n>" not in text and b"\n >" not in text:
        return marks
    for start, end in _QUOTE_BLOCK.spans(text, _MOST):
        before = [m for m in marks if m.start < start] or [Segment(0, OWN)]
        if before[-1].kind != OWN:
            continue
        within = [m for m in marks if start <= m.start < end]
        header = before[-2:-1] if start - before[-1].start < 200 else []
        author = next((m.author for m in (*within, *header) if m.author), "")
        after = [m for m in marks if m.start >= end]
        resume = [] if after and after[0].start == end else [Segment(end, OWN)]
        marks = [*before, Segment(start, QUOTED, author), *resume, *after]
    return marks


def _with_signatures(folded: Folded, marks: list[Segment]) -> list[Segment]:
    """Cut signature blocks and disclaimers out of every zone."""
    blocks = [(start, _signature_end(folded, end)) for start, end in _CLOSING.spans(folded.lower_bytes, _MOST)]
    blocks += [
        (start, _paragraph_end(folded.lower, end)) for start, end in _DISCLAIMER.spans(folded.lower_bytes, _MOST)
    ]
    if not blocks:
        return marks
    edges = [m.start for m in marks] + [len(folded) + 1]
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
