"""When the sender is told by a report of ours before anything else happens: `refusal: bounce` and `mixed: split`.

Decides who is reported and who is relayed to, and remembers which messages have had their report: a client that lost our
answer comes again with the same bytes, and its sender is not told twice.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mss_guard.core import notice
from mss_guard.core.model import Action, Address, HopReply, Reply, Verdict
from mss_guard.core.notice import dsn
from mss_guard.edge.smtp_server.ports import Report, Submission

REMEMBERED = 10_000
FOR = timedelta(days=1)
_TOLD = "Message non transmis : avis remis a l'expediteur."


@dataclass(frozen=True, slots=True)
class Plan:
    """Indexes of the envelope's recipients: whom the message goes to after the report, and who stands in it with which reply."""

    permitted: tuple[int, ...]
    refused: tuple[tuple[int, Reply], ...]


def plan(
    verdict: Verdict, mode: Literal["smtp", "lmtp"], refusal: str, mixed: str, reference: str, enhanced: str
) -> Plan | None:
    """What a report would be about; None when neither `bounce` nor `split` has anything to do here.

    smtp has one answer for all: without `split` nobody receives, and all stand in the report. Where somebody must wait
    (a fault of ours), `split` does not apply.
    """
    if verdict.would is not None or verdict.action is not Action.REFUSE:
        return None
    each = notice.replies(verdict, reference, enhanced)
    relayed = tuple(i for i, one in enumerate(verdict.recipients) if one.action is Action.RELAY)
    refused = tuple(
        (i, reply)
        for i, (one, reply) in enumerate(zip(verdict.recipients, each, strict=True))
        if one.action is Action.REFUSE and reply is not None
    )
    if mode == "lmtp":
        return Plan(relayed, refused) if refusal == "bounce" else None
    if mixed == "split" and relayed and len(relayed) + len(refused) == len(verdict.recipients):
        return Plan(relayed, refused)
    if refusal != "bounce":
        return None
    whole = notice.reply(verdict, reference, enhanced)
    assert whole is not None  # it is refused
    return Plan((), tuple((i, reply or whole) for i, reply in enumerate(each)))


def wanted(submission: Submission, planned: Plan) -> bool:
    """Did the command of everybody who stands in the report leave room for a failure report?"""
    return all(dsn.wants_report(submission.rcpt_lines[i]) for i, _ in planned.refused)


def write(letter: bytes, submission: Submission, planned: Plan, host: str, now: datetime) -> bytes:
    """The report, from the notice that its readers see."""
    refused = tuple(
        dsn.Refused(submission.envelope.rcpt_to[i], submission.rcpt_lines[i], reply) for i, reply in planned.refused
    )
    return dsn.compose(letter, dsn.Refusal(host, submission.mail_line, submission.data, refused, now))


def envelope_lines(sender: Address) -> tuple[bytes, bytes]:
    """MAIL with the null return path (RFC 3464 §2) and NOTIFY left to the hop; RCPT the sender, ASCII by `may_notify`."""
    return b"MAIL FROM:<>", b"RCPT TO:<" + sender.raw + b">"


def report(
    planned: Plan, sender: Address, body: bytes | None, reference: str, told: Callable[[HopReply], None]
) -> Report:
    """For the front. `body` None: this message has had its report."""
    mail, rcpt = envelope_lines(sender)
    return Report(mail, rcpt, body, planned.permitted, Reply(250, "2.0.0", f"{reference} {_TOLD}"), told)


class Memory:
    """Which messages have had their report, by keyed digest of their bytes and of who was refused; in memory, for a day."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()

    def mark(self, submission: Submission, planned: Plan) -> bytes:
        """What a second copy of this message has in common with it."""
        made = hashlib.blake2b(key=self._key, digest_size=16)
        for line in (submission.mail_line, *(submission.rcpt_lines[i] for i, _ in planned.refused)):
            made.update(line + b"\n")
        made.update(submission.data)
        return made.digest()

    def has(self, mark: bytes, now: datetime) -> bool:
        seen = self._seen.get(mark)
        return seen is not None and now - seen < FOR

    def keep(self, mark: bytes, now: datetime) -> None:
        self._seen[mark] = now
        self._seen.move_to_end(mark)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
