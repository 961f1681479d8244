"""The notice that a judged message brings: whether one is due, the boxes it may propose, the letter itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import structlog

from mss_guard.core import notice, policy
from mss_guard.core.lookalikes import near
from mss_guard.core.model import Action, Address, RecipientVerdict, Standing
from mss_guard.core.notice import Occasion, Stationery, Suggested
from mss_guard.core.notice.facts import BY_KIND
from mss_guard.core.notice.roads import BOXED
from mss_guard.core.proposals import MOST, Correspondent, Proposal
from mss_guard.edge.smtp_server.ports import Submission

_ASKED = 3  # refused recipients for whom the directory is asked; a notice shows three boxes at the most

_log = structlog.get_logger("mss_guard.message")


class Book(Protocol):
    """The directory in use (`addressbook.AddressBook`)."""

    def propose(
        self, asked: Correspondent, knowledge: policy.Knowledge, now: datetime, nearby: frozenset[str]
    ) -> tuple[tuple[Proposal, ...], datetime | None]: ...


class NoBook:
    """Where there is no directory."""

    def propose(
        self, asked: Correspondent, knowledge: policy.Knowledge, now: datetime, nearby: frozenset[str]
    ) -> tuple[tuple[Proposal, ...], datetime | None]:
        return (), None


def due(occasion: Occasion, submission: Submission, paper: Stationery, refusal: str | None) -> bool:
    """`reject+notice`, or advice on what was relayed; never to strangers, lists or the null sender."""
    verdict = occasion.verdict
    if not notice.wanted(verdict, occasion.size, occasion.advice):
        return False
    if verdict.action is Action.REFUSE and refusal_mode(refusal, submission) != "reject+notice":
        return False
    return may_tell(occasion, submission, paper)


def may_tell(occasion: Occasion, submission: Submission, paper: Stationery) -> bool:
    """May anything of ours go to this sender? Never to strangers, lists, robots or the null sender."""
    assessment = occasion.assessment
    automatic = None if assessment else notice.says_automatic(submission.data)
    # Advice is for secure boxes, too: it goes with the null sender, which they may receive (row 2).
    domains = paper.letterhead.domains | (paper.letterhead.secure_domains if occasion.advice else frozenset())
    return notice.may_notify(occasion.envelope, assessment, domains, automatic=automatic)


def refusal_mode(configured: str | None, submission: Submission) -> str:
    """`policy.refusal`, or by topology (docs/flow.md): after Postfix's queue (lmtp) its bounce is enough; before it the notice explains."""
    return configured or ("reject" if submission.listener.mode == "lmtp" else "reject+notice")


def write(occasion: Occasion, paper: Stationery, hostname: str, now: datetime) -> bytes:
    """The letter, under a Message-ID of our own."""
    message_id = f"<{occasion.reference.lower()}.{secrets.token_hex(6)}@{hostname}>"
    return notice.compose_notice(occasion, paper, message_id=message_id, now=now)


def suggest(occasion: Occasion, paper: Stationery, book: Book, knowledge: policy.Knowledge, now: datetime) -> Suggested:
    """What the local directory and the list know of the refused. Never raises: a notice without a box is better than none."""
    if occasion.advised or occasion.topic not in BY_KIND:
        return Suggested()
    try:
        return _suggested(occasion, paper, book, knowledge, now)
    except Exception as failure:  # noqa: BLE001 - its text might quote an address
        _log.warning("notice.no-boxes", reference=occasion.reference, error=type(failure).__name__)
        return Suggested()


def _suggested(
    occasion: Occasion, paper: Stationery, book: Book, knowledge: policy.Knowledge, now: datetime
) -> Suggested:
    refused = list(dict.fromkeys(r.address for r in occasion.marked if _may_have_a_box(r, paper)))
    names = dict(occasion.assessment.named) if occasion.assessment else {}
    nearby = paper.region.postcodes if paper.region else frozenset()
    found: list[tuple[Address, tuple[Proposal, ...]]] = []
    dated = None
    for address in refused[:_ASKED]:
        asked = Correspondent(address.local_part, address.domain, names.get(key(address), ""))
        proposals, at = book.propose(asked, knowledge, now, nearby)
        if proposals and sum(len(p) for _, p in found) + len(proposals) <= MOST:
            found.append((address, proposals))
            dated = at
    return Suggested(tuple((a, tuple(p.box for p in ps)) for a, ps in found), dated, _meant(refused, knowledge))


def _may_have_a_box(recipient: RecipientVerdict, paper: Stationery) -> bool:
    return recipient.standing is Standing.OUTSIDE and paper.roads.kind(recipient.address, recipient.standing) in BOXED


def _meant(refused: Iterable[Address], knowledge: policy.Knowledge) -> tuple[str, ...]:
    """The listed names that a refused domain nearly is, of the first for which there are any."""
    close = (near(address.domain, knowledge.space.domains) for address in refused)
    return next((names for names in close if names), ())


def key(address: Address) -> str:
    """An address as the inspection is asked about it."""
    return f"{address.local_part}@{address.domain}".lower()
