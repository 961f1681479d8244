"""What a period of the journal comes to, in numbers: the values that the report, the register and the dashboard are made from.

Nothing here names a person: domains, rules, references, and the officers who acted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

OUTSIDE = ("outside", "commercial")
"""Standings of recipients whom health data must not reach."""
INTO = ("trusted", "citizen")
"""Standings of recipients inside the trust space, the structure's own boxes apart."""
UNREAD = "unreadable"
"""The category of what left without anybody having been able to read it."""
FOLLOWED_WITHIN = timedelta(days=7)
"""A refusal is followed when its sender writes into the trust space within these."""


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days: `first` is in, `after` is not."""

    first: date
    after: date

    @property
    def label(self) -> str:
        """ "octobre 2026" for a whole month, else its first and last day."""
        if self.first.day == 1 and self.after == following(self.first):
            return f"{MONTHS[self.first.month - 1]} {self.first.year}"
        return f"du {french(self.first)} au {french(self.after - timedelta(days=1))}"

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=n) for n in range((self.after - self.first).days))


MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def month(text: str) -> Period:
    """ "2026-10" as a Period. Raises ValueError."""
    first = date.fromisoformat(f"{text}-01")
    return Period(first, following(first))


def last_month(today: date) -> Period:
    """The whole month before that of `today`."""
    after = today.replace(day=1)
    return Period((after - timedelta(days=1)).replace(day=1), after)


def following(first: date) -> date:
    """The first day of the next month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def french(day: date) -> str:
    """ "1er octobre 2026"."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Day:
    """Decisions of one day. `spared`: relayed in observation or with a warning, where enforcing would have refused."""

    day: date
    relayed: int = 0
    refused: int = 0
    deferred: int = 0
    spared: int = 0

    @property
    def all(self) -> int:
        return self.relayed + self.refused + self.deferred


@dataclass(frozen=True, slots=True)
class Count:
    name: str
    number: int


def top(counts: Mapping[str, int]) -> tuple[Count, ...]:
    """Most frequent first, then by name."""
    return tuple(Count(name, n) for name, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Domain:
    """Recipients at one outside domain for whom a message was refused, or would have been. `week`: its Monday."""

    week: date
    domain: str
    refused: int
    spared: int


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, as the journal has it: `what` is the record's word, `by` and `reason` are theirs."""

    at: str
    what: str
    ref: str = ""
    by: str = ""
    reason: str = ""
    about: str = ""
    until: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """Recipients outside the structure, by the week's Monday: in the trust space, and not."""

    week: date
    into: int
    outside: int


@dataclass(frozen=True, slots=True, order=True)
class Gone:
    """Health data, or what nobody could read (UNREAD), relayed beyond the trust space, as one line: on what ground, for which category, to
    which domain.
    """

    ground: str
    category: str
    domain: str
    messages: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A period. `rules`: of refused or spared messages; `domains`: of refused or spared recipients; `followed`: refusals whose sender
    then wrote into the trust space, of `refusals` with a known sender; `modes`: decisions by mode of the policy; `gone`: what left all the same;
    `unfollowed`: refusals whose sender is not kept; `unclassed`: refusals called wrong that no officer has judged yet;
    `unseen`: what left for outside without any inspection, by cause, counted as `gone` is.
    """

    period: Period
    days: tuple[Day, ...] = ()
    modes: tuple[Count, ...] = ()
    reasons: tuple[Count, ...] = ()
    unreadable: tuple[Count, ...] = ()
    uninspected: tuple[Count, ...] = ()
    rules: tuple[Count, ...] = ()
    domains: tuple[Domain, ...] = ()
    weeks: tuple[Week, ...] = ()
    refusals: int = 0
    followed: int = 0
    unfollowed: int = 0
    false_positives: tuple[Act, ...] = ()
    unclassed: int = 0
    false_rules: tuple[Count, ...] = ()
    exceptions: tuple[Act, ...] = ()
    bypasses: tuple[Act, ...] = ()
    openings: tuple[Act, ...] = ()
    consultations: int = 0
    gone: tuple[Gone, ...] = ()
    unseen: tuple[Count, ...] = ()

    @property
    def gone_read(self) -> tuple[Gone, ...]:
        """What left and was read: it seemed to hold health data."""
        return tuple(one for one in self.gone if one.category != UNREAD)

    @property
    def messages(self) -> int:
        return sum(day.all for day in self.days)

    @property
    def relayed(self) -> int:
        return sum(day.relayed for day in self.days)

    @property
    def refused(self) -> int:
        return sum(day.refused for day in self.days)

    @property
    def deferred(self) -> int:
        return sum(day.deferred for day in self.days)

    @property
    def spared(self) -> int:
        return sum(day.spared for day in self.days)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the guard itself stands when the report is made. `list_age`, `chain` and `witness`: sentences; each `…_good`: whether there is
    nothing to do.
    """

    structure: str
    mode: str
    made: date
    list_age: str
    list_good: bool
    chain: Sequence[str]
    chain_good: bool
    witness: str
    witness_good: bool
