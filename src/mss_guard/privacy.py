"""How much of who wrote to whom stays in the journal: sealed to the DPO, a pseudonym alone, or of confidential senders nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mss_guard.core.addresses import PATIENT_DOMAIN
from mss_guard.core.model import Address, Envelope
from mss_guard.edge.journal.sealing import Identity, Sealer


@dataclass(frozen=True, slots=True)
class Privacy:
    """What a record may say of who wrote to whom, beyond pseudonyms. `confidential`: addresses and domains of senders
    (occupational physician, unions, whistle-blowing) of whom only verdict and counts are kept.
    """

    structure: str = ""
    sealer: Sealer | None = None
    confidential: frozenset[str] = frozenset()

    def spares(self, envelope: Envelope) -> bool:
        """Whether this sender is confidential."""
        sender = envelope.mail_from
        if sender is None or not self.confidential:
            return False
        return bool({sender.domain, f"{sender.local_part.casefold()}@{sender.domain}"} & self.confidential)

    def decision(self, fields: dict[str, Any], envelope: Envelope, ref: str) -> dict[str, Any]:
        """The decision as it is kept: identities sealed to the DPO, or, of a confidential sender, hardly anything."""
        if self.spares(envelope):
            counts = {k: len(fields.get(k, ())) for k in ("recipients", "findings", "places")}
            kept = {k: v for k, v in fields.items() if k in _CONFIDENTIAL}
            return {
                **kept,
                "sender": {"kind": fields["sender"]["kind"]},
                "recipients": [],
                "confidential": True,
                "counts": counts,
            }
        if self.sealer is None:
            return fields
        sender = _sealable(envelope.mail_from) if envelope.mail_from else None
        identity = Identity(sender, tuple(_sealable(a) for a in envelope.rcpt_to))
        return {**fields, "sealed": self.sealer.seal(self.structure, ref, identity)}

    def outcome(self, fields: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
        """The outcome as it is kept: a queue id would lead from a confidential sender's decision to the mail log."""
        if not self.spares(envelope) or "replies" not in fields:
            return fields
        return {**fields, "replies": [{**r, "queue_id": None} for r in fields["replies"]]}


_CONFIDENTIAL = (
    "mode",
    "front",
    "action",
    "measure",
    "reason",
    "would",
    "inspected",
    "uninspected",
    "has_list",
    "fault",
)
INS_DIGITS = 13


def _sealable(address: Address) -> str | None:
    """The address; None where its local part is a citizen's INS, or may be one that was misdirected."""
    digits = sum(c.isdigit() for c in address.local_part)
    citizen = address.domain.endswith(PATIENT_DOMAIN) or digits >= INS_DIGITS
    return None if citizen else f"{address.local_part}@{address.domain}" if address.domain else address.local_part
