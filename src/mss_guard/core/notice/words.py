"""The words for what was found and where, free of anything that was read: kinds and numbers, never names or contents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from mss_guard.core.addresses import PATIENT_DOMAIN, shown
from mss_guard.core.model import Address, Assessment, Category, Finding, Place, Why
from mss_guard.core.notice.speech import Speech

CATEGORY = {
    Category.CARE: "des données de santé",
    Category.SOCIAL: "des informations couvertes par le secret professionnel",
    Category.APPOINTMENT: "un rendez-vous de soins",
    Category.STAY: "des informations sur un séjour",
    Category.EMPLOYEE: "des données de santé d'un salarié",
    Category.EMPLOYEE_ID: "un numéro de sécurité sociale",
}
WHY = {
    Why.ENCRYPTED: "elle est protégée par un mot de passe",
    Why.DAMAGED: "le fichier est abîmé",
    Why.AMBIGUOUS: "le fichier se lit de plusieurs façons",
    Why.TOO_LARGE: "le fichier est trop volumineux",
    Why.TOO_DEEP: "trop de fichiers sont emboîtés",
    Why.TOO_MANY: "elle contient trop de fichiers",
    Why.TIMEOUT: "sa lecture est trop longue",
    Why.PARTIAL: "une partie seulement se lit",
    Why.NO_TEXT: "c'est une image sans texte lisible",
}
OPAQUE = "c'est un contenu qui ne se lit pas"
REPAIR = {
    Why.ENCRYPTED: "Elle ne parle de personne ? Renvoyez-la sans mot de passe.",
    Why.DAMAGED: "Elle ne parle de personne ? Enregistrez-la de nouveau, puis renvoyez-la.",
    Why.AMBIGUOUS: "Elle ne parle de personne ? Enregistrez-la de nouveau, puis renvoyez-la.",
    Why.TOO_LARGE: "Elle ne parle de personne ? Renvoyez-la en plusieurs fois.",
    Why.TOO_DEEP: "Elle ne parle de personne ? Renvoyez ses fichiers un par un.",
    Why.TOO_MANY: "Elle ne parle de personne ? Renvoyez ses fichiers en plusieurs fois.",
    Why.TIMEOUT: "Elle ne parle de personne ? Renvoyez-la en plus court.",
    Why.PARTIAL: "Elle ne parle de personne ? Renvoyez-la en plus court.",
    Why.NO_TEXT: "Elle ne parle de personne ? Renvoyez le document d'origine, pas son image.",
}
REPAIR_OPAQUE = "Elle ne parle de personne ? Dites-le à votre contact ci-dessous."
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
_PLACES = {
    "own": "Le texte du message",
    "quoted": "Le texte cité, sous votre réponse,",
    "forwarded": "Le message transféré",
    "signature": "La signature",
    "subject": "L'objet du message",
    "name": "Le nom d'une pièce jointe",
}
WHOLE, A_PART, ATTACHMENT, FIRST_ATTACHMENT, PAGE = (
    "Le message",
    "Une partie du message",
    "La {number}e pièce jointe",
    "La 1re pièce jointe",
    "page {page}",
)
MALFORMED, CITIZEN = "une adresse mal écrite", "une adresse patient"
MESSAGES: tuple[str, ...] = tuple(
    dict.fromkeys((
        *CATEGORY.values(), *WHY.values(), OPAQUE, *REPAIR.values(), REPAIR_OPAQUE, *(word for _, word in _KINDS), *_PLACES.values(),
        WHOLE, A_PART, ATTACHMENT, FIRST_ATTACHMENT, PAGE, MALFORMED, CITIZEN,
    ))
)  # fmt: skip
"""All that this room says, for the catalogues."""
_SHOWN = 5  # recipients named one by one
_ADDRESS_ROOM = 80


def clean(text: str) -> str:
    """Without controls (C0, C1), bidi and other invisible format characters, line and paragraph separators."""
    return "".join(" " if c in "\r\n\t" else c for c in text if c in "\r\n\t" or unicodedata.category(c) not in _HIDDEN)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def people(addresses: Sequence[Address], speech: Speech) -> str:
    """The first five, then a count; a citizen's address is never shown."""
    return speech.listed(list(dict.fromkeys(_one(address, speech) for address in addresses)), _SHOWN)


def _one(address: Address, speech: Speech) -> str:
    if address.malformed is not None:
        return speech._(MALFORMED)
    if address.domain == PATIENT_DOMAIN:
        return speech._(CITIZEN)
    name = clean(shown(address))
    return name if len(name) <= _ADDRESS_ROOM else name[: _ADDRESS_ROOM - 1] + "…"


def where(finding: Finding | None, assessment: Assessment | None, speech: Speech) -> str:
    """The subject of a sentence: "La 2e pièce jointe (PDF, page 3)", "L'objet du message"."""
    if finding is None:
        return speech._(WHOLE)
    if finding.place in _PLACES:
        return speech._(_PLACES[finding.place])
    return attachment(finding.part, assessment.places if assessment else (), speech, finding.page)


def attachment(part: str, places: Iterable[Place], speech: Speech, page: int = 0) -> str:
    """An attachment by number, kind and page; the place inside a container is left out, for people see one attachment."""
    outer = next((p for p in places if p.part == part.partition("/")[0]), None)
    if outer is None or not outer.attachment:
        return speech._(A_PART)
    kind, number = kind_of(outer.type), str(outer.attachment)
    about = [speech._(kind)] if kind else []
    about += [speech._(PAGE).format(page=page)] if page and "/" not in part else []
    said = speech._(FIRST_ATTACHMENT) if number == "1" else speech._(ATTACHMENT).format(number=number)
    return f"{said} ({', '.join(about)})" if about else said


def unlocked(assessment: Assessment | None, speech: Speech) -> str:
    """The first attachment that a password in the same message opens, "" when there is none."""
    found = assessment.unlocked if assessment else ()
    return attachment(found[0].part, assessment.places, speech) if assessment and found else ""


def kind_of(media_type: str) -> str:
    """The everyday word for a media type, "" when there is none."""
    return next((word for mark, word in _KINDS if mark in media_type), "")
