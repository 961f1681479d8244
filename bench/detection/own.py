"""The project's own labelled mails, tests/mail: half to tune on (`reglage`), the rest measured only."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.utils import getaddresses

from tests import mail as labelled

from bench.detection.cases import Case

# set: (measure of the positives, measure of the negatives)
MEASURES = {
    "courts": ("short mails", "hard negatives"),
    "lettres": ("letters", "hard negatives"),
    "formulaires": ("forms", "hard negatives"),
    "ordinaire": ("short mails", "ordinary"),
    "voisins": ("short mails", "hard negatives"),
    "gris": ("short mails", "ordinary"),
    "semaine": ("lived weeks", "lived weeks"),
}


def cases() -> Iterator[Case]:
    """Every labelled mail, with the addresses it is sent to."""
    for one in labelled.mails():
        positive, negative = MEASURES.get(one.set, ("short mails", "ordinary"))
        yield Case(
            id=one.id,
            source=f"{one.file.removesuffix('.yaml')}",
            measure=negative if one.health == "no" else positive,
            truth=one.health,  # type: ignore[arg-type]
            raw=one.raw,
            category=one.category,
            recipients=_recipients(one.raw),
            why=one.why,
        )


def evaded() -> Iterator[tuple[str, str]]:
    """(id, text) of the positives that say all in their text: every class of evasion is tried on them."""
    for one in labelled.mails("courts"):
        if one.health == "yes" and len(one.own) > 80:
            yield one.id, one.own


def _recipients(raw: bytes) -> tuple[str, ...]:
    message = message_from_bytes(raw)
    found = getaddresses(message.get_all("To", []) + message.get_all("Cc", []))
    return tuple(address.lower() for _, address in found if address)
