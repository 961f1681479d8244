"""The strongest finding in words for staff: of whom, and what sort of things. Our words, never the message's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mss_guard.core.detect.ledgers import Scorer
from mss_guard.core.detect.scenes import Keep, Spot, kept
from mss_guard.core.model import Finding
from mss_guard.core.rules import Entry, Rule

_MOST_WHOM, _MOST_WHAT = 2, 3

Reasons = tuple[tuple[str, ...], tuple[str, ...]]
NOTHING: Reasons = ((), ())


def reasons(
    finding: Finding | None, spots: Sequence[Spot], entries: Mapping[str, Entry], scorer: Scorer, keep: Keep
) -> Reasons:
    """Of whom (at most two ways of saying who) and what (at most three sorts), the weightiest first."""
    if finding is None:
        return NOTHING
    weights: dict[str, float] = {}
    for spot in _around(finding, spots):
        for entry_id, hits in kept(spot, keep).items():
            weight = scorer.contribution(entry_id, len({h.value for h in hits}))
            weights[entry_id] = max(weight, weights.get(entry_id, 0.0))
    ordered = sorted(weights, key=lambda i: (-weights[i], i))
    rule = entries.get(finding.rule)
    title = (rule.title,) if isinstance(rule, Rule) else ()
    what = (*title, *_said(ordered, "what", scorer))
    return _distinct(_said(ordered, "who", scorer), _MOST_WHOM), _distinct(what, _MOST_WHAT)


def _around(finding: Finding, spots: Sequence[Spot]) -> list[Spot]:
    """The texts of the finding's part, and the headings that speak for them."""
    here = [s for s in spots if s.text.part == finding.part]
    messages = {s.text.message for s in here}
    return here + [s for s in spots if s.is_heading and s.text.message in messages and s not in here]


def _said(ids: Iterable[str], ledger: str, scorer: Scorer) -> tuple[str, ...]:
    return tuple(scorer.entries[i].says for i in ids if scorer.entries[i].ledger == ledger and scorer.entries[i].says)


def _distinct(words: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:most]
