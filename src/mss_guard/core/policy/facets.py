"""What a content is, and what the settings make of it.

A content has one or more facets: a mail can hold health data in one part and an encrypted archive in the next. Each
facet goes down the table by itself and the strictest answer stands, so that a lenient setting for one never lets the
other through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mss_guard.core.model import Assessment, Category, Finding, Level, Measure, Mode, Place, Reason, Why
from mss_guard.core.policy.knowledge import Handling, PolicySettings


class ContentKind(StrEnum):
    NONE = "none"
    POSSIBLE = "possible"
    HEALTH = "health"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing a content is, with what the settings make of it outside (rows 11 to 13) and inside (row 9)."""

    kind: ContentKind
    outside: Measure = Measure.RELAY
    inside: Measure = Measure.RELAY
    reason: Reason | None = None


RANK = {
    m: rank
    for rank, m in enumerate(
        (Measure.RELAY, Measure.NOTE, Measure.ADVISE, Measure.DEFER, Measure.CONFIRM, Measure.REFUSE)
    )
}
_CEILING = {
    Mode.ENFORCE: Measure.REFUSE,
    Mode.WARN: Measure.ADVISE,
    Mode.OBSERVE: Measure.NOTE,
    Mode.OFF: Measure.RELAY,
}


def facets(assessment: Assessment, settings: PolicySettings) -> tuple[Facet, ...]:
    """What this content is: at least one facet, at most one of a kind, in the order of the table."""
    level = assessment.level
    health = [f for f in assessment.findings if f.level.rank >= Level.LIKELY.rank]
    possible = [f for f in assessment.findings if f.level is Level.POSSIBLE]
    found: list[Facet] = []
    if health or level.rank >= Level.LIKELY.rank:
        outside = _strictest((_outside(f, settings) for f in health), settings.levels.get(level, Measure.REFUSE))
        inside = _strictest((_inside(f, settings) for f in health), settings.inside)
        reason = Reason.HEALTH
        if assessment.quoted_only:
            outside, reason = _milder(outside, settings.quoted_reply), Reason.QUOTED_ONLY
        found.append(Facet(ContentKind.HEALTH, outside, inside, reason))
    hidden = _hidden(assessment, settings)
    if assessment.unreadable or hidden is not Measure.RELAY:
        found.append(Facet(ContentKind.UNREADABLE, hidden, reason=Reason.UNREADABLE))
    if possible or level is Level.POSSIBLE:
        outside = _strictest(
            (_outside(f, settings) for f in possible), settings.levels.get(Level.POSSIBLE, Measure.NOTE)
        )
        found.append(Facet(ContentKind.POSSIBLE, outside, reason=Reason.HEALTH))
    if {facet.kind for facet in found} <= {ContentKind.UNREADABLE}:
        found.append(Facet(ContentKind.NONE))
    return tuple(found)


def _outside(finding: Finding, settings: PolicySettings) -> Measure:
    measure = settings.levels.get(finding.level, Measure.NOTE)
    if finding.category in settings.categories:
        by_category = settings.categories[finding.category]
        measure = _milder(measure, by_category) if finding.level is Level.POSSIBLE else by_category
    if measure is Measure.CONFIRM and finding.level is Level.CERTAIN:
        measure = Measure.REFUSE  # a certainty is not for the sender to declare away
    return _milder(measure, _CEILING[_mode(finding, settings)])


def _inside(finding: Finding, settings: PolicySettings) -> Measure:
    """Between ordinary boxes of the house. A sick leave on its way to the human resources is noted, unless the category
    says otherwise.
    """
    own_word = Measure.NOTE if finding.category is Category.EMPLOYEE else settings.inside
    measure = _milder(settings.inside, settings.categories.get(finding.category, own_word))
    return _milder(measure, _CEILING[_mode(finding, settings)])


def _mode(finding: Finding, settings: PolicySettings) -> Mode:
    """The milder of the rule's own mode and its family's: switching a family never wakes a rule that only observes."""
    modes = (finding.mode, settings.families.get(finding.family, Mode.ENFORCE))
    return min(modes, key=lambda mode: RANK[_CEILING[mode]])


def _hidden(assessment: Assessment, settings: PolicySettings) -> Measure:
    """What the unreadable and opaque places come to. An unreadable place that may pass is at least noted."""
    suspicion = _suspicion(assessment, settings)
    measures = [
        _handled(settings.unreadable.get(p.why or Why.DAMAGED, Measure.REFUSE), p, suspicion)
        for p in assessment.unreadable
    ]
    unread = _strictest([*measures, Measure.NOTE], Measure.NOTE) if measures else Measure.RELAY
    opaque = [_handled(settings.opaque, p, suspicion) for p in assessment.opaque if not _ornament(p)]
    return _strictest([unread, *opaque], unread)


def _handled(handling: Handling, place: Place, suspicion: Measure) -> Measure:
    if not isinstance(handling, Measure):
        return suspicion
    return Measure.REFUSE if handling is Measure.CONFIRM and place.why is Why.ENCRYPTED else handling


def _suspicion(assessment: Assessment, settings: PolicySettings) -> Measure:
    """REFUSE when anything readable reaches `possible`, milder when only rules that warn or observe do."""
    near = [_CEILING[_mode(f, settings)] for f in assessment.findings if f.level.rank >= Level.POSSIBLE.rank]
    reached = assessment.level.rank >= Level.POSSIBLE.rank
    return _strictest(near, Measure.REFUSE if reached else Measure.RELAY)


def _ornament(place: Place) -> bool:
    """Pictures that are opaque are icons, logos or shown inside the text; fonts, signatures and keys hold nobody's
    story.
    """
    kind = place.type
    return place.inline or kind.startswith(("image/", "font/")) or "signature" in kind or "pgp-keys" in kind


def _strictest(measures: Iterable[Measure], default: Measure) -> Measure:
    return max(measures, key=RANK.__getitem__, default=default)


def _milder(one: Measure, other: Measure) -> Measure:
    return min(one, other, key=RANK.__getitem__)
