"""One language of the notices: French as it is written, any other through a gettext catalogue. What a catalogue lacks stays French."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from gettext import GNUTranslations, NullTranslations

SOURCE = "fr"

MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOMENT = "{weekday} {day} {month} à {hour} h {minute}"
DATE = "{day} {month} {year}"
FIRST = "1er"
MESSAGES: tuple[str, ...] = (*MONTHS, *DAYS, MOMENT, DATE, FIRST)


@dataclass(frozen=True, slots=True)
class Speech:
    """`_` translates a sentence; placeholders in braces are filled after it."""

    language: str
    _: Callable[[str], str] = field(repr=False)
    plural: Callable[[str, str, int], str] = field(repr=False)

    def moment(self, at: datetime) -> str:
        """lundi 3 mars à 14 h 32; the year stands in the technical block."""
        return self._(MOMENT).format(**self._day(at), hour=at.hour, minute=f"{at.minute:02d}")

    def date(self, at: datetime) -> str:
        """3 mars 2026"""
        return self._(DATE).format(**self._day(at))

    def _day(self, at: datetime) -> dict[str, object]:
        day = self._(FIRST) if at.day == 1 else str(at.day)
        return {
            "weekday": self._(DAYS[at.weekday()]),
            "day": day,
            "month": self._(MONTHS[at.month - 1]),
            "year": at.year,
        }

    def listed(self, items: Sequence[str], most: int) -> str:
        """The first ones, then a count: "a, b et 2 autres"."""
        more = len(items) - most
        named = ", ".join(items[:most])
        return self.plural(ONE_MORE, MORE, more).format(named=named, count=more) if more > 0 else named


ONE_MORE, MORE = "{named} et {count} autre", "{named} et {count} autres"


class CatalogueError(ValueError):
    """A catalogue that gettext cannot read."""


def speech(language: str, catalogue: bytes | None = None) -> Speech:
    """French, or the language of a compiled catalogue (.mo). Raises CatalogueError."""
    if catalogue is None:
        none = NullTranslations()
        return Speech(language, none.gettext, none.ngettext)
    try:
        found = GNUTranslations(io.BytesIO(catalogue))
    except (OSError, ValueError, LookupError, IndexError) as problem:
        raise CatalogueError(f"catalogue illisible : {type(problem).__name__}") from None
    except Exception as problem:  # noqa: BLE001 - struct.error and whatever else broken bytes raise in the reader
        raise CatalogueError(f"catalogue illisible : {type(problem).__name__}") from None
    return Speech(language, found.gettext, found.ngettext)


FRENCH = speech(SOURCE)
