"""What the service says of itself: its status line, its records of reloads and notices, the letters it writes."""

from __future__ import annotations

import email
import email.policy
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mss_guard.assembly import Loaded
from mss_guard.core import addresses, notice, policy
from mss_guard.core.model import (
    Assessment,
    Category,
    Envelope,
    Finding,
    HopReply,
    How,
    Level,
    Place,
)
from mss_guard.core.model import (
    State as PlaceState,
)
from mss_guard.core.notice.summary import compose_summary
from mss_guard.core.strict_yaml import Mistake, Mistakes
from mss_guard.core.trust import TrustSpace
from mss_guard.edge.notifier import Summary


def summariser(loaded: Callable[[], Loaded]) -> Callable[[Summary], bytes]:
    """What writes the letter for notices beyond the hourly cap, with the state in force when it is written."""

    def write(summary: Summary) -> bytes:
        state = loaded().state
        assert state.letterhead is not None  # without one no notice was ever posted
        message_id = f"<recapitulatif.{secrets.token_hex(8)}@{state.hostname}>"
        return compose_summary(
            summary.sender,
            summary.references,
            summary.count,
            state.letterhead,
            message_id=message_id,
            now=datetime.now(UTC),
        )

    return write


def preview(loaded: Loaded, now: datetime, *, html: bool) -> str:
    """The notice of an invented refusal: a nurse's mail with a PDF to an ordinary address. Raises Mistakes without a contact address."""
    state = loaded.state
    if state.letterhead is None:
        raise Mistakes(
            (
                Mistake(
                    "configuration",
                    1,
                    1,
                    "structure.contact.email manque : un avis dit à qui s'adresser, sans elle aucun n'est envoyé",
                ),
            )
        )
    domain = min(state.letterhead.domains, default="exemple.invalid")
    envelope = Envelope(
        addresses.parse(f"prenom.nom@{domain}".encode()),
        (addresses.parse(b"destinataire@messagerie-ordinaire.example"),),
    )
    finding = Finding("document.exemple", "", "2", 1, Category.CARE, "attachment 2", Level.CERTAIN)
    place = Place("2", "application/pdf", "application/pdf", How.MIME, PlaceState.READ)
    assessment = Assessment(Level.CERTAIN, 1.0, True, (finding,), (place,))
    verdict = policy.decide(
        envelope,
        assessment,
        replace(state.knowledge, settings=replace(state.knowledge.settings, mode="enforce"), space=_some_list(now)),
        now,
        "own",
    )
    occasion = notice.Occasion("MSSG-2222-2222", envelope, verdict, assessment, (False,), now)
    raw = notice.compose_notice(
        occasion, state.letterhead, state.templates, message_id="<apercu@mss-guard.invalid>", now=now
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("html" if html else "plain",))
    return f"Subject: {message['Subject']}\n\n{body.get_content() if body else ''}"


def _some_list(now: datetime) -> TrustSpace:
    """A list to judge by, so that a preview does not hang on the real one."""
    return TrustSpace(domains=frozenset({"exemple.mssante.fr"}), confirmed_at=now)


def notice_record(reply: HopReply) -> dict[str, Any]:
    """The `notice` record: sent or lost, and the hop's code."""
    return {"outcome": "sent" if reply.ok else "lost", "code": reply.code}


def status(loaded: Loaded, now: datetime) -> str:
    """The status line of systemd."""
    knowledge = loaded.state.knowledge
    lists = (
        f"liste blanche : {len(knowledge.space.domains)} domaines"
        if knowledge.has_list(now)
        else "sans liste blanche valable"
    )
    return f"{knowledge.settings.mode}, {lists}, connaissances {knowledge.version}"


def reload_record(loaded: Loaded, what: str, result: str) -> dict[str, Any]:
    """The `reload` record: which state of knowledge is in force from here on."""
    knowledge = loaded.state.knowledge
    space = knowledge.space
    return {
        "what": what,
        "result": result,
        "version": knowledge.version,
        "mode": knowledge.settings.mode,
        "sources": {
            "rules": loaded.rules,
            "list": space.version[:16] or None,
            "list_size": len(space.domains),
            "list_date": _moment(space.generated_at),
            "list_confirmed": _moment(space.confirmed_at),
            "dirty": space.dirty,
            "partners": len(knowledge.partners.domains | knowledge.partners.families)
            + len(knowledge.partners.addresses),
        },
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
