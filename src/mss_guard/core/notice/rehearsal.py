"""Invented occasions: every topic for every kind of recipient. They try the stationery before it is used, fill `notice preview`, and
are the golden files of the tests. Nothing in them was ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mss_guard.core import addresses
from mss_guard.core.boxes import Box
from mss_guard.core.model import (
    Action,
    Assessment,
    Category,
    Envelope,
    Finding,
    How,
    Level,
    Measure,
    Place,
    Reason,
    RecipientVerdict,
    SenderKind,
    Standing,
    State,
    Verdict,
    Why,
)
from mss_guard.core.notice.facts import BY_KIND, context
from mss_guard.core.notice.occasion import ADVICE, CITIZEN_ROOM, OVERSIZE, Occasion, Suggested
from mss_guard.core.notice.roads import BOXED, Kind
from mss_guard.core.notice.stationery import Letterhead, Stationery
from mss_guard.core.strict_yaml import Mistake, Mistakes

TOPICS: tuple[str, ...] = (*(reason.value for reason in Reason), OVERSIZE, *ADVICE)
AT = datetime(2026, 3, 2, 14, 32, tzinfo=UTC)
_RECIPIENTS: dict[Kind, tuple[str, Standing]] = {
    Kind.PROFESSIONAL: ("secretariat@cabinet-exemple.example", Standing.OUTSIDE),
    Kind.ADMINISTRATION: ("accueil@mdph-exemple.example", Standing.OUTSIDE),
    Kind.RELATIVE: ("prenom.nom@laposte.net", Standing.OUTSIDE),
    Kind.INSURER: ("gestion@mutuelle-exemple.example", Standing.OUTSIDE),
    Kind.EMPLOYER: ("rh@entreprise.example", Standing.OUTSIDE),
    Kind.PARTNER: ("contact@fournisseur.example", Standing.COMMERCIAL),
    Kind.INSIDE: ("collegue@{domain}", Standing.INSIDE),
    Kind.UNKNOWN: ("contact@destinataire.example", Standing.OUTSIDE),
}
_BOXES = (
    Box("secretariat@cabinet-exemple.mssante.fr", "organisationnelle", structure="CABINET EXEMPLE", town="NANTES"),
    Box("prenom.nom@medecin.mssante.fr", "nominative", "NOM", "Prénom", "Médecin", town="NANTES"),
)
_BY_TOPIC = {
    Reason.SECURE_BOX.value: ("secretariat@exemple.mssante.fr", Standing.SECURE),
    Reason.USE_SECURE_BOX.value: ("secretariat@exemple.mssante.fr", Standing.TRUSTED),
    Reason.COMMERCIAL.value: ("contact@fournisseur.example", Standing.COMMERCIAL),
    Reason.MALFORMED.value: ("contact@@exemple", Standing.MALFORMED),
    Reason.CITIZEN.value: ("123@patient.mssante.fr", Standing.MALFORMED),
    OVERSIZE: ("277076322082910@patient.mssante.fr", Standing.CITIZEN),
    "advice-self": ("secretariat@exemple.mssante.fr", Standing.SECURE),
    "advice-no-reply": ("ne-pas-repondre@exemple.mssante.fr", Standing.TRUSTED),
    "advice-first": ("secretariat@exemple.mssante.fr", Standing.TRUSTED),
    "advice-copy": ("secretariat@exemple.mssante.fr", Standing.TRUSTED),
}
"""Topics that have their own recipients, whoever is asked for."""


def occasion(
    topic: str,
    kind: Kind,
    letterhead: Letterhead,
    at: datetime = AT,
    *,
    suggested: bool = False,
    also: Sequence[Kind] = (),
) -> Occasion:
    """One invented mail on this topic to a recipient of this kind, and of those in `also`; `suggested`: the directory knows two boxes
    of the first.
    """
    domain = min(letterhead.domains, default="exemple.invalid")
    advised = topic == OVERSIZE or topic in ADVICE
    reason = None if advised else Reason(topic)
    action, measure = (Action.RELAY, Measure.RELAY) if advised else (Action.REFUSE, Measure.REFUSE)
    wanted = [_BY_TOPIC.get(topic, _RECIPIENTS[kind]), *(_RECIPIENTS[each] for each in also)]
    to = [(addresses.parse(text.format(domain=domain).encode()), standing) for text, standing in wanted]
    judged = tuple(RecipientVerdict(address, standing, action, measure, reason, 11) for address, standing in to)
    return Occasion(
        "MSSG-2222-2222",
        Envelope(addresses.parse(f"prenom.nom@{domain}".encode()), tuple(address for address, _ in to)),
        Verdict(action, measure, reason, judged, SenderKind.OWN),
        assessment(topic),
        (advised,) * len(to),
        at,
        CITIZEN_ROOM + 1 if topic == OVERSIZE else 4096,
        Suggested(((to[0][0], _BOXES),), at, ()) if suggested else Suggested(),
        advice=topic if topic in ADVICE else "",
    )


def assessment(topic: str) -> Assessment:
    """What an inspection would have found: a report in a PDF, a quotation, a locked archive."""
    pdf = Place("3", "application/pdf", "application/pdf", How.MIME, State.READ, attachment=2)
    if topic == Reason.UNREADABLE.value:
        locked = Place(
            "2", "application/zip", "application/zip", How.MIME, State.UNREADABLE, Why.ENCRYPTED, attachment=1
        )
        return Assessment(Level.NONE, 0.0, False, (), (locked,))
    if topic == Reason.QUOTED_ONLY.value:
        quoted = Finding("evidence.care", "", "1", 1, Category.CARE, "quoted", Level.LIKELY)
        return Assessment(Level.LIKELY, 0.8, True, (quoted,), (), quoted_only=True)
    report = Finding(
        "document.compte-rendu-hospitalisation", "", "3", 1, Category.CARE, "attachment 2", Level.CERTAIN, page=3
    )
    return Assessment(Level.CERTAIN, 1.0, True, (report,), (pdf,))


def with_boxes(topic: str, kind: Kind) -> tuple[bool, ...]:
    """Whether the directory can come into it: (False,) or (False, True)."""
    return (False, True) if topic in BY_KIND and kind in BOXED else (False,)


def cases() -> Iterator[tuple[str, Kind]]:
    """Each topic with each kind where the kind matters, else once."""
    for topic in TOPICS:
        yield from ((topic, kind) for kind in (Kind if topic in BY_KIND else (Kind.UNKNOWN,)))


def rehearse(paper: Stationery) -> None:
    """Write the texts of each notice once. Raises Mistakes when a template does not fit what it is given."""
    for topic, kind in cases():
        for suggested in with_boxes(topic, kind):
            try:
                said = context(occasion(topic, kind, paper.letterhead, suggested=suggested), paper)
                paper.text.render(said)
                paper.html.render(said)
            except Exception as failure:  # noqa: BLE001 - a template of the structure may fail in any way
                raise Mistakes([_mistake(failure)]) from None


def _mistake(failure: Exception) -> Mistake:
    """Where a template failed: the last of its lines that were at work."""
    source, line, trace = "notice", 1, failure.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        source, line = (name, trace.tb_lineno) if name.endswith(".j2") else (source, line)
        trace = trace.tb_next
    return Mistake(source, line, 1, f"modèle en défaut : {failure}")
