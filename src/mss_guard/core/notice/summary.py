"""One letter for the refusals beyond a sender's hourly cap: how many, and their references. Nothing else is known of
them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mss_guard.core.model import Address
from mss_guard.core.notice import words
from mss_guard.core.notice.letter import addressed
from mss_guard.core.notice.stationery import Stationery

ONE = "Un autre message non transmis", "{count} autres messages non transmis"
WHAT = (
    "Dans l'heure écoulée, {count} autre de vos messages n'a pas été transmis, sans avis particulier.",
    "Dans l'heure écoulée, {count} autres de vos messages n'ont pas été transmis, sans avis particulier.",
)
WHICH, WHOM = "Références : {references}.", "Une question : {contact}."
URGENT = "Urgence : n'attendez pas une réponse par mail, téléphonez."
PLURALS: tuple[tuple[str, str], ...] = (ONE, WHAT)
MESSAGES: tuple[str, ...] = (WHICH, WHOM, URGENT)


def compose_summary(
    sender: Address, references: Sequence[str], count: int, paper: Stationery, *, message_id: str, now: datetime
) -> bytes:
    """The summary as it goes over the wire (CRLF). `references`: the first ones; `count`: all of them."""
    speech = paper.speech
    message = addressed(sender, paper.letterhead, speech.language, message_id=message_id, now=now)
    message["Subject"] = speech.plural(*ONE, count).format(count=count)
    unnamed = [""] * (count - len(references))
    which = speech.listed([*references, *unnamed], len(references))
    lines = [
        speech.plural(*WHAT, count).format(count=count),
        speech._(WHICH).format(references=which),
        speech._(WHOM).format(contact=words.clean(paper.letterhead.contact)),
        speech._(URGENT),
    ]
    message.set_content("\n\n".join(lines) + "\n", cte="quoted-printable")
    return message.as_bytes()
