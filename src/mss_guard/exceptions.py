"""One-shot approvals on a message's way: found for a refusal that a person has lifted, claimed, spent or given back.

Nothing stands in the mail: the same message comes again, and its sender, recipients and content are compared with what
was approved. The claim is an atomic rename, so one message passes and one only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from mss_guard.core.model import Address, Assessment, Envelope, HopReply, Verdict
from mss_guard.core.policy import lift, liftable
from mss_guard.edge.passes import Pass, Passes

_log = structlog.get_logger("mss_guard.exceptions")


class Keys(Protocol):
    """The pseudonyms of `edge.journal.Keys`."""

    def pseudonym(self, address: Address) -> dict[str, str]: ...

    def content(self, digest: str) -> dict[str, str]: ...


class Note(Protocol):
    """Has a record written as soon as the disk allows; never raises."""

    def __call__(self, kind: str, ref: str | None, fields: Mapping[str, object], knowledge: str | None) -> None: ...


class Approvals:
    """What `exceptions approve` has left, as the judgement uses it."""

    def __init__(self, passes: Passes, keys: Keys, note: Note) -> None:
        self._passes, self._keys, self._note = passes, keys, note

    def recover(self, now: datetime) -> None:
        """At the start: what a crash left claimed is given back."""
        if (count := self._passes.recover(now)) > 0:
            _log.warning("approvals.recovered", count=count)

    def lifted(
        self, envelope: Envelope, content: object, verdict: Verdict, now: datetime
    ) -> tuple[Verdict, Pass] | None:
        """The verdict without its refusal and the pass that this message now holds; None when nobody approved it."""
        if not liftable(verdict) or not isinstance(content, Assessment) or not content.content:
            return None
        sound, spoilt = self._passes.look(now)
        for bad in spoilt:
            self._note("exception", bad.ref, {"what": "spoilt", "why": bad.why}, None)
            _log.warning("approval.spoilt", reference=bad.ref, why=bad.why)
        if not sound or envelope.mail_from is None:
            return None
        sender = pseudonym_id(self._keys.pseudonym(envelope.mail_from))
        recipients = {pseudonym_id(self._keys.pseudonym(address)) for address in envelope.rcpt_to}
        digest = pseudonym_id(self._keys.content(content.content))
        for one in sound:
            if one.sender != sender or not recipients <= set(one.recipients):
                continue
            if one.content != digest:
                self._note("exception", one.ref, {"what": "not-matching", "why": "content"}, None)
            elif self._passes.claim(one):
                return lift(verdict), one
        return None

    def finish(self, one: Pass, replies: Sequence[HopReply] | None) -> None:
        """Spent when the next hop took the message for everybody, else given back."""
        taken = bool(replies) and all(reply.ok for reply in replies or ())
        (self._passes.spend if taken else self._passes.give_back)(one)
        self._note("exception", one.ref, {"what": "used" if taken else "given-back"}, None)


def pass_fields(one: Pass, what: str) -> dict[str, Any]:
    """The `exception` record of a pass that is given or taken back."""
    until = one.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"what": what, "until": until, "domains": list(one.domains), "recipients": len(one.recipients)}


def pseudonym_id(pseudonym: Mapping[str, str]) -> str:
    """As passes and offers hold it."""
    return f"{pseudonym['key']}:{pseudonym['id']}"
