"""What dated exceptions make of a verdict.

A row answers a refusal (or a milder measure) for health data up to `likely`, and nothing else: never a certainty, an
unreadable part, an address, a secure box or a partner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from mss_guard.core.model import (
    Action,
    Address,
    Assessment,
    Finding,
    Level,
    Measure,
    Mode,
    Reason,
    RecipientVerdict,
    Standing,
    Verdict,
)
from mss_guard.core.policy.facets import RANK
from mss_guard.core.policy.rows import Exemption

ROWS = frozenset({9, 11, 13})
_REASONS = frozenset({Reason.HEALTH, Reason.QUOTED_ONLY})
_ACTING = frozenset({Mode.ENFORCE, Mode.WARN})


def exempt(
    verdict: Verdict, content: object, mail_from: Address | None, rows: Sequence[Exemption], listener: str, today: date
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict as the rows make it, and the ids of those that changed something. Never stricter than it was."""
    if not rows or not isinstance(content, Assessment) or mail_from is None or verdict.would is not None:
        return verdict, ()
    open_rows = [r for r in rows if r.until >= today and _from(r, mail_from, listener) and _about(r, content)]
    used: dict[str, None] = {}
    recipients = []
    for one in verdict.recipients:
        fitting = [r for r in open_rows if _to(r, one) and one.row in ROWS and one.reason in _REASONS]
        mildest = min(fitting, key=lambda r: RANK[r.action], default=None)
        if mildest is None or RANK[mildest.action] >= RANK[one.measure]:
            recipients.append(one)
            continue
        used[mildest.id] = None
        action = Action.REFUSE if mildest.action is Measure.CONFIRM else Action.RELAY
        recipients.append(replace(one, action=action, measure=mildest.action))
    if not used:
        return verdict, ()
    worst = max(recipients, key=lambda r: RANK[r.measure])
    whole = replace(
        verdict, action=worst.action, measure=worst.measure, reason=worst.reason, recipients=tuple(recipients)
    )
    return whole, tuple(used)


def _from(row: Exemption, sender: Address, listener: str) -> bool:
    return row.sender in (_spelt(sender), sender.domain, listener)


def _to(row: Exemption, one: RecipientVerdict) -> bool:
    here = (_spelt(one.address), one.address.domain, one.standing.value)
    return row.to in here and one.standing in (Standing.OUTSIDE, Standing.INSIDE)


def _spelt(address: Address) -> str:
    return f"{address.local_part.casefold()}@{address.domain}"


def _about(row: Exemption, content: Assessment) -> bool:
    """Is everything that was found, and acts, what this row speaks of? And is all of it read?"""
    found = [f for f in content.findings if f.level is not Level.NONE and f.mode in _ACTING]
    grave = max((f.level.rank for f in found), default=content.level.rank)
    if max(grave, content.level.rank) > row.level.rank or content.unreadable or not found:
        return False
    return all(_fits(row, f) for f in _gravest(found, row))


def _gravest(found: Iterable[Finding], row: Exemption) -> list[Finding]:
    """All findings of a category; of a rule, those at the level that decides (a rule rarely speaks alone)."""
    found = list(found)
    if row.rule is None:
        return found
    top = max(f.level.rank for f in found)
    return [f for f in found if f.level.rank == top]


def _fits(row: Exemption, finding: Finding) -> bool:
    if row.category is not None and finding.category is not row.category:
        return False
    return row.rule is None or finding.rule == row.rule or finding.family == row.rule
