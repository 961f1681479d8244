"""`scan --json`: an assessment and a verdict as the object of the interface. Holds no text, but where `--explain --show-text` asked for it."""

from __future__ import annotations

from typing import Any

from mss_guard.core.model import Action, Assessment, Evidence, Place, RecipientVerdict, Reply, Verdict


def assessed(path: str, found: Assessment, *, explain: bool = False, show_text: bool = False) -> dict[str, Any]:
    """One object a file, in the field order of the interface."""
    line: dict[str, Any] = {
        "path": path,
        "health": found.health,
        "score": round(found.score, 3),
        "level": found.level,
        "quoted_only": found.quoted_only,
        "unreadable": [{"part": p.part, "type": p.type, "why": p.why} for p in found.unreadable],
        "opaque": [{"part": p.part, "type": p.type} for p in found.opaque],
        "findings": [_finding(f, show_text) for f in found.findings],
    }
    if explain:
        line["parts"] = [_part(p, show_text) for p in found.places]
        line["evidence"] = [_evidence(e) for e in found.evidence]
        line["nearly"] = list(found.nearly)
        line["reasons"] = {"whom": list(found.whom), "what": list(found.what)}
    return line


def decided(verdict: Verdict, reply: Reply | None, observe: bool) -> dict[str, Any]:
    """The `decision` object: what happens to the message under `policy.mixed`, and each recipient's own verdict."""
    decision: dict[str, Any] = {"action": verdict.action, "measure": verdict.measure, "reason": verdict.reason}
    if observe:
        decision["would"] = verdict.would
    if reply is not None:
        decision |= {"code": reply.code, "enhanced": reply.enhanced, "text": reply.text}
    decision["recipients"] = [_recipient(r, observe) for r in verdict.recipients]
    return decision


def refused(verdict: Verdict) -> bool:
    """Whether this message, or any one recipient of it, would not be relayed."""
    actions = {
        verdict.action,
        verdict.would,
        *(r.action for r in verdict.recipients),
        *(r.would for r in verdict.recipients),
    }
    return bool(actions & {Action.REFUSE, Action.DEFER})


def _finding(finding: Any, show_text: bool) -> dict[str, Any]:
    told = {
        "rule": finding.rule,
        "title": finding.title,
        "part": finding.part,
        "count": finding.count,
        "category": finding.category,
        "place": finding.place,
        "level": finding.level,
        "mode": finding.mode,
    }
    return told | ({"shown": finding.shown} if show_text and finding.shown else {})


def _part(place: Place, show_text: bool) -> dict[str, Any]:
    told = {
        "part": place.part,
        "declared": place.declared,
        "type": place.type,
        "how": place.how,
        "state": place.state,
        "size": place.size,
    }
    if place.why is not None:
        told["why"] = place.why
    if place.unlocked:
        told["unlocked"] = True
    return told | ({"name": place.name} if show_text and place.name else {})


def _evidence(window: Evidence) -> dict[str, Any]:
    ledgers = {
        name: [[rule, weight] for rule, weight in getattr(window, name)] for name in ("what", "who", "impersonal")
    }
    return {
        "part": window.part,
        "place": window.place,
        "window": [window.start, window.end],
        "score": round(window.score, 3),
        **ledgers,
    }


def _recipient(recipient: RecipientVerdict, observe: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": recipient.address.text,
        "standing": recipient.standing,
        "action": recipient.action,
        "measure": recipient.measure,
        "reason": recipient.reason,
        "row": recipient.row,
    }
    return told | ({"would": recipient.would} if observe else {})
