"""Dated exceptions: rows that a structure puts beside its policy. From whom, to whom, about what, until when, and on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mss_guard.core.model import Category, Level, Measure

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Exemption:
    """One row. `sender`: an address, a domain or a listener's name; `to`: an address, a domain or a standing. `category` or
    `rule` (an id, or a family): what it is about; None: anything. `until`: the last day.
    """

    id: str
    sender: str
    to: str
    category: Category | None
    rule: str | None
    level: Level
    action: Measure
    reason: str
    by: str
    made: date
    until: date


def wrong(one: Exemption) -> str | None:
    """Why this can be no row, in French."""
    if one.level not in (Level.POSSIBLE, Level.LIKELY):
        return "level : possible ou likely ; une certitude n'a pas d'exception"
    if one.action not in (Measure.RELAY, Measure.NOTE, Measure.ADVISE, Measure.CONFIRM):
        return "action : relay, note, advise ou confirm"
    if not timedelta() <= one.until - one.made <= LONGEST:
        return "until : un an au plus"
    if not one.sender or not one.to:
        return "il faut une origine et une destination"
    return None
