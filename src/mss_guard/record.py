"""What the journal keeps of a message: envelope as domains and pseudonyms, findings as rule ids, places as numbers (edge/journal/fields.py)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mss_guard.core import policy
from mss_guard.core.model import Action, Address, Assessment, Fault, HopReply, Reply, Verdict
from mss_guard.edge.journal import Keys
from mss_guard.edge.journal import fields as schema
from mss_guard.edge.smtp_server.ports import Submission

MOST_PLACES = 200
"""Beyond it a record would grow with the sender's will; the count of places stays true in `size` and `findings`."""

_ENHANCED = re.compile(rb"\A\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUE_ID = re.compile(rb"queued as ([A-Za-z0-9][A-Za-z0-9.-]{0,63})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passed:
    """How a verdict came about that was not the ordinary one: `uninspected` bypass | fault, `fault` of ours that was passed over;
    `approved`: the reference of the refusal that somebody lifted, `declared`: that its sender did; `exceptions`: ids
    of the dated rows that made it milder.
    """

    uninspected: str | None = None
    fault: str | None = None
    approved: str | None = None
    declared: str | None = None
    exceptions: tuple[str, ...] = ()


class Times:
    """Whole milliseconds of each stage, from the start of judging."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self.taken: dict[str, int] = {}

    def mark(self, stage: str) -> None:
        now = time.monotonic()
        self.taken[stage] = round((now - self._last) * 1000)
        self._last = now


def decision(
    submission: Submission,
    verdict: Verdict,
    content: Assessment | Fault | None,
    answers: Sequence[Reply | None],
    knowledge: policy.Knowledge,
    now: datetime,
    keys: Keys,
    times: Times,
    passed: Passed | None = None,
) -> dict[str, Any]:
    """The `decision` record: everything that led to the verdict, and nothing that the message says."""
    sender = submission.envelope.mail_from
    fields: dict[str, Any] = {
        "listener": submission.listener.name,
        "front": submission.listener.mode,
        "client": submission.client or None,
        "mode": knowledge.settings.mode,
        "sender": {
            "kind": verdict.sender,
            "domain": schema.domain(sender.domain) if sender else None,
            "who": keys.pseudonym(sender) if sender else None,
        },
        "size": len(submission.data),
        "bare_line_ends": submission.bare_line_ends,
        "inspected": content is not None and (passed is None or passed.uninspected is None),
        "has_list": knowledge.has_list(now),
        "recipients": [_recipient(r, a, keys) for r, a in zip(verdict.recipients, answers, strict=True)],
        "ms": times.taken,
        **_measure(verdict),
    }
    if any(r.road == "route" for r in verdict.recipients):
        fields["road"] = "route"
    if passed is not None and passed.fault:
        fields["fault"] = passed.fault
    if passed is not None and passed.approved:
        fields["approved"] = passed.approved
    if passed is not None and passed.declared:
        fields["declared"] = passed.declared
    if passed is not None and passed.exceptions:
        fields["exceptions"] = list(passed.exceptions)
    if passed is not None and passed.uninspected:
        fields["uninspected"] = passed.uninspected
    elif content is None:
        fields["uninspected"] = "not-needed"
    if content is None:
        return fields
    if isinstance(content, Fault):
        fields["fault"] = content.value
    else:
        fields |= _assessed(content, keys)
    return fields


def outcome(verdict: Verdict, replies: Sequence[HopReply] | None, *, reported: bool = False) -> dict[str, Any]:
    """The `outcome` record: the hop's codes and queue ids; its words are kept nowhere. `reported`: the hop took a report of ours."""
    if replies is None and reported:
        return {"outcome": "bounced"}
    if replies is None:
        return {"outcome": "refused" if verdict.action is Action.REFUSE else "deferred"}
    told = [_hop(r) for r in replies[:1000]]
    if any(r.unknown for r in replies):
        word = "unknown"
    elif all(r.ok for r in replies):
        word = "relayed" if len(replies) == len(verdict.recipients) else "partly-relayed"
    else:
        worst = max(r.code for r in replies)
        word = "hop-refused" if worst >= 500 else "hop-deferred"
        if any(r.ok for r in replies):
            word = "partly-relayed"
    return {"outcome": word, "replies": told}


def report(reply: HopReply, recipients: int) -> dict[str, Any]:
    """The `notice` record of a report that went first: whether the hop took it, and as what."""
    return {"outcome": "sent" if reply.ok else "lost", "notice": "dsn", "recipients": recipients, **_hop(reply)}


def _measure(verdict: Any) -> dict[str, Any]:
    return {"action": verdict.action, "measure": verdict.measure, "reason": verdict.reason, "would": verdict.would}


def _recipient(recipient: Any, answer: Reply | None, keys: Keys) -> dict[str, Any]:
    address: Address = recipient.address
    return {
        "domain": schema.domain(address.domain),
        "who": keys.pseudonym(address) if address.domain else None,
        "standing": recipient.standing,
        "row": recipient.row,
        "reply": answer.code if answer else None,
        **({"road": recipient.road} if recipient.road != "relay" else {}),
        **_measure(recipient),
    }


def _assessed(found: Assessment, keys: Keys) -> dict[str, Any]:
    telling = [p for p in found.places if p.state != "read" or p.unlocked]
    read = [p for p in found.places if p.state == "read" and not p.unlocked]
    return {
        "level": found.level,
        "score": round(found.score * 1000),
        "health": found.health,
        "quoted_only": found.quoted_only,
        "automatic": found.automatic,
        "message_id": keys.message_id(found.message_id) if found.message_id else None,
        **({"content": keys.content(found.content)} if found.content else {}),
        "findings": [
            {
                "rule": f.rule, "part": f.part, "place": f.place, "count": f.count, "category": f.category, "level": f.level,
                "mode": f.mode, "score": round(min(1.0, max(0.0, f.score)) * 1000),
            }
            for f in found.findings[:MOST_PLACES]
        ],
        "places": [
            {
                "part": p.part, "type": schema.media_type(p.type), "how": p.how, "state": p.state, "why": p.why, "size": p.size,
                **({"unlocked": True} if p.unlocked else {}),
            }
            for p in (telling + read)[:MOST_PLACES]
        ],
    }  # fmt: skip


def _hop(reply: HopReply) -> dict[str, Any]:
    enhanced, queue_id = _ENHANCED.search(reply.wire), _QUEUE_ID.search(reply.wire)
    return {
        "code": reply.code,
        "enhanced": enhanced[1].decode("ascii") if enhanced else "",
        "queue_id": queue_id[1].decode("ascii") if queue_id else None,
    }
