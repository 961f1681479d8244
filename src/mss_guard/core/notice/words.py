"""The French words for what was found and where, free of anything that was read: kinds and numbers, never names or
contents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from mss_guard.core.addresses import PATIENT_DOMAIN, shown
from mss_guard.core.model import Address, Assessment, Category, Finding, Place, Why

CATEGORY = {
    Category.CARE: "des données de santé",
    Category.SOCIAL: "des informations couvertes par le secret professionnel",
    Category.APPOINTMENT: "un rendez-vous de soins",
    Category.STAY: "des informations sur un séjour",
    Category.EMPLOYEE: "des données de santé d'un salarié",
    Category.EMPLOYEE_ID: "un numéro de sécurité sociale",
}
WHY = {
    Why.ENCRYPTED: "protection par mot de passe",
    Why.DAMAGED: "fichier abîmé",
    Why.AMBIGUOUS: "fichier construit de façon ambiguë",
    Why.TOO_LARGE: "fichier trop volumineux",
    Why.TOO_DEEP: "trop de fichiers emboîtés",
    Why.TOO_MANY: "trop de fichiers",
    Why.TIMEOUT: "lecture trop longue",
    Why.PARTIAL: "lecture incomplète",
    Why.NO_TEXT: "image sans texte lisible",
}
_KINDS = (
    ("application/pdf", "PDF"),
    ("wordprocessingml", "document Word"),
    ("msword", "document Word"),
    ("opendocument.text", "document texte"),
    ("spreadsheet", "tableur"),
    ("ms-excel", "tableur"),
    ("text/csv", "tableur"),
    ("presentation", "présentation"),
    ("powerpoint", "présentation"),
    ("rtf", "document texte"),
    ("zip", "archive"),
    ("7z", "archive"),
    ("rar", "archive"),
    ("dicom", "imagerie"),
    ("message/rfc822", "message joint"),
    ("image/", "image"),
    ("video/", "vidéo"),
    ("audio/", "son"),
)
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_SHOWN = 5  # recipients named one by one
_ADDRESS_ROOM = 80


def clean(text: str) -> str:
    """Without controls (C0, C1), bidi and other invisible format characters, line and paragraph separators."""
    return "".join(" " if c in "\r\n\t" else c for c in text if c in "\r\n\t" or unicodedata.category(c) not in _HIDDEN)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def moment(at: datetime) -> str:
    """22 novembre 2026 à 10 h 42"""
    day = "1er" if at.day == 1 else str(at.day)
    return f"{day} {_MONTHS[at.month - 1]} {at.year} à {at.hour} h {at.minute:02d}"


def people(addresses: Sequence[Address]) -> str:
    """The first five, then a count; a citizen's address is never shown."""
    names = list(dict.fromkeys(_one(address) for address in addresses))
    more = len(names) - _SHOWN
    listed = ", ".join(names[:_SHOWN])
    return f"{listed} et {more} autre{'s' if more > 1 else ''}" if more > 0 else listed


def _one(address: Address) -> str:
    if address.malformed is not None:
        return "une adresse mal écrite"
    if address.domain == PATIENT_DOMAIN:
        return "une adresse patient"
    name = clean(shown(address))
    return name if len(name) <= _ADDRESS_ROOM else name[: _ADDRESS_ROOM - 1] + "…"


_PLACES = {
    "own": "Le texte du message",
    "quoted": "La partie citée",
    "forwarded": "Le message transféré",
    "signature": "La signature",
    "subject": "L'objet du message",
    "name": "Le nom d'une pièce jointe",
}


def where(finding: Finding | None, assessment: Assessment | None) -> str:
    """The subject of a sentence: "La pièce jointe 2 (PDF)", "L'objet du message"."""
    if finding is None:
        return "Le message"
    number = finding.place.removeprefix("attachment").strip()
    places = assessment.places if assessment else ()
    return _PLACES.get(finding.place) or attachment(finding.part, places, number if number.isdigit() else "")


def attachment(part: str, places: Iterable[Place], number: str = "") -> str:
    """An attachment by number and kind; the place inside a container is left out, for people see one attachment."""
    outer = part.partition("/")[0]
    kind = next((kind_of(p.type) for p in places if p.part == outer), "")
    return f"La pièce jointe {number or clean(outer)}" + (f" ({kind})" if kind else "")


def unlocked(assessment: Assessment | None) -> str:
    """The first attachment that a password in the same message opens, "" when there is none."""
    found = assessment.unlocked if assessment else ()
    return attachment(found[0].part, assessment.places) if assessment and found else ""


def kind_of(media_type: str) -> str:
    """The everyday word for a media type, "" when there is none."""
    return next((word for mark, word in _KINDS if mark in media_type), "")
