"""What would change a verdict: the same table asked again with one thing changed, and only what turns the answer is told.

For `explain`: never acted on, never journalled. A change names a rule, a place by number, a recipient by his place in the envelope, a key
of the configuration; nothing that a message says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Literal

from mss_guard.core.model import Action, Assessment, Envelope, Finding, Level, Measure, State, Verdict
from mss_guard.core.policy.decision import decide
from mss_guard.core.policy.knowledge import Knowledge, Senders

What = Literal["rules", "place", "recipient", "level"]
_MOST_RULES = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """`what` changed; `about`: rule ids, a part, the recipient's index, a level's name. `action`: what the message would then meet."""

    what: What
    about: tuple[str, ...]
    action: Action


def turns(
    envelope: Envelope, content: Assessment, knowledge: Knowledge, now: datetime, senders: Senders = "own"
) -> tuple[Turn, ...]:
    """The changes that turn this verdict, the nearest first: fewest rules, then places, recipients, settings."""
    verdict = decide(envelope, content, knowledge, now, senders)
    found: list[Turn] = []

    def tried(what: What, about: tuple[str, ...], other: Verdict) -> bool:
        turned = _met(other) is not _met(verdict)
        if turned:
            found.append(Turn(what, about, _met(other)))
        return turned

    _by_rules(content, lambda less, rules: tried("rules", rules, decide(envelope, less, knowledge, now, senders)))
    for place, readable in _made_readable(content):
        tried("place", (place,), decide(envelope, readable, knowledge, now, senders))
    for index, fewer in _without(envelope):
        tried("recipient", (str(index),), decide(fewer, content, knowledge, now, senders))
    for level in (Level.CERTAIN, Level.LIKELY, Level.POSSIBLE):
        measures = {**knowledge.settings.levels, level: Measure.NOTE}
        milder = replace(knowledge, settings=replace(knowledge.settings, levels=measures))
        tried("level", (level.value,), decide(envelope, content, milder, now, senders))
    return tuple(found)


def _met(verdict: Verdict) -> Action:
    """What the message meets when the policy is enforced."""
    return verdict.would or verdict.action


def _by_rules(content: Assessment, turns_it: Callable[[Assessment, tuple[str, ...]], bool]) -> None:
    """Smallest sets of rules without which the verdict is another: one, else two, else all that count."""
    counted = tuple(dict.fromkeys(f.rule for f in content.findings if f.level.rank >= Level.POSSIBLE.rank))
    for size in (1, 2, len(counted)):
        if 0 < size <= len(counted) and len(counted) <= _MOST_RULES:
            turned = [turns_it(_less(content, frozenset(some)), some) for some in combinations(counted, size)]
            if any(turned):
                return
    if len(counted) > _MOST_RULES:
        turns_it(_less(content, frozenset(counted)), counted)


def _less(content: Assessment, rules: frozenset[str]) -> Assessment:
    """As if these rules had met nothing; the level is then that of what is left."""
    left: tuple[Finding, ...] = tuple(f for f in content.findings if f.rule not in rules)
    level = max((f.level for f in left), key=lambda one: one.rank, default=Level.NONE)
    return replace(content, findings=left, level=level, health=level.rank >= Level.LIKELY.rank and content.health)


def _made_readable(content: Assessment) -> Iterator[tuple[str, Assessment]]:
    """One unreadable or opaque place at a time, as if it had been read and nothing found in it."""
    for place in (*content.unreadable, *content.opaque):
        places = tuple(replace(p, state=State.READ, why=None) if p is place else p for p in content.places)
        yield place.part, replace(content, places=places)


def _without(envelope: Envelope) -> Iterator[tuple[int, Envelope]]:
    """One recipient less at a time."""
    if len(envelope.rcpt_to) > 1:
        for index in range(len(envelope.rcpt_to)):
            yield index, replace(envelope, rcpt_to=envelope.rcpt_to[:index] + envelope.rcpt_to[index + 1 :])
