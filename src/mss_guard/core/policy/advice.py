"""Advice that never blocks: what a sender might want to know of a message that went to the trust space all the same.

One piece of advice a message, the most useful first. Source: the workshop's good practices (the organisational box in copy, boxes are for
exchange and not for storage).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from mss_guard.core.boxes import automatic
from mss_guard.core.model import Action, Address, Envelope, SenderKind, Standing, Verdict


class Advice(StrEnum):
    SELF = "advice-self"  # a secure box that writes to itself: exchange, not storage
    NO_REPLY = "advice-no-reply"  # a box that no person reads
    FIRST = "advice-first"  # the house never wrote there before
    COPY = "advice-copy"  # no organisational box in copy


_SPACE = frozenset({Standing.TRUSTED, Standing.SECURE})


def advice(
    envelope: Envelope,
    verdict: Verdict,
    boxes: frozenset[str],
    wanted: frozenset[Advice],
    met: Callable[[Address], bool],
) -> Advice | None:
    """`boxes`: the house's organisational boxes, lower case. `met`: was this address written to before, or is that not known?"""
    sender = envelope.mail_from
    kinds = (SenderKind.OWN, SenderKind.SECURE)
    if sender is None or verdict.would is not None or verdict.reason is not None or verdict.sender not in kinds:
        return None
    if any(one.action is not Action.RELAY for one in verdict.recipients):
        return None
    to = [one.address for one in verdict.recipients if one.standing in _SPACE]
    others = [one.address for one in verdict.recipients if one.standing is Standing.TRUSTED]
    alone = bool(to) and len(to) == len(verdict.recipients) and all(_key(one) == _key(sender) for one in to)
    copied = {_key(one) for one in (*to, sender)} & boxes
    found = {
        Advice.SELF: verdict.sender is SenderKind.SECURE and alone,
        Advice.NO_REPLY: any(automatic(_key(one)) for one in to),
        Advice.FIRST: any(not met(one) for one in others) if Advice.FIRST in wanted else False,
        Advice.COPY: bool(others) and bool(boxes) and not copied,
    }
    return next((one for one, holds in found.items() if holds and one in wanted), None)


def _key(address: Address) -> str:
    return f"{address.local_part}@{address.domain}".lower()
