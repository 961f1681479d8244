"""What the service says of itself: its status line, its records of reloads and notices, the letters it writes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mss_guard.assembly import Loaded
from mss_guard.core.model import HopReply
from mss_guard.core.notice.summary import compose_summary
from mss_guard.edge.notifier import Summary


def summariser(loaded: Callable[[], Loaded]) -> Callable[[Summary], bytes]:
    """What writes the letter for notices beyond the hourly cap, with the state in force when it is written."""

    def write(summary: Summary) -> bytes:
        state = loaded().state
        assert state.stationery is not None  # without one no notice was ever posted
        message_id = f"<recapitulatif.{secrets.token_hex(8)}@{state.hostname}>"
        return compose_summary(
            summary.sender,
            summary.references,
            summary.count,
            state.stationery,
            message_id=message_id,
            now=datetime.now(UTC),
        )

    return write


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
