"""Occasion and stationery → everything that a template may say, already free of invisible characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from mss_guard.core.addresses import PATIENT_DOMAIN
from mss_guard.core.boxes import Box
from mss_guard.core.model import Assessment, Finding, Level, Place, Reason, RecipientVerdict, Why
from mss_guard.core.notice import regions, words
from mss_guard.core.notice.occasion import OVERSIZE, Occasion
from mss_guard.core.notice.regions import Region
from mss_guard.core.notice.roads import Draft, Kind, Road, Step
from mss_guard.core.notice.speech import Speech
from mss_guard.core.notice.stationery import Stationery, to_field

OTHERS = "Les autres : téléphonez."
OTHERWISE = "Sinon : {what}"
FOR_KIND = "{kind} ({domains}) : {what}"
REFUSED, ADVISED, TOO_LARGE = (
    "Message non transmis",
    "Message transmis, à vérifier",
    "Message transmis, mais trop lourd",
)
ANSWER = Draft(link="Répondre sans le texte cité", subject="Réponse à votre message", body="Bonjour,\n\n")
MESSAGES: tuple[str, ...] = (
    *(OTHERS, OTHERWISE, FOR_KIND, REFUSED, ADVISED, TOO_LARGE),
    *(ANSWER.link, ANSWER.subject, ANSWER.body),
)
BY_KIND = frozenset({"health-data", "unreadable", "policy"})
"""Topics where the road depends on who the recipient is."""
_MOST_ROADS = 4
_MOST_DRAFT = 5


def context(occasion: Occasion, paper: Stationery) -> dict[str, object]:
    """The variables of the templates (docs/avis.md lists them)."""
    assessment, speech, letterhead = occasion.assessment, paper.speech, paper.letterhead
    finding = _strongest(assessment)
    document = _document(finding, assessment, paper.documents)
    kinds = _kinds(occasion, paper)
    facts = _facts(occasion, paper)
    steps = _steps(occasion, paper, kinds, facts)
    draft = _draft(occasion, paper, kinds)
    invited = _invited(occasion, paper, kinds)
    region, his = _region(occasion, paper, invited)
    hidden = _hidden(assessment)
    said: dict[str, object] = {
        "language": speech.language,
        "title": speech._(TOO_LARGE if occasion.topic == OVERSIZE else ADVISED if occasion.advised else REFUSED),
        "advised": occasion.advised,
        "reason": occasion.topic,
        "kinds": [kind.value for kind in kinds],
        "sent": speech.moment(occasion.at),
        "refused": words.people([r.address for r in occasion.marked], speech),
        "several": len(occasion.verdict.recipients) > 1,
        "received": words.people([r.address for r in occasion.received], speech),
        "where": words.where(finding, assessment, speech),
        "category": speech._(words.CATEGORY[finding.category] if finding else "des données de santé"),
        "document": speech._(document) if document else "",
        "what": _told(assessment.what if assessment else (), paper),
        "whom": _told(assessment.whom if assessment else (), paper),
        "hidden": words.attachment(hidden.part, assessment.places if assessment else (), speech)
        if hidden
        else speech._(words.A_PART),
        "hidden_why": speech._(words.WHY.get(hidden.why, words.OPAQUE) if hidden and hidden.why else words.OPAQUE),
        "part": _part(occasion, finding, hidden),
        "unlocked": words.unlocked(assessment, speech),
        "alert": _plain(paper.speech._(alert), facts) if (alert := _alert(assessment, paper)) else "",
        "boxes": [_box(box) for _, boxes in occasion.suggested.boxes for box in boxes],
        "dated": speech.date(occasion.suggested.dated) if occasion.suggested.dated else "",
        "near": occasion.suggested.near[0] if occasion.suggested.near else "",
        "steps": [_plain(step, facts) for step in steps],
        "steps_html": [_linked(step, facts) for step in steps],
        "numbered": len(steps) > 1 and _in_order(occasion, paper, kinds),
        "draft_link": speech._(draft.link) if draft else "",
        "draft_subject": speech._(draft.subject) if draft else "",
        "draft_body": speech._(draft.body) if draft else "",
        "draft_to": _to(occasion.marked),
        "invite": bool(invited),
        "invite_to": _to(invited),
        "his_region": his,
        "grades": region.name if region else "",
        "grades_site": region.site if region else "",
        "grades_form": region.form if region else "",
        "grades_offer": region.offer if region else "",
        "secure_access": letterhead.secure_access,
        "secure_box": letterhead.secure_box,
        "secure_access_html": _link(letterhead.secure_access),
        "contact": letterhead.contact,
        "confirm": occasion.confirm,
        "structure": letterhead.structure,
        "reference": occasion.reference,
        "stamp": occasion.at.isoformat(timespec="seconds"),
    }
    return {key: _free(value) if key != "draft_body" else value for key, value in said.items()}


def _free(value: object) -> object:
    """One line without anything invisible; what is HTML or a list already is."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


