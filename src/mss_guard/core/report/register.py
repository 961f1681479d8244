"""The entry of the violation register (RGPD art. 33 §5): what left the trust space all the same, and what the controller must add.

A message that was stopped is no violation and makes no entry; neither does a period without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mss_guard.core.report import words
from mss_guard.core.report.charts import number
from mss_guard.core.report.figures import UNREAD, Count, Figures, top
from mss_guard.core.report.markdown import plain
from mss_guard.core.report.words import said

TO_FILL = (
    "Nature exacte et personnes concernées (nombre, catégories), après examen des messages par la structure",
    "Conséquences probables pour les personnes",
    "Mesures prises ou proposées pour remédier à la violation et en atténuer les effets",
    "Risque pour les droits et libertés : notification à la CNIL sous 72 heures (art. 33), communication aux personnes (art. 34), ou pourquoi non",
)
LAWFUL = (
    "Un envoi levé par une personne habilitée ou déclaré sans donnée par son expéditeur peut n'être pas une violation : "
    "c'est au responsable de traitement d'en juger."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`grounds`, `categories`, `domains`: messages each. Perhaps violations, too: `unread`, that nobody could read, by ground; `unseen`, relayed
    without any inspection, by cause.
    """

    structure: str
    first: str
    last: str
    messages: int
    grounds: tuple[Count, ...]
    categories: tuple[Count, ...]
    domains: tuple[Count, ...]
    unread: tuple[Count, ...]
    unseen: tuple[Count, ...]


def entry(found: Figures, structure: str) -> Entry | None:
    """The period's entry; None when nothing is known to have left."""
    if not found.gone and not found.unseen:
        return None
    days = found.period.days
    return Entry(
        structure,
        days[0].isoformat(),
        days[-1].isoformat(),
        sum(one.messages for one in found.gone_read),
        _by((one.ground, one.messages) for one in found.gone_read),
        _by((one.category, one.messages) for one in found.gone_read),
        _by((one.domain, one.messages) for one in found.gone_read),
        _by((one.ground, one.messages) for one in found.gone if one.category == UNREAD),
        found.unseen,
    )


def _by(pairs: Iterable[tuple[str, int]]) -> tuple[Count, ...]:
    counted = Counter[str]()
    for name, n in pairs:
        counted[name] += n
    return top(counted)


def as_json(given: Entry) -> dict[str, Any]:
    """With what is left to fill in, empty."""
    return {**asdict(given), "to_fill": dict.fromkeys(TO_FILL, "")}


def as_text(given: Entry, period: str) -> str:
    """Markdown, in French: facts first, then what the controller adds."""
    lines = [
        f"# Registre des violations de données : {plain(given.structure)}, {period}",
        "",
        "Projet d'entrée (RGPD, article 33, paragraphe 5), tiré du journal de mss-guard. Les lignes « À compléter » sont au responsable de traitement.",
        "",
        "## Faits",
        "",
        f"- Période : du {given.first} au {given.last} (jours UTC).",
        f"- Envois qui semblaient contenir des données de santé, hors de l'espace de confiance : {number(given.messages)} (un par domaine destinataire).",
        *_listed("Pourquoi ils ont été transmis", ((said(words.GROUND, c.name), c.number) for c in given.grounds)),
        *_listed("Catégories, selon les règles", ((said(words.CATEGORY, c.name), c.number) for c in given.categories)),
        *_listed("Domaines destinataires", ((plain(c.name), c.number) for c in given.domains)),
        *_listed("Transmis illisible, contenu inconnu", ((said(words.GROUND, c.name), c.number) for c in given.unread)),
        *_listed(
            "Transmis sans examen, contenu inconnu", ((said(words.UNINSPECTED, c.name), c.number) for c in given.unseen)
        ),
        "",
        LAWFUL,
        "Le détail, référence par référence : « mss-guard audit export ». Les personnes : « mss-guard audit open REF », avec la clé du DPO.",
        "",
        "## À compléter",
        "",
        *(f"- {one} : …" for one in TO_FILL),
        "",
    ]
    return "\n".join(lines)


def _listed(title: str, rows: Iterable[tuple[str, int]]) -> list[str]:
    found = [f"  - {name} : {number(n)}" for name, n in rows]
    return [f"- {title} :", *found] if found else []
