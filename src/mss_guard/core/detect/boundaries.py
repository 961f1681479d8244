"""Lines that open what somebody else wrote: "Message d'origine", "Message transféré", "Le … a écrit :", header blocks.

Each begins a line. An attribution may run over three lines of 200 characters, and to count characters RE2 builds so many
states that it read half a microsecond at each byte of every mail; so a cheap pattern looks for lines that may be one, and
what each is decides a pattern held against that place alone.
"""

from __future__ import annotations

from typing import NamedTuple

from mss_guard.core.rules.patterns import Pattern

REPLY, FORWARD, WROTE, HEADERS = "reply", "forward", "wrote", "headers"
"""What a boundary is; of two that may begin at one place the first named here goes before."""

_MOST = 400  # boundaries looked at in one text
_REACH = 1_200  # characters that an attribution or the dated line may have, marks included

_REPLIED = rb"-{2,} ?(?:message d'origine|message original|message initial|mail original|original message) ?-{2,}"
_FORWARDED = (
    rb"-{2,} ?(?:message transfere|mail transfere|courriel transfere|message reexpedie|forwarded message) ?-{2,}"
    rb"|(?:debut du message (?:transfere|reexpedie)|begin forwarded message) ?:"
)
_SAID = (
    rb"le [^\n]{0,60}?[0-9][^\n]{0,200}?(?:\n[^\n]{0,200}?){0,2}?\ba[ >\n]{1,8}ecrit[ >\n]{0,4}: *$"
    rb"|on [^\n]{0,60}?[0-9][^\n]{0,200}?(?:\n[^\n]{0,200}?){0,2}?\bwrote[ >\n]{0,4}: *$"
)
_DATED = rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9][^\n]{0,120}<[^\n>]{3,120}> ?:$"
_BLOCK = (
    rb"\*?(?:de|from|expediteur)\*? ?:[^\n]+\n(?:[^\n]*\n){0,2}"
    rb"[> ]*\*?(?:envoye|sent|date|a|to|destinataire)(?: le)?\*? ?:[^\n]*\n(?:[^\n]*\n){0,4}"
    rb"[> ]*\*?(?:objet|sujet|subject)\*? ?:[^\n]*"
)


def _at_line_start(pattern: bytes) -> Pattern:
    return Pattern(rb"(?m)^[> ]{0,8}(?:" + pattern + rb")")


_CANDIDATE = _at_line_start(
    rb"|".join((_REPLIED, _FORWARDED, rb"(?:le|on) [^\n]*[0-9]", rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]", _BLOCK))
)
_KINDS = (
    (REPLY, _at_line_start(_REPLIED)),
    (FORWARD, _at_line_start(_FORWARDED)),
    (WROTE, _at_line_start(_SAID)),
    (WROTE, _at_line_start(_DATED)),
    (HEADERS, _at_line_start(_BLOCK)),
)
_VERBS = (b"ecrit", b"wrote")  # without one in reach nothing is said to be written


class Boundary(NamedTuple):
    """From the beginning of its line to its end; `kind`: REPLY, FORWARD, WROTE or HEADERS."""

    start: int
    end: int
    kind: str


def boundaries(text: bytes) -> list[Boundary]:
    """In their order, none within another. `text`: folded, lower case."""
    found: list[Boundary] = []
    position = 0
    while len(found) < _MOST and (start := _CANDIDATE.first(text, position)) >= 0:
        boundary = _which(text, start)
        if boundary is not None:
            found.append(boundary)
            position = boundary.end
        elif (line_end := text.find(b"\n", start)) >= 0:
            position = line_end + 1
        else:
            break
    return found


def _which(text: bytes, start: int) -> Boundary | None:
    reach = min(start + _REACH, len(text))
    said = any(text.find(verb, start, reach) >= 0 for verb in _VERBS)
    for kind, pattern in _KINDS:
        if kind != WROTE:
            end = pattern.end_at(text, start, len(text))
        else:
            end = pattern.end_at(text, start, reach) if said or text[start:reach].find(b"<") >= 0 else -1
        if end >= 0:
            return Boundary(start, end, kind)
    return None