# --- who, and which way -----------------------------------------------------------------------------------------------


def _kinds(occasion: Occasion, paper: Stationery) -> tuple[Kind, ...]:
    """The kinds of those whom the notice is about, in the order in which it speaks of them."""
    found = {kind_of(r, occasion, paper) for r in occasion.marked}
    return tuple(kind for kind in Kind if kind in found) or (Kind.UNKNOWN,)


def kind_of(recipient: RecipientVerdict, occasion: Occasion, paper: Stationery) -> Kind:
    """Who a recipient is; somebody for whom the directory has a box is a professional, unless an administration."""
    kind = paper.roads.kind(recipient.address, recipient.standing)
    known = any(address == recipient.address for address, _ in occasion.suggested.boxes)
    return Kind.PROFESSIONAL if known and kind in (Kind.RELATIVE, Kind.UNKNOWN) else kind


def _steps(occasion: Occasion, paper: Stationery, kinds: Sequence[Kind], facts: Mapping[str, str]) -> list[str]:
    """What to do, as sentences with {facts}, in the language of the notice."""
    speech = paper.speech
    if occasion.advised or occasion.topic not in BY_KIND:
        return []
    road = paper.roads.by_kind[kinds[0]]
    repair = [speech._(_repair(occasion.assessment))] if occasion.topic == "unreadable" else []
    if len(kinds) == 1:
        if repair:
            return [*repair, speech._(OTHERWISE).format(what=_short(road, facts, speech))]
        return [speech._(step.say) for step in _said(road.steps, facts)]
    lines = repair
    for kind in kinds[:_MOST_ROADS]:
        whom = [r.address.domain for r in occasion.marked if kind_of(r, occasion, paper) is kind]
        what = _short(paper.roads.by_kind[kind], facts, speech)
        domains = _brace_free(speech.listed(list(dict.fromkeys(whom)), 2))
        lines.append(
            speech._(FOR_KIND).format(kind=speech._(paper.roads.by_kind[kind].name), domains=domains, what=what)
        )
    return lines + ([speech._(OTHERS)] if len(kinds) > _MOST_ROADS else [])


def _short(road: Road, facts: Mapping[str, str], speech: Speech) -> str:
    return " ".join(speech._(step.say) for step in _said(road.short, facts))


def _in_order(occasion: Occasion, paper: Stationery, kinds: Sequence[Kind]) -> bool:
    """Whether the steps follow each other; else they are a choice."""
    return len(kinds) == 1 and occasion.topic != "unreadable" and paper.roads.by_kind[kinds[0]].ordered


def _told(said: Sequence[str], paper: Stationery) -> str:
    """The first word that is one of our rules': the worker that sent it has read what the message says."""
    return next((paper.speech._(word) for word in said if word in paper.says), "")


