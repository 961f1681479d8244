"""Notices before staff see them: one of them whole, or all of them measured. Invented occasions, this structure's words."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mss_guard.assembly import Loaded, in_language
from mss_guard.core import notice
from mss_guard.core.notice import readability, rehearsal
from mss_guard.core.notice.facts import BY_KIND
from mss_guard.core.notice.roads import Kind
from mss_guard.core.strict_yaml import Mistake, Mistakes

REASONS = rehearsal.TOPICS
KINDS = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which notice. `boxes`: as if the directory knew two; `language`: None for the structure's own."""

    reason: str = "health-data"
    kind: str = Kind.PROFESSIONAL.value
    boxes: bool = False
    language: str | None = None
    html: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One notice in numbers. `kind`: "" where it does not matter; `ease`: Kandel-Moles, for French."""

    reason: str
    kind: str
    boxes: bool
    words: int
    ease: int


def preview(loaded: Loaded, asked: Asked, now: datetime) -> str:
    """Subject and text (or HTML) of one notice. Raises Mistakes without a contact address or a catalogue."""
    message = _message(_paper(loaded, asked.language), asked.reason, Kind(asked.kind), now, boxes=asked.boxes)
    if asked.html:
        return _body(message, "html")
    return f"Subject: {message['Subject']}\n\n{_body(message, 'plain')}"


def measure(loaded: Loaded, language: str | None, now: datetime) -> Iterator[Measured]:
    """Every reason, for every kind where it matters, with and without boxes."""
    paper = _paper(loaded, language)
    for reason, kind in rehearsal.cases():
        for boxes in rehearsal.with_boxes(reason, kind):
            text = _body(_message(paper, reason, kind, now, boxes=boxes), "plain")
            shown = kind.value if reason in BY_KIND else ""
            yield Measured(reason, shown, boxes, readability.word_count(text), readability.kandel_moles(text))


def _paper(loaded: Loaded, language: str | None) -> notice.Stationery:
    paper = loaded.state.stationery
    if paper is None:
        words = "structure.contact.email manque : un avis dit à qui s'adresser, sans elle aucun n'est envoyé"
        raise Mistakes([Mistake("configuration", 1, 1, words)])
    return paper if language is None else in_language(loaded, paper, language)


def _message(
    paper: notice.Stationery, reason: str, kind: Kind, now: datetime, *, boxes: bool
) -> email.message.EmailMessage:
    occasion = rehearsal.occasion(reason, kind, paper.letterhead, now, suggested=boxes)
    raw = notice.compose_notice(occasion, paper, message_id="<apercu@mss-guard.invalid>", now=now)
    return email.message_from_bytes(raw, policy=email.policy.default)


def _body(message: email.message.EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""
