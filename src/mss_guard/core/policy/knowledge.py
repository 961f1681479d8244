"""What a verdict rests on beside the message: the structure, its settings, the trust space, its partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from mss_guard.core import trust
from mss_guard.core.model import Category, Level, Measure, Mode, Why
from mss_guard.core.partners import Partners
from mss_guard.core.policy.advice import Advice
from mss_guard.core.policy.rows import Exemption
from mss_guard.core.trust import TrustSpace

Senders = Literal["own", "any"]
"""What a listener takes: the structure's own outgoing mail, or inbound mail too."""

SUSPICION: Literal["suspicion"] = "suspicion"
"""Refuse only when something readable around it reaches `possible`."""
Handling = Measure | Literal["suspicion"]


@dataclass(frozen=True, slots=True)
class Structure:
    """The mail domains of the house, as lower-case A-labels: ordinary ones and its own MSSanté ones."""

    domains: frozenset[str]
    secure_domains: frozenset[str] = frozenset()


def _levels() -> Mapping[Level, Measure]:
    return MappingProxyType({Level.CERTAIN: Measure.REFUSE, Level.LIKELY: Measure.REFUSE, Level.POSSIBLE: Measure.NOTE})


def _categories() -> Mapping[Category, Measure]:
    return MappingProxyType({Category.STAY: Measure.NOTE, Category.EMPLOYEE_ID: Measure.NOTE})


def _unreadable() -> Mapping[Why, Handling]:
    return MappingProxyType({w: SUSPICION if w in {Why.PARTIAL, Why.NO_TEXT} else Measure.REFUSE for w in Why})


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The section `policy:` of the configuration, with its defaults.

    `categories` goes over `levels`; a category that is switched like a rule family is written as the measure this
    means: `warn` ADVISE, `observe` NOTE, `off` RELAY, `enforce` no entry. `to_mssante: route` stands here only where there
    is a route; without one it is `refuse`.
    """

    mode: Literal["observe", "enforce"] = "enforce"
    levels: Mapping[Level, Measure] = field(default_factory=_levels)
    categories: Mapping[Category, Measure] = field(default_factory=_categories)
    families: Mapping[str, Mode] = field(default_factory=lambda: MappingProxyType({}))
    inside: Measure = Measure.NOTE
    to_mssante: Literal["relay", "route", "refuse"] = "relay"
    unreadable: Mapping[Why, Handling] = field(default_factory=_unreadable)
    opaque: Handling = SUSPICION
    quoted_reply: Measure = Measure.REFUSE
    confirm: Literal["off", "sender", "approver"] = "off"
    mixed: Literal["refuse-all", "split"] = "refuse-all"
    refusal: Literal["reject", "reject+notice", "bounce"] | None = None
    fault: Literal["defer", "relay-traced"] = "defer"
    fault_after: timedelta = timedelta(minutes=30)  # with relay-traced: after so long without one success
    advice: frozenset[Advice] = frozenset()
    boxes: frozenset[str] = frozenset()  # the house's organisational boxes, lower case


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that a verdict rests on beside the message, one frozen state. `version` is the hash that stands in the
    journal.
    """

    version: str
    structure: Structure
    space: TrustSpace = field(default_factory=TrustSpace)
    partners: Partners = field(default_factory=Partners)
    settings: PolicySettings = field(default_factory=PolicySettings)
    max_age: timedelta = timedelta(days=15)
    exemptions: tuple[Exemption, ...] = ()

    def has_list(self, now: datetime) -> bool:
        return trust.usable(self.space, now, self.max_age)

    def of_any_age(self) -> Knowledge:
        """The same, where the last good list serves however old it is. No list at all stays none."""
        return replace(self, max_age=timedelta.max)