def _brace_free(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _said(steps: Sequence[Step], facts: Mapping[str, str]) -> list[Step]:
    return [s for s in steps if (not s.when or facts[s.when]) and not any(facts[name] for name in _against(s))]


def _against(step: Step) -> tuple[str, ...]:
    return (step.unless,) if isinstance(step.unless, str) else step.unless or ()


def _repair(assessment: Assessment | None) -> str:
    hidden = _hidden(assessment)
    return (
        words.REPAIR.get(hidden.why or Why.DAMAGED, words.REPAIR_OPAQUE)
        if hidden and hidden.why
        else words.REPAIR_OPAQUE
    )


def _facts(occasion: Occasion, paper: Stationery) -> dict[str, str]:
    """What the sentences of the roads may hold (roads.Fact)."""
    letterhead, region = paper.letterhead, paper.region
    return {
        "secure_access": letterhead.secure_access,
        "secure_box": letterhead.secure_box,
        "family_portal": letterhead.family_portal,
        "grades": region.name if region else "",
        "grades_site": region.site if region else "",
        "boxes": ", ".join(box.address for _, boxes in occasion.suggested.boxes for box in boxes),
        "contact": letterhead.contact,
        "structure": letterhead.structure,
        "route": "oui" if letterhead.routed else "",
        "recipients": words.people([r.address for r in occasion.marked], paper.speech),
    }


def _plain(sentence: str, facts: Mapping[str, str]) -> str:
    return words.clean(sentence.format_map(facts))


def _linked(sentence: str, facts: Mapping[str, str]) -> Markup:
    """The same as HTML, with its addresses of pages as links."""
    safe = {name: _link(value) for name, value in facts.items()}
    return escape(words.clean(sentence)).format_map(safe)  # Markup: what is filled in is escaped, or a link of ours


def _link(value: str) -> Markup:
    shown = words.clean(value)
    if shown.startswith(("https://", "http://")):
        return Markup('<a href="{0}">{0}</a>').format(shown)
    return escape(shown)


# --- drafts -----------------------------------------------------------------------------------------------------------


def _draft(occasion: Occasion, paper: Stationery, kinds: Sequence[Kind]) -> Draft | None:
    """A mail to begin with: only for one kind, where nobody would get another's."""
    if occasion.topic == Reason.QUOTED_ONLY.value and not occasion.advised:
        return ANSWER
    if occasion.advised or occasion.topic not in BY_KIND or len(kinds) != 1 or occasion.suggested.boxes:
        return None
    return paper.roads.by_kind[kinds[0]].draft


def _invited(occasion: Occasion, paper: Stationery, kinds: Sequence[Kind]) -> tuple[RecipientVerdict, ...]:
    """Who may be asked to open a box: nobody as soon as a relative is among them, whom such a mail would puzzle."""
    if occasion.advised or occasion.topic not in BY_KIND or Kind.RELATIVE in kinds or occasion.suggested.boxes:
        return ()
    roads: Mapping[Kind, Road] = paper.roads.by_kind
    return tuple(r for r in occasion.marked if roads[kind_of(r, occasion, paper)].invite)


def _region(occasion: Occasion, paper: Stationery, invited: Sequence[RecipientVerdict]) -> tuple[Region | None, bool]:
    """(the region to name, whether it is known to be the correspondent's own)."""
    found = [regions.of_domain(r.address.domain, paper.regions) for r in invited]
    if found and all(r is not None and r == found[0] for r in found):
        return found[0], True
    return paper.region, False


def _to(recipients: Sequence[RecipientVerdict]) -> str:
    """For a mailto link; never a citizen's address nor one that is none."""
    usable = dict.fromkeys(
        (r.address.local_part, r.address.domain)
        for r in recipients
        if r.address.malformed is None and r.address.domain not in ("", PATIENT_DOMAIN)
    )
    return to_field(tuple(usable)) if len(usable) <= _MOST_DRAFT else ""


def _box(box: Box) -> dict[str, str]:
    """A box as it is shown: address, whose, in which town; in the directory's own words, few of them."""
    whose = box.profession if box.kind == "nominative" else box.service or box.structure
    shown = ", ".join(_brief(words.clean(part), room) for part, room in ((whose, 30), (box.town, 20)) if part)
    return {"address": words.clean(box.address), "whose": shown}


def _brief(text: str, room: int) -> str:
    return text if len(text) <= room else text[:room].rpartition(" ")[0].rstrip(" -,") + " …"


# --- what was found ---------------------------------------------------------------------------------------------------


def _part(occasion: Occasion, finding: Finding | None, hidden: Place | None) -> str:
    """The place as the journal names it, where the topic is about one."""
    if occasion.topic == "unreadable":
        return hidden.part if hidden else ""
    return finding.part if finding and occasion.topic in ("health-data", "quoted-only", "policy") else ""


def _strongest(assessment: Assessment | None) -> Finding | None:
    findings = assessment.findings if assessment else ()
    return max(findings, key=lambda f: (f.level.rank, f.score), default=None)


def _document(finding: Finding | None, assessment: Assessment | None, documents: Mapping[str, str]) -> str:
    """The sort of document, where the strongest finding or one in the same part tells it."""
    if finding is None or assessment is None:
        return ""
    same = [f for f in assessment.findings if f.part == finding.part and f.level.rank >= Level.LIKELY.rank]
    return next((documents[f.rule] for f in (finding, *same) if f.rule in documents), "")


def _alert(assessment: Assessment | None, paper: Stationery) -> str:
    met = (f.rule for f in (assessment.findings if assessment else ()) if f.level.rank >= Level.LIKELY.rank)
    return next((paper.roads.alerts[rule] for rule in met if rule in paper.roads.alerts), "")


def _hidden(assessment: Assessment | None) -> Place | None:
    """The place that could not be read; an opaque one (sound, film) when only such stand accused."""
    places = (assessment.unreadable or assessment.opaque) if assessment else ()
    return places[0] if places else None
